package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestLastConnections: where the database has no connection left, those that a rush needed
// do not stay here, idle, while PHP has none.
func TestLastConnections(t *testing.T) {
	const all, rush = 12, 16
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{}))
	s.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	s.putRefreshToken("r")
	holder := s.Session()
	s.Exec("SET GLOBAL max_connections = 12")
	s.On(holder, "LOCK TABLES {}moos_oauth_refresh_tokens WRITE")
	var group sync.WaitGroup
	for range rush {
		group.Go(func() { s.find(clientID, refreshToken("r")) })
		time.Sleep(60 * time.Millisecond) // longer than one waits for the statement before it
	}
	eventually(t, "all connections are in use", func() bool { return s.Status("Connection_errors_max_connections") > 0 })
	s.On(holder, "UNLOCK TABLES")
	group.Wait()
	eventually(t, "others get connections", func() bool { return s.Status("Threads_connected") <= all/2 })
}

// TestConnectionsPerHour: where the account has opened as many connections as it may within
// an hour, those that it has are kept.
func TestConnectionsPerHour(t *testing.T) {
	root := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	root.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	root.putRefreshToken("r")
	root.Account("wp", "password")
	root.Exec("ALTER USER wp@localhost WITH MAX_CONNECTIONS_PER_HOUR 1")
	s := root.reopen(func(c *wpdb.Config) { c.User, c.Password = "wp", "password" })
	only, err := s.DB.SQL.Conn(within(t, patience))
	sandboxtest.NoError(t, err)
	if _, err := s.Find(within(t, time.Second), clientID, refreshToken("r")); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("with no connection left Find returned %v", err)
	}
	sandboxtest.NoError(t, only.Close())
	s.find(clientID, refreshToken("r"))
}
