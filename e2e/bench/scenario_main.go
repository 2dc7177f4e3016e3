package main

import (
	"os"
	"time"
)

// connectionCounts are those that each target is measured with.
func connectionCounts() []int { return []int{1, 16, 64, 256} }

// The names of the targets.
const (
	floorName    = "floor"
	refreshName  = "refresh"
	rotatingName = "refresh, rotating"
	openIDName   = "refresh, openid"
	codeName     = "code"
	revokeName   = "revoke"
	resourceName = "resource"
	phpName      = "PHP"

	besideSuffix = " (beside)" // of the targets of --beside
)

// runMain measures the floor, the sidecar's routes and PHP side by side.
func runMain(s *stand, o options) report {
	s.startFloor()
	own := s.serve()
	targets := s.mainTargets()
	r := report{Title: "Refreshes and their like beside the least that the database and PHP cost"}
	s.warmUp(targets)
	for _, n := range connectionCounts() {
		s.must(resetPeak(own.PID()))
		r.Cells = append(r.Cells, s.both(o, targets, n)...)
	}
	r.Goals = append(mainGoals(r, s.signatures()), s.programGoals(own)...)
	return r
}

// both measures targets with all that they can do, and at half of it: at all of it
// their latency would be the length of the queue.
func (s *stand) both(o options, targets []target, connections int) []*cell {
	closed := s.rounds(o.rounds, targets, func(target) load { return load{Connections: connections, Duration: o.seconds} })
	capacity := map[string]float64{}
	for _, c := range closed {
		capacity[c.Target] = c.Rate
	}
	half := s.rounds(o.rounds, targets, func(t target) load {
		return load{Connections: connections, Duration: o.seconds, Rate: capacity[t.name] / 2}
	})
	return append(closed, half...)
}

// mainTargets are what runMain measures.
func (s *stand) mainTargets() []target {
	s.wordPress.RunWholeConf("unix:" + s.sidecar.socket)
	nginx, database := s.wordPress.Nginx.Address, s.server.PID()
	list := []target{{name: floorName, generator: s.floor, cost: processes{"floor": s.floor.command.Process.Pid, "database": database}}}
	list = append(list, s.grants("", s.sidecar)...)
	if s.beside != "" {
		list = append(list, s.grants(besideSuffix, s.startSidecar(s.beside, s.wpConfig))...)
	}
	return append(list,
		s.bySocket(revokeName, s.sidecar, revoke("localhost", s.uses(revokeName)), s.uses(revokeName)),
		s.bySocket(resourceName, s.sidecar, func() (request, error) { return resource("localhost") }, nil),
		target{name: "refresh, nginx", cost: processes{"sidecar": s.sidecar.PID(), "database": database, "nginx": s.wordPress.Nginx.PID()},
			generator: &httpTarget{network: "tcp", addresses: []string{nginx},
				next: refreshWith(nginx, tokenPath, allSeries()[refreshName], tokens, `"access_token"`)}},
		target{name: phpName, cost: processes{"PHP": s.wordPress.FPM.PID(), "database": database, "nginx": s.wordPress.Nginx.PID()},
			generator: &httpTarget{network: "tcp", addresses: []string{nginx},
				next: refreshWith(nginx, phpPath, allSeries()[refreshName], tokens, `"opcache":true`)}})
}

// programGoals are about the program itself.
func (s *stand) programGoals(c *sidecar) []goal {
	info, err := os.Stat(s.binary)
	s.must(err)
	return []goal{
		{Name: "ready after its start, ms", Value: float64(c.ready) / float64(time.Millisecond), AtMost: 150},
		{Name: "size of the program, MiB", Value: float64(info.Size()) / (1 << 20), AtMost: 20},
		{Name: "most memory with 256 connections, MiB", Value: float64(peak(c.PID())) / (1 << 20), AtMost: 60},
	}
}
