package doctor_test

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
	patience = sandboxtest.Patience
	week     = 7 * 24 * time.Hour
)

// database is the private server that tests which do it no harm share.
var database *sandbox.Server

func TestMain(m *testing.M) {
	sandboxtest.Main(m, 1, func(t sandboxtest.T) { database = sandboxtest.Start(t, sandbox.Options{}) })
}

// site is a WordPress site to look at.
type site struct{ *sandboxtest.Opened }

func newSite(t sandboxtest.T, server *sandbox.Server) *site {
	t.Helper()
	return &site{sandboxtest.OpenNew(t, server)}
}

// diagnosed is a site that is read as the user wp, whose privileges count.
func diagnosed(t sandboxtest.T, server *sandbox.Server, grants ...string) *site {
	t.Helper()
	return &site{sandboxtest.OpenNew(t, server).As("wp", grants...)}
}

// reopen opens the same tables with other settings.
func (s *site) reopen(change func(*wpdb.Config)) *site {
	s.T.Helper()
	return &site{s.Reopen(change)}
}

// network makes the site the main blog of a network.
func (s *site) network() *site {
	s.T.Helper()
	return &site{s.Network()}
}

// migrate migrates, which must lead to its end.
func (s *site) migrate(o migrate.Options) {
	s.T.Helper()
	if m, err := migrate.Run(within(s.T, 2*patience), s.DB, o); err != nil || !m.Complete() {
		s.T.Fatalf("Migrate(%+v): %v, %+v", o, err, m)
	}
}

// within is a context that ends after d, or with the test.
func within(t sandboxtest.T, d time.Duration) context.Context { return sandboxtest.Within(t, d) }
