package main

import (
	"fmt"
	"time"
)

// runOverload offers the sidecar ten times what it can do.
func runOverload(s *stand, o options) report {
	const times, usual, many = 10, 64, 2000
	c := s.serve()
	t := s.refresh(refreshName, c, tokens)
	t.generator.(*httpTarget).shed = true
	r := report{Title: "Ten times as many requests as the sidecar can answer"}
	s.warmUp([]target{t})
	before := s.rounds(o.rounds, []target{t}, func(target) load { return load{Connections: usual, Duration: o.seconds} })[0]
	before.Target = "all that it can do"
	s.must(resetPeak(c.pid))
	watch := watchMemory(c.pid)
	length := 4 * o.seconds
	overload := s.rounds(1, []target{t}, func(target) load {
		return load{Connections: many, Duration: length, Rate: times * before.Rate}
	})[0]
	overload.Target = "ten times as many"
	memory := watch()
	after := s.rounds(o.rounds, []target{t}, func(target) load { return load{Connections: usual, Duration: o.seconds} })[0]
	after.Target = "afterwards"
	r.Cells = []*cell{before, overload, after}
	answered := len(overload.result.Latencies) + len(overload.result.Shed)
	r.Notes = []string{
		fmt.Sprintf("Of %d requests that were due in %s, %d were sent, on %d connections; %d were carried out.",
			overload.result.Offered, length, answered, many, len(overload.result.Latencies)),
		"The generator takes the same cores: what it and the refusals take, the database does not get.",
		fmt.Sprintf("Memory of the sidecar over time, MiB: %v.", memory),
	}
	r.Goals = []goal{
		{Name: "carried out under overload / all that it can do", Value: overload.Rate / before.Rate, AtLeast: 0.5},
		{Name: "carried out afterwards / before", Value: after.Rate / before.Rate, AtLeast: 0.9},
		{Name: "most memory, MiB", Value: float64(overload.Peak["sidecar"]) / (1 << 20), AtMost: 150},
	}
	return r
}

// watchMemory notes a process's memory in MiB four times a second, until the
// function that it returns is called.
func watchMemory(pid int) (stop func() []int64) {
	end, noted := make(chan struct{}), make(chan []int64)
	go func() {
		var memory []int64
		ticker := time.NewTicker(250 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-end:
				noted <- memory
				return
			case <-ticker.C:
				_, now := peak(pid)
				memory = append(memory, now>>20)
			}
		}
	}()
	return func() []int64 { close(end); return <-noted }
}
