package main

import (
	"fmt"
	"os/exec"

	"moserver-sidecar/e2e/stage"
)

// runSidecars measures refreshes by 1, 2 and 4 processes on one database.
func runSidecars(s *stand, o options) report {
	const connections = 64
	var targets []target
	for _, n := range []int{1, 2, 4} {
		t := target{name: fmt.Sprintf("%d sidecars", n), cost: processes{"database": s.server.PID()}}
		var sockets []string
		for i := range n {
			c := startSidecar(s.t, s.binary, s.wpConfig)
			sockets = append(sockets, c.socket)
			t.cost[fmt.Sprintf("sidecar %d", i+1)] = c.pid
		}
		t.generator = &httpTarget{network: "unix", addresses: sockets, next: refreshWith("localhost", tokenPath, 'r', tokens, `"access_token"`)}
		targets = append(targets, t)
	}
	s.warmUp(targets)
	return report{Title: "Refreshes by more than one sidecar on one database",
		Cells: s.rounds(o.rounds, targets, func(target) load { return load{Connections: connections, Duration: o.seconds} })}
}

// runBeforeAfter measures refreshes by the program as another commit has it, and
// by this one.
func runBeforeAfter(s *stand, o options) report {
	const connections = 16
	tree := stage.ShortDir(s.t)
	if out, err := exec.Command("sh", "-c", `git archive "$1" | tar -x -C "$2"`, "sh", o.before, tree).CombinedOutput(); err != nil {
		s.t.Fatalf("git archive %s: %v\n%s", o.before, err, out)
	}
	before := startSidecar(s.t, build(s.t, tree), s.wpConfig)
	after := startSidecar(s.t, s.binary, s.wpConfig)
	targets := []target{s.refresh("before, "+o.before, before, tokens), s.refresh("after", after, tokens)}
	s.warmUp(targets)
	r := report{Title: "Refreshes before and after"}
	r.Cells = s.rounds(o.rounds, targets, func(target) load { return load{Connections: connections, Duration: o.seconds} })
	r.Goals = []goal{{Name: "rate after / rate before", Value: r.Cells[1].Rate / r.Cells[0].Rate, AtLeast: 0.95}}
	return r
}
