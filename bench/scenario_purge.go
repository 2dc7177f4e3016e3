package main

import (
	"fmt"
	"os/exec"
	"time"
)

// runPurge measures refreshes at half of what can be done, with and without
// 1,000,000 expired tokens being deleted meanwhile.
func runPurge(s *stand, o options) report {
	const rows, connections = 1_000_000, 16
	t := s.refresh("refresh alone", s.serve(), tokens)
	r := report{Title: "Refreshes while a million expired tokens are deleted"}
	s.warmUp([]target{t})
	capacity := s.rounds(o.rounds, []target{t}, func(target) load { return load{Connections: connections, Duration: o.seconds} })[0]
	l := load{Connections: connections, Duration: 5 * o.seconds, Rate: capacity.Rate / 2}
	alone := s.rounds(1, []target{t}, func(target) load { return l })[0]

	progress("storing %d expired tokens", rows)
	s.must(s.stock.fill("access_token", 'x', 1, rows, plainScope, "2020-01-01 00:00:00"))
	purge := exec.Command(s.binary, "purge", "--wp-config", s.wpConfig)
	start := time.Now()
	s.must(purge.Start())
	took := make(chan time.Duration, 1)
	go func() {
		if err := purge.Wait(); err != nil {
			s.t.Errorf("purge: %v", err)
		}
		took <- time.Since(start)
	}()
	t.name = "refresh during the purge"
	during := &cell{Target: t.name, Connections: connections, Offered: l.Rate}
	l.Duration = o.seconds
	var purged time.Duration
	for purged == 0 {
		s.measure(during, t, l)
		select {
		case purged = <-took:
		default:
			if time.Since(start) > 5*time.Minute {
				s.t.Fatal("the purge has not ended after five minutes")
			}
		}
	}
	during.finish()
	capacity.Target = "refresh, all that it can do"
	r.Cells = []*cell{capacity, alone, during}
	r.Notes = []string{fmt.Sprintf("The purge of %d rows took %.1f s.", rows, purged.Seconds())}
	r.Goals = []goal{{Name: "p99 of refreshes during the purge / p99 without", Value: ratio(during, alone), AtMost: 3}}
	return r
}
