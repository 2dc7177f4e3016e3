package main

import (
	"os"
	"time"
)

// connectionCounts are those that each target is measured with.
func connectionCounts() []int { return []int{1, 16, 64} }

// The names of the targets.
const (
	floorName   = "floor"
	refreshName = "refresh"
	phpName     = "PHP"
)

// runMain measures the floor, the sidecar's routes and PHP side by side.
func runMain(s *stand, o options) report {
	s.startFloor()
	own := s.serve()
	s.wordPress.RunWholeConf("unix:" + own.socket)
	targets := s.mainTargets()
	r := report{Title: "Refreshes and their like beside the least that the database and PHP cost"}
	s.warmUp(targets)
	for _, n := range connectionCounts() {
		s.must(resetPeak(own.PID()))
		closed := s.rounds(o.rounds, targets, func(target) load { return load{Connections: n, Duration: o.seconds} })
		capacity := map[string]float64{}
		for _, c := range closed {
			capacity[c.Target] = c.Rate
		}
		// Latency is that at half of what a target can do: at all that it can do
		// it would be the length of the queue.
		half := s.rounds(o.rounds, targets, func(t target) load {
			return load{Connections: n, Duration: o.seconds, Rate: capacity[t.name] / 2}
		})
		r.Cells = append(append(r.Cells, closed...), half...)
	}
	r.Goals = append(mainGoals(r), s.programGoals(own)...)
	return r
}

// mainTargets are what runMain measures.
func (s *stand) mainTargets() []target {
	direct := s.refresh(refreshName, s.sidecar, tokens)
	socket, nginx := s.sidecar.socket, s.wordPress.Nginx.Address
	database := s.server.PID()
	codes := &consumed{stock: s.stock, kind: "authorization_code", series: 'c', scope: plainScope}
	revoked := &consumed{stock: s.stock, kind: "refresh_token", series: 'v', scope: plainScope}
	behindNginx := processes{"sidecar": s.sidecar.PID(), "database": database, "nginx": s.wordPress.Nginx.PID()}
	return []target{
		{name: floorName, generator: s.floor, cost: processes{"floor": s.floor.command.Process.Pid, "database": database}},
		direct,
		{name: "refresh, nginx", cost: behindNginx, generator: &httpTarget{network: "tcp", addresses: []string{nginx},
			next: refreshWith(nginx, tokenPath, 'r', tokens, `"access_token"`)}},
		{name: "refresh, openid", cost: direct.cost, generator: &httpTarget{network: "unix", addresses: []string{socket},
			next: refreshWith("localhost", tokenPath, 'o', tokens, `"id_token"`)}},
		{name: "code", cost: direct.cost, generator: &httpTarget{network: "unix", addresses: []string{socket}, next: redeem("localhost", codes), stock: codes}},
		{name: "revoke", cost: direct.cost, generator: &httpTarget{network: "unix", addresses: []string{socket}, next: revoke("localhost", revoked), stock: revoked}},
		{name: "resource", cost: direct.cost, generator: &httpTarget{network: "unix", addresses: []string{socket},
			next: func() (request, error) { return resource("localhost") }}},
		{name: phpName, cost: processes{"PHP": s.wordPress.FPM.PID(), "database": database, "nginx": s.wordPress.Nginx.PID()},
			generator: &httpTarget{network: "tcp", addresses: []string{nginx},
				next: refreshWith(nginx, phpPath, 'r', tokens, `"opcache":true`)}},
	}
}

// programGoals are about the program itself.
func (s *stand) programGoals(c *sidecar) []goal {
	info, err := os.Stat(s.binary)
	s.must(err)
	return []goal{
		{Name: "ready after its start, ms", Value: float64(c.ready) / float64(time.Millisecond), AtMost: 150},
		{Name: "size of the program, MiB", Value: float64(info.Size()) / (1 << 20), AtMost: 20},
		{Name: "most memory with 64 connections, MiB", Value: float64(peak(c.PID())) / (1 << 20), AtMost: 40},
	}
}
