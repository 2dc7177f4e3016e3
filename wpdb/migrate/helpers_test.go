package migrate_test

import (
	"context"
	"testing"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

const patience = sandboxtest.Patience

// database is the private server that tests which do it no harm share.
var database *sandbox.Server

func TestMain(m *testing.M) {
	sandboxtest.Main(m, 1, func(t sandboxtest.T) { database = sandboxtest.Start(t, sandbox.Options{}) })
}

// site is a WordPress site to migrate.
type site struct{ *sandboxtest.Opened }

func newSite(t sandboxtest.T, server *sandbox.Server) *site {
	t.Helper()
	return &site{sandboxtest.OpenNew(t, server)}
}

// diagnosed is a site that is migrated as the user wp, whose privileges count.
func diagnosed(t sandboxtest.T, server *sandbox.Server, grants ...string) *site {
	t.Helper()
	return &site{sandboxtest.OpenNew(t, server).As("wp", grants...)}
}

// reopen opens the same tables with other settings.
func (s *site) reopen(change func(*wpdb.Config)) *site {
	s.T.Helper()
	return &site{s.Reopen(change)}
}

// within is a context that ends after d, or with the test.
func within(t sandboxtest.T, d time.Duration) context.Context { return sandboxtest.Within(t, d) }

// eventually waits until condition holds.
func eventually(t sandboxtest.T, what string, condition func() bool) {
	t.Helper()
	sandboxtest.Eventually(t, patience, what, condition)
}
