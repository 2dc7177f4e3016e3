package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"moserver-sidecar/wpdb/sandbox"
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
	s.stock.fill("access_token", 'x', 1, rows, plainScope, "2020-01-01 00:00:00")
	s.settle()
	alone := s.rounds(windows/3, []target{t}, func(target) load { return l })[0]
	alone.Target = "refresh, nothing else"

	purge, out := s.startPurge()
	start := time.Now()
	during := s.rounds(windows, []target{t}, func(target) load { return l })[0]
	during.Target = "refresh, purge meanwhile"
	took := time.Since(start)
	_ = purge.Process.Signal(syscall.SIGTERM) // it fails only if the purge has ended
	_ = purge.Wait()                          // how it ended says the number of rows

	left := s.stock.Ints("SELECT COUNT(*) FROM {}moos_oauth_access_tokens WHERE expires = '2020-01-01 00:00:00'")[0]
	if left == rows {
		s.t.Fatalf("the purge has deleted nothing:\n%s", out)
	}
	return report{
		Title: "Refreshes while expired tokens are deleted",
		Cells: []*cell{capacity, alone, during},
		Notes: []string{fmt.Sprintf("The purge deleted %d of %d rows in %.1f s.", rows-left, rows, took.Seconds())},
		Goals: []goal{{Name: "p99 of refreshes during the purge / p99 without", Value: ratio(during, alone), AtMost: 2}},
	}
}

// startPurge starts the command, and returns what it prints.
func (s *stand) startPurge() (*exec.Cmd, *bytes.Buffer) {
	out := &bytes.Buffer{}
	c := exec.Command(s.binary, "purge", "--wp-config", s.wpConfig)
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = sandbox.ChildAttributes()
	s.must(c.Start())
	return c, out
}
