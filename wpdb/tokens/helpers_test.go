package tokens_test

import (
	"context"
	"testing"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

const (
	clientID = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	alice    = int64(sandbox.Alice)
	bob      = int64(sandbox.Bob)
	patience = sandboxtest.Patience
	week     = 7 * 24 * time.Hour
)

// database is the private server that tests which do it no harm share.
var database *sandbox.Server

func TestMain(m *testing.M) {
	sandboxtest.Main(m, 1, func(t sandboxtest.T) { database = sandboxtest.Start(t, sandbox.Options{}) })
}

// site is a WordPress site whose codes and tokens are looked at.
type site struct{ *sandboxtest.Opened }

func newSite(t sandboxtest.T, server *sandbox.Server) *site {
	t.Helper()
	return &site{sandboxtest.OpenNew(t, server)}
}

// reopen opens the same tables with other settings.
func (s *site) reopen(change func(*wpdb.Config)) *site {
	s.T.Helper()
	return &site{s.Reopen(change)}
}

// migrate adds the indexes, which must lead to its end.
func (s *site) migrate() {
	s.T.Helper()
	if m, err := migrate.Run(within(s.T, 2*patience), s.DB, migrate.Options{}); err != nil || !m.Complete() {
		s.T.Fatalf("Migrate: %v, %+v", err, m)
	}
}

// within is a context that ends after d, or with the test.
func within(t sandboxtest.T, d time.Duration) context.Context { return sandboxtest.Within(t, d) }
