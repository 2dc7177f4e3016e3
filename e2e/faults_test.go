package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// The lines of the log that an operator sees of an outage.
const (
	logBegin = `msg="the database is not available; requests wait for it"`
	logEnd   = "the database is available again"
)

// impatient is the environment of a sidecar whose requests do not wait long.
func impatient() []string { return []string{"MOSERVER_REQUEST_TIMEOUT=3s"} }

// wantOutage waits for the end of the only outage that the log tells of, which
// was for a reason.
func wantOutage(t testing.TB, server *stage.Sidecar, reason string) {
	t.Helper()
	server.Await(logEnd)
	text := server.Stderr.String()
	if begin, end := strings.Count(text, logBegin), strings.Count(text, logEnd); begin != 1 || end != 1 {
		t.Errorf("the log tells of %d outages and of the end of %d, want one:\n%s", begin, end, stage.Tail(text))
	}
	_, after, _ := strings.Cut(text, logBegin)
	if line, _, _ := strings.Cut(after, "\n"); !strings.Contains(line, reason) {
		t.Errorf("the line of the outage does not say %q: %s", reason, line)
	}
}

// wantAway fails the test if an answer says anything of the token.
func wantAway(t testing.TB, a stage.Answer) {
	t.Helper()
	if fault := a.UnavailableFault(); fault != "" {
		t.Errorf("%s: %s", fault, a)
	}
}

// judge checks the answers of a load: tokens that are stored, or the word that
// the database is away. It returns how many there were of each.
func (s *site) judge(answers []timed) (tokens, away int) {
	s.t.Helper()
	stored := s.accessTokens()
	for _, a := range answers {
		if a.Status != http.StatusOK {
			wantAway(s.t, a.Answer)
			away++
		} else if tokens++; !stored[a.Member("access_token")] {
			s.t.Error("a token that a client has is not in the table")
		}
	}
	if tokens == 0 {
		s.t.Error("nobody got a token")
	}
	s.t.Logf("%d tokens, %d answers of 503", tokens, away)
	return tokens, away
}

// TestDatabaseRestarted: as for an update of its package.
func TestDatabaseRestarted(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{}))
	server := s.Serve()
	answers := refreshLoad(s, server, func() {
		time.Sleep(500 * time.Millisecond)
		s.Server.Halt()
		if err := s.Server.Run(t.Context()); err != nil {
			t.Error(err)
		}
		server.Await(logEnd)
	})
	if _, away := s.judge(answers); away > 0 {
		t.Errorf("%d clients did not outlast a restart", away)
	}
	wantOutage(t, server, "error=")
}

// TestReadOnly: during a fail-over a server is read-only for a while.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("")
	server := s.ServeWith(impatient())
	answers := refreshLoad(s, server, func() {
		time.Sleep(500 * time.Millisecond)
		s.Exec("SET GLOBAL read_only = 1")
		time.Sleep(4 * time.Second)
		s.Exec("SET GLOBAL read_only = 0")
		server.Await(logEnd)
	})
	if _, away := s.judge(answers); away == 0 {
		t.Error("a read-only server gave tokens")
	}
	wantOutage(t, server, "read-only")
}

// TestReadOnlyRead: what a read-only server gives to read is no sign that it takes
// writes again.
func TestReadOnlyRead(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("")
	s.Put("refresh", "r1", s.app, stage.Row{})
	s.Put("access", "a1", s.app, stage.Row{Expires: sandboxtest.Digits(time.Now().Add(time.Hour))})
	server := s.ServeWith(impatient())
	s.Exec("SET GLOBAL read_only = 1")
	wantAway(t, server.Refresh(s.app, "r1"))
	for range 3 { // longer than it takes to believe in an end
		if a := server.Get("/wp-json/moserver/resource?access_token=a1"); a.Status != http.StatusOK {
			t.Errorf("a read-only server is not read: %s", a)
		}
		time.Sleep(time.Second)
	}
	if strings.Contains(server.Stderr.String(), logEnd) {
		t.Error("the log tells of an end that is none")
	}
	s.Exec("SET GLOBAL read_only = 0")
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	wantOutage(t, server, "read-only")
}

// TestDiskFull: the table cannot grow any more, until somebody makes space.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Args: []string{
		"--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:32M"}}))
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD v VARBINARY(4000)")
	server := s.ServeWith(impatient())
	answers := refreshLoad(s, server, func() {
		for rows, tries := 500, 0; rows > 0 && tries < 100; tries++ {
			_, err := s.Root.Exec("INSERT INTO "+s.Prefix+"moos_oauth_access_tokens (client_id, v) "+
				"WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < ?) SELECT 'filler', REPEAT('x', 4000) FROM seq", rows)
			if err != nil {
				rows /= 2
			}
		}
		server.Await(logBegin)
		time.Sleep(4 * time.Second)
		s.Exec("DELETE FROM {}moos_oauth_access_tokens WHERE client_id = 'filler'")
		server.Await(logEnd)
	})
	if _, away := s.judge(answers); away == 0 {
		t.Error("no request met the full disk")
	}
	wantOutage(t, server, "is full")
}

// TestLockedRow: somebody else holds the code longer than a transaction may wait.
func TestLockedRow(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.ServeWith(impatient())
	s.Put("code", "c1", s.app, stage.Row{})
	tx, err := s.Root.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("DELETE FROM " + s.Prefix + "moos_oauth_authorization_codes"); err != nil {
		t.Fatal(err)
	}
	wantAway(t, server.Redeem(s.app, "c1"))
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	server.Redeem(s.app, "c1").WantTokens(t, "profile email")
	if text := server.Stderr.String(); strings.Contains(text, logBegin) || !strings.Contains(text, "error 1205") {
		t.Errorf("the log does not tell of a lock:\n%s", stage.Tail(text))
	}
}
