package commands

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/store"
	"moserver-sidecar/wpdb/tokens"
)

// live is an oauth.Store on the database that the settings name now, which may change
// while it is used. If the database refuses the account or password, a call waits until
// the settings have been read again, and tries again.
type live struct {
	current atomic.Pointer[served]
	log     *slog.Logger
	reload  *reload
	metrics metrics
}

// served is a database, and the store on it.
type served struct {
	*store.Store
	db *wpdb.DB
}

// serveFrom makes a store on db, whose work is counted.
func (l *live) serveFrom(db *wpdb.DB) *served {
	for _, table := range []string{db.Tables.Codes, db.Tables.AccessTokens, db.Tables.RefreshTokens, db.Tables.Rotated} {
		l.metrics.purged.WithLabelValues(table) // from the start, so that increase sees the first rows
	}
	s := store.New(db)
	s.Gathered = func(kind string, requests int) { l.metrics.batches.WithLabelValues(kind).Observe(float64(requests)) }
	return &served{s, db}
}

func newLive(db *wpdb.DB, settings config.Settings, read func() (config.Settings, []config.Problem), log *slog.Logger) *live {
	l := &live{log: log, reload: newReload(settings, read), metrics: newMetrics()}
	l.current.Store(l.serveFrom(db))
	return l
}

func (l *live) close() { _ = l.current.Load().Close() } // the process ends

// try repeats work until the database no longer refuses the account, or ctx ends.
func try[T any](ctx context.Context, l *live, work func(*served) (T, error)) (T, error) {
	for {
		current := l.current.Load()
		result, err := work(current)
		if !errors.Is(err, wpdb.ErrRefused) || l.current.Load() == current && !l.reload.await(ctx) {
			return result, err
		}
	}
}

// Find implements oauth.Store.
func (l *live) Find(ctx context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	return try(ctx, l, func(s *served) (oauth.Facts, error) { return s.Find(ctx, clientID, p) })
}

// PublicClients implements oauth.Store.
func (l *live) PublicClients(ctx context.Context) (bool, error) {
	return try(ctx, l, func(s *served) (bool, error) { return s.PublicClients(ctx) })
}

// Scans implements oauth.Store.
func (l *live) Scans(kind oauth.Kind) bool { return l.current.Load().Scans(kind) }

// FindBearer implements oauth.Store.
func (l *live) FindBearer(ctx context.Context, accessToken string) (oauth.Bearer, error) {
	return try(ctx, l, func(s *served) (oauth.Bearer, error) { return s.FindBearer(ctx, accessToken) })
}

// Identify implements oauth.Store.
func (l *live) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	return try(ctx, l, func(s *served) (oauth.Identity, error) { return s.Identify(ctx, q) })
}

// FindRotation implements oauth.Store.
func (l *live) FindRotation(ctx context.Context, refreshToken string) (*oauth.Rotation, error) {
	return try(ctx, l, func(s *served) (*oauth.Rotation, error) { return s.FindRotation(ctx, refreshToken) })
}

// FindFamily implements oauth.Store.
func (l *live) FindFamily(ctx context.Context, clientID, family string) (*oauth.Family, error) {
	return try(ctx, l, func(s *served) (*oauth.Family, error) { return s.FindFamily(ctx, clientID, family) })
}

// Issue implements oauth.Store.
func (l *live) Issue(ctx context.Context, tokens ...oauth.Token) error {
	_, err := try(ctx, l, func(s *served) (struct{}, error) { return struct{}{}, s.Issue(ctx, tokens...) })
	return err
}

// Redeem implements oauth.Store.
func (l *live) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	_, err := try(ctx, l, func(s *served) (struct{}, error) { return struct{}{}, s.Redeem(ctx, p, tokens...) })
	return err
}

// Revoke implements oauth.Store.
func (l *live) Revoke(ctx context.Context, r oauth.Revocation) (ended bool, err error) {
	return try(ctx, l, func(s *served) (bool, error) { return s.Revoke(ctx, r) })
}

// Ready implements oauth.Store. It does not wait for the settings.
func (l *live) Ready(ctx context.Context) error {
	err := l.current.Load().Ready(ctx)
	if errors.Is(err, wpdb.ErrRefused) {
		l.reload.want()
	}
	return err
}

// purge is tokens.Purge.
func (l *live) purge(ctx context.Context, o tokens.PurgeOptions) ([]tokens.Purged, error) {
	return tokens.Purge(ctx, l.current.Load().db, o)
}
