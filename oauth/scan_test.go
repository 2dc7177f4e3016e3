package oauth_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"moserver-sidecar/oauth"
)

// unindexed is a store without indexes that notes what is looked for, and may hold
// up each look for a credential.
type unindexed struct {
	oauth.Store
	indexed []oauth.Kind // but for these
	mu      sync.Mutex
	looks   []oauth.Kind
	gate    chan struct{} // nil: none is held up
}

func (u *unindexed) Scans(kind oauth.Kind) bool { return !slices.Contains(u.indexed, kind) }

func (u *unindexed) Find(ctx context.Context, id string, p oauth.Presented) (oauth.Facts, error) {
	u.mu.Lock()
	u.looks = append(u.looks, p.Kind)
	u.mu.Unlock()
	return u.Store.Find(ctx, id, p)
}

func (u *unindexed) FindFamily(ctx context.Context, id, family string) (*oauth.Family, error) {
	<-u.gate
	return u.Store.FindFamily(ctx, id, family)
}

func (u *unindexed) FindBearer(ctx context.Context, token string) (oauth.Bearer, error) {
	<-u.gate
	return u.Store.FindBearer(ctx, token)
}

// TestUnindexed: a client that has not authenticated causes no scan, and one that has
// gets its usual answer.
func TestUnindexed(t *testing.T) {
	f := newFixture(t)
	store := &unindexed{Store: f.store}
	f.Store = store
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	for _, bad := range [][]oauth.Credential{credentials("nobody", "x"), credentials(appID, "wrong"), nil} {
		r := refreshRequest()
		r.Credentials = bad
		f.refuses(r, oauth.InvalidClient, "")
	}
	public := oauth.Request{GrantType: "x", Token: "r0", Credentials: credentials(publicID, "")}
	if _, _, err := f.Introspect(context.Background(), public); err == nil {
		t.Error("a public client may introspect")
	}
	if slices.ContainsFunc(store.looks, func(k oauth.Kind) bool { return k != "" }) {
		t.Errorf("without a secret these were looked for: %q", store.looks)
	}
	store.looks = nil
	f.grants(refreshRequest())
	if want := []oauth.Kind{"", oauth.RefreshToken}; !slices.Equal(store.looks, want) {
		t.Errorf("a refresh looks for %q, want %q", store.looks, want)
	}
	f.grants(codeRequest())
}

// TestScanBudget: two look-ups without a secret run, some wait, and the others are
// refused at once; a client with a secret is served meanwhile.
func TestScanBudget(t *testing.T) {
	f := newFixture(t)
	f.holdsScans(nil, oauth.InvalidToken, func(int) error {
		_, _, err := f.UserInfo(context.Background(), "garbage")
		return err
	})
}

// TestReplayScanBudget: what came of an unknown code is looked for in the same budget, also
// for a client with a secret, and once for a client that has its turn already.
func TestReplayScanBudget(t *testing.T) {
	for _, indexed := range [][]oauth.Kind{nil, {oauth.AuthorizationCode}, {oauth.AccessToken}, {oauth.RefreshToken}} {
		f := newFixture(t)
		f.holdsScans(indexed, oauth.InvalidGrant, f.unknownCode)
	}
}

// unknownCode is sent by a public client and one with a secret in turn.
func (f *fixture) unknownCode(i int) error {
	r := codeRequest()
	if i%2 == 0 {
		r.Credentials = credentials(publicID, "")
	}
	_, err := f.Token(context.Background(), r)
	return err
}

// nested is a store in which another request comes while a family is looked for.
type nested struct {
	oauth.Store
	other func()
}

func (s *nested) FindFamily(ctx context.Context, id, family string) (*oauth.Family, error) {
	s.other()
	return s.Store.FindFamily(ctx, id, family)
}

// TestNoScanBudget: where there are indexes nobody waits for others.
func TestNoScanBudget(t *testing.T) {
	f := newFixture(t)
	more := 20
	unknown := func() {
		if more--; more >= 0 {
			f.wantReplay(codeRequest(), nil)
		}
	}
	f.Store = &nested{f.store, unknown}
	unknown()
}

// TestScanGivenUp: whoever goes away while waiting for a turn leaves it to others.
func TestScanGivenUp(t *testing.T) {
	f := newFixture(t)
	gate := make(chan struct{})
	close(gate)
	f.Store = &unindexed{Store: f.store, gate: gate}
	away, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		var refused oauth.Error
		if _, _, err := f.UserInfo(away, "garbage"); !errors.Is(err, oauth.ErrBusy) && !errors.As(err, &refused) {
			t.Fatalf("gone away: %v", err)
		}
	}
	f.holdsScans(nil, oauth.InvalidGrant, f.unknownCode)
}

// holdsScans sends requests while no look ends: as many as the budget holds wait, to be
// refused with the code in the end, and the others are refused at once. When all have
// been answered, the budget is whole again.
func (f *fixture) holdsScans(indexed []oauth.Kind, code oauth.Code, send func(i int) error) {
	f.Helper()
	store := &unindexed{Store: f.store, indexed: indexed}
	f.Store = store
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	const sent, admitted = 40, 18
	for range 2 {
		store.gate = make(chan struct{})
		outcomes := make(chan error, sent)
		for i := range sent {
			go func() { outcomes <- send(i) }()
		}
		for range sent - admitted {
			if err := <-outcomes; !errors.Is(err, oauth.ErrBusy) {
				f.Errorf("beyond the budget: %v", err)
			}
		}
		f.grants(refreshRequest())
		close(store.gate)
		for range admitted {
			var refused oauth.Error
			if err := <-outcomes; !errors.As(err, &refused) || refused.Code != code {
				f.Errorf("within the budget: %v", err)
			}
		}
	}
}
