// Package wrong has stores that break the promise of oauth.Store, which a judge must find.
package wrong

import (
	"context"
	"errors"

	"moserver-sidecar/oauth"
)

// Rarely is true once in n times.
type Rarely func(n int) bool

// Stores makes wrong stores of a right one, by what is wrong with them.
func Stores(rarely Rarely) map[string]func(oauth.Store) oauth.Store {
	return map[string]func(oauth.Store) oauth.Store{
		"two winners":                func(s oauth.Store) oauth.Store { return twoWinners{s, rarely} },
		"lost after acknowledgement": func(s oauth.Store) oauth.Store { return loses{s, rarely} },
		"dead for a moment":          func(s oauth.Store) oauth.Store { return blinks{s, rarely} },
	}
}

// twoWinners lets a second call for the same code succeed, once in a while.
type twoWinners struct {
	oauth.Store
	rarely Rarely
}

// Redeem implements oauth.Store.
func (s twoWinners) Redeem(ctx context.Context, p oauth.Presented, t ...oauth.Token) error {
	err := s.Store.Redeem(ctx, p, t...)
	if errors.Is(err, oauth.ErrNotFound) && s.rarely(5) {
		return s.Issue(ctx, t...)
	}
	return err
}

// loses forgets what it has promised to keep, once in a while.
type loses struct {
	oauth.Store
	rarely Rarely
}

// Redeem implements oauth.Store.
func (s loses) Redeem(ctx context.Context, p oauth.Presented, t ...oauth.Token) error {
	if s.rarely(100) {
		return s.Store.Redeem(ctx, p)
	}
	return s.Store.Redeem(ctx, p, t...)
}

// blinks does not see what is there for a moment, as a node that lags does.
type blinks struct {
	oauth.Store
	rarely Rarely
}

// Find implements oauth.Store.
func (s blinks) Find(ctx context.Context, id string, p oauth.Presented) (oauth.Facts, error) {
	f, err := s.Store.Find(ctx, id, p)
	if s.rarely(200) {
		f.Grant = nil
	}
	return f, err
}
