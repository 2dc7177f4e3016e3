package e2e_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestConnectionsKilled: an administrator, or a proxy, ends connections at any
// moment. No client notices.
func TestConnectionsKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.WPConfig = stage.WriteWPConfig(t, database, s.Prefix, "killed", stage.DBPassword)
	server := s.Serve()
	kills := 0
	answers := refreshLoad(s, server, func() {
		for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			for _, id := range s.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'killed' ORDER BY RAND() LIMIT 1") {
				if _, err := s.Root.Exec("KILL " + id); err == nil {
					kills++
				}
			}
		}
	})
	if _, away := s.judge(answers); away > 0 || kills == 0 {
		t.Errorf("%d connections were killed, and %d clients had to wait", kills, away)
	}
	t.Logf("%d connections were killed", kills)
}

// TestNoConnectionLeft: others have taken all places.
func TestNoConnectionLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Args: []string{"--max-connections=10"}}))
	s.Put("refresh", "r1", s.app, stage.Row{})
	var taken []*sql.Conn
	stage.Eventually(t, stage.Patience, "the server refuses connections", func() bool {
		conn, err := s.Root.Conn(t.Context())
		if err == nil {
			taken = append(taken, conn)
		}
		return err != nil
	})
	server := s.ServeWith(impatient())
	wantAway(t, server.Refresh(s.app, "r1"))
	s.Root.SetMaxIdleConns(0)
	for _, conn := range taken {
		conn.Close()
	}
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	wantOutage(t, server, "1040")
}

// TestConnectionsOfAccount: the account may have fewer connections than
// db_max_connections. All is served with those, and the log says what is wrong,
// though not with every request.
func TestConnectionsOfAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("WITH MAX_USER_CONNECTIONS 1")
	server := s.Serve()
	answers := refreshLoad(s, server, func() { time.Sleep(3 * time.Second) })
	if _, away := s.judge(answers); away > 0 {
		t.Errorf("%d clients had to wait too long", away)
	}
	server.Refresh(s.app, "worker 0").WantTokens(t, "profile email")
	server.Await(logEnd)
	text := server.Stderr.String()
	if n := strings.Count(text, logBegin); n > 3 || !strings.Contains(text, "max_user_connections") {
		t.Errorf("the log tells of %d outages:\n%s", n, stage.Tail(text))
	}
}
