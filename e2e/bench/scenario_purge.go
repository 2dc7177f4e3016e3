package main

import (
	"fmt"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
)

// runPurge measures refreshes at half of what can be done, without and while
// 1,000,000 expired tokens are being deleted. The purge takes its time on
// purpose, so it is watched for a while and then stopped.
func runPurge(s *stand, o options) report {
	const rows, connections, windows = 1_000_000, 16, 30
	t := s.refresh("refresh", s.serve(), tokens)
	s.warmUp([]target{t})
	capacity := s.rounds(o.rounds, []target{t}, func(target) load { return load{Connections: connections, Duration: o.seconds} })[0]
	l := load{Connections: connections, Duration: o.seconds, Rate: capacity.Rate / 2}

	progress("storing %d expired tokens", rows)
	s.stock.fill(series{'x', oauth.AccessToken, plainScope, "2020-01-01 00:00:00", clientID, 1}, 1, rows)
	s.settle()
	alone := s.rounds(windows/3, []target{t}, func(target) load { return l })[0]
	alone.Target = "refresh, nothing else"

	purge := stage.Start(s.t, nil, s.binary, "purge", "--wp-config", s.wpConfig)
	start := time.Now()
	during := s.rounds(windows, []target{t}, func(target) load { return l })[0]
	during.Target = "refresh, purge meanwhile"
	took := time.Since(start)
	purge.Kill()

	left := s.stock.Ints("SELECT COUNT(*) FROM {}moos_oauth_access_tokens WHERE expires = '2020-01-01 00:00:00'")[0]
	if left == rows {
		s.t.Fatalf("the purge has deleted nothing:\n%s", &purge.Stderr)
	}
	return report{
		Title: "Refreshes while expired tokens are deleted",
		Cells: []*cell{capacity, alone, during},
		Notes: []string{fmt.Sprintf("The purge deleted %d of %d rows in %.1f s.", rows-left, rows, took.Seconds())},
		Goals: []goal{{Name: "p99 of refreshes during the purge / p99 without", Value: ratio(during, alone), AtMost: 2}},
	}
}
