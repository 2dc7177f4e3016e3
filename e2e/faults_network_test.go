package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// TestSilentDatabase: connections are accepted, and nothing comes.
func TestSilentDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	p := newFaultProxy(t, database)
	s.Put("refresh", "r1", s.app, stage.Row{})
	server := s.ServeWith(impatient(), "--db-host", "localhost:"+p.socket)
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	p.set(true, true, 0)
	wantAway(t, server.Refresh(s.app, "r1"))
	p.set(false, false, 0) // what was cut stays so
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	wantOutage(t, server, "has not answered in time")
}

// TestForgottenConnections: a firewall has dropped the connections that were
// idle, and tells nobody. A request outlasts that.
func TestForgottenConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	p := newFaultProxy(t, database)
	server := s.ServeWith([]string{"MOSERVER_REQUEST_TIMEOUT=6s"}, "--db-host", "localhost:"+p.socket)
	if _, away := s.judge(refreshLoad(s, server, func() { time.Sleep(500 * time.Millisecond) })); away > 0 {
		t.Fatalf("%d clients had to wait", away)
	}
	p.set(true, false, 0)
	server.Refresh(s.app, "worker 0").WantTokens(t, "profile email")
	wantOutage(t, server, "has not answered in time")
}

// TestSlowDatabase: a request that can only be read in time is finished, and one
// that cannot leaves everything as it was. Reading takes one round trip, and the first try
// has half of the time; reading and writing, three round trips, take more than all of it.
func TestSlowDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.wantSuccess("ok: ", "migrate") // else the client is read before its code
	p := newFaultProxy(t, database)
	const timeout = 6 * time.Second
	server := s.ServeWith([]string{"MOSERVER_REQUEST_TIMEOUT=" + timeout.String()}, "--db-host", "localhost:"+p.socket)
	for _, code := range []string{"connects", "prepares"} {
		s.Put("code", code, s.app, stage.Row{})
		server.Redeem(s.app, code).WantTokens(t, "profile email")
	}
	for i, delay := range []time.Duration{timeout * 5 / 12, 2 * timeout} {
		code := fmt.Sprintf("code-%d", i)
		s.Put("code", code, s.app, stage.Row{})
		p.set(false, false, delay)
		start := time.Now()
		if a := server.Redeem(s.app, code); i == 0 {
			a.WantTokens(t, "profile email")
			if took := time.Since(start); took < timeout {
				t.Errorf("it was written in time too, in %s", took)
			}
		} else {
			wantAway(t, a)
		}
		s.WantRow("code", code, i > 0)
	}
	p.set(false, false, 0)
	server.Redeem(s.app, "code-1").WantTokens(t, "profile email")
	wantOutage(t, server, "has not answered in time")
}
