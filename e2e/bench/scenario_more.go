package main

import "fmt"

// runSidecars measures refreshes by 1, 2 and 4 processes on one database.
func runSidecars(s *stand, o options) report {
	const connections = 64
	var targets []target
	for _, n := range []int{1, 2, 4} {
		t := target{name: fmt.Sprintf("%d sidecars", n), cost: processes{"database": s.server.PID()}}
		var sockets []string
		for i := range n {
			c := s.startSidecar(s.binary, s.wpConfig)
			sockets = append(sockets, c.socket)
			t.cost[fmt.Sprintf("sidecar %d", i+1)] = c.PID()
		}
		t.generator = &httpTarget{network: "unix", addresses: sockets, next: refreshWith("localhost", tokenPath, allSeries()[refreshName], tokens, `"access_token"`)}
		targets = append(targets, t)
	}
	s.warmUp(targets)
	return report{Title: "Refreshes by more than one sidecar on one database",
		Cells: s.rounds(o.rounds, targets, func(target) load { return load{Connections: connections, Duration: o.seconds} })}
}
