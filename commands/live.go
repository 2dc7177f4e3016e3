package commands

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// live is an oauth.Store whose database may change while it is used: it goes to the
// one that the settings name now. What a database refuses whose account or password
// has changed waits until the settings have been read again, and is tried again.
type live struct {
	store  atomic.Pointer[wpdb.Store]
	log    *slog.Logger
	reload *reload
}

func newLive(store *wpdb.Store, settings config.Settings, read func() (config.Settings, []config.Problem), log *slog.Logger) *live {
	l := &live{log: log, reload: newReload(settings, read)}
	l.store.Store(store)
	return l
}

func (l *live) close() { _ = l.store.Load().Close() } // the process ends

// try does work on the store until the database does not refuse it, or ctx ends.
func try[T any](ctx context.Context, l *live, work func(*wpdb.Store) (T, error)) (T, error) {
	for {
		store := l.store.Load()
		result, err := work(store)
		if !errors.Is(err, wpdb.ErrRefused) || l.store.Load() == store && !l.reload.await(ctx) {
			return result, err
		}
	}
}

// Find implements oauth.Store.
func (l *live) Find(ctx context.Context, clientID string, p oauth.Presented) (oauth.Facts, error) {
	return try(ctx, l, func(s *wpdb.Store) (oauth.Facts, error) { return s.Find(ctx, clientID, p) })
}

// Scans implements oauth.Store.
func (l *live) Scans(kind oauth.Kind) bool { return l.store.Load().Scans(kind) }

// FindBearer implements oauth.Store.
func (l *live) FindBearer(ctx context.Context, accessToken string) (oauth.Bearer, error) {
	return try(ctx, l, func(s *wpdb.Store) (oauth.Bearer, error) { return s.FindBearer(ctx, accessToken) })
}

// Identify implements oauth.Store.
func (l *live) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	return try(ctx, l, func(s *wpdb.Store) (oauth.Identity, error) { return s.Identify(ctx, q) })
}

// FindRotation implements oauth.Store.
func (l *live) FindRotation(ctx context.Context, refreshToken string) (*oauth.Rotation, error) {
	return try(ctx, l, func(s *wpdb.Store) (*oauth.Rotation, error) { return s.FindRotation(ctx, refreshToken) })
}

// Issue implements oauth.Store.
func (l *live) Issue(ctx context.Context, tokens ...oauth.Token) error {
	_, err := try(ctx, l, func(s *wpdb.Store) (struct{}, error) { return struct{}{}, s.Issue(ctx, tokens...) })
	return err
}

// Redeem implements oauth.Store.
func (l *live) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	_, err := try(ctx, l, func(s *wpdb.Store) (struct{}, error) { return struct{}{}, s.Redeem(ctx, p, tokens...) })
	return err
}

// Revoke implements oauth.Store.
func (l *live) Revoke(ctx context.Context, r oauth.Revocation) (ended bool, err error) {
	return try(ctx, l, func(s *wpdb.Store) (bool, error) { return s.Revoke(ctx, r) })
}

// Ready implements oauth.Store. It does not wait for the settings.
func (l *live) Ready(ctx context.Context) error {
	err := l.store.Load().Ready(ctx)
	if errors.Is(err, wpdb.ErrRefused) {
		l.reload.want()
	}
	return err
}

// purge is wpdb.Store.Purge.
func (l *live) purge(ctx context.Context, o wpdb.PurgeOptions) ([]wpdb.Purged, error) {
	return l.store.Load().Purge(ctx, o)
}
