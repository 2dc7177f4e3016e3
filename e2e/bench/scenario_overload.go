package main

import "fmt"

// runOverload offers the sidecar ten times what it can do, on more connections
// than it serves at once and on far more.
func runOverload(s *stand, o options) report {
	const times, usual = 10, 64
	c := s.serve()
	t := s.refresh(refreshName, c, tokens)
	t.generator.(*httpTarget).shed = true
	s.warmUp([]target{t})
	r := report{Title: "Ten times as many requests as the sidecar can answer"}
	able := func(name string) *cell {
		found := s.rounds(o.rounds, []target{t}, func(target) load { return load{Connections: usual, Duration: o.seconds} })[0]
		found.Target = name
		return found
	}
	before := able("all that it can do")
	r.Cells = append(r.Cells, before)
	s.must(resetPeak(c.PID()))
	worst := 1.0
	for _, many := range []int{2000, 10_000} {
		l := load{Connections: many, Duration: 6 * o.seconds, Rate: times * before.Rate, FromSending: true}
		overload := s.rounds(1, []target{t}, func(target) load { return l })[0]
		overload.Target = "ten times as many"
		r.Cells = append(r.Cells, overload)
		r.Notes = append(r.Notes, overloadNote(overload, l))
		worst = min(worst, overload.Rate/before.Rate)
	}
	after := able("afterwards")
	r.Cells = append(r.Cells, after)
	r.Goals = []goal{
		{Name: "carried out under overload / all that it can do", Value: worst, AtLeast: 0.8},
		{Name: "carried out afterwards / before", Value: after.Rate / before.Rate, AtLeast: 0.9},
		{Name: "most memory, MiB", Value: float64(peak(c.PID())) / (1 << 20), AtMost: 150},
	}
	return r
}

func overloadNote(c *cell, l load) string {
	return fmt.Sprintf("On %d connections, of %d requests that were due in %s %d were carried out and %d refused; %d waited in vain, the others found no connection free.",
		l.Connections, c.result.Offered, l.Duration, len(c.result.Latencies), len(c.result.Shed), c.result.Lost)
}
