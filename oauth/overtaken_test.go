package oauth_test

import (
	"context"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

// overtaken is a store in which another request comes between what one reads and what
// it writes.
type overtaken struct {
	oauth.Store
	other func() // nil: it has been
}

func (s *overtaken) overtake() {
	if other := s.other; other != nil {
		s.other = nil
		other()
	}
}

func (s *overtaken) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	s.overtake()
	return s.Store.Redeem(ctx, p, tokens...)
}

func (s *overtaken) Revoke(ctx context.Context, r oauth.Revocation) (bool, error) {
	s.overtake()
	return s.Store.Revoke(ctx, r)
}

// TestCodeOvertaken: of two requests with one code that have both found it, one gets
// tokens.
func TestCodeOvertaken(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	f.Store = &overtaken{f.store, func() { f.grants(codeRequest()) }}
	f.refusesFor("the second", codeRequest(), oauth.InvalidGrant, oauth.ReasonCodeTaken)
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 1 || f.left() != 1 {
		t.Errorf("%d access and %d refresh tokens are stored, want 1 and 1", n, f.left())
	}
}

// TestRefreshOvertaken: of two with one refresh token the second gets the successor that
// the first has made; without a grace the token was used twice.
func TestRefreshOvertaken(t *testing.T) {
	for _, grace := range []time.Duration{time.Minute, 0} {
		f, r := rotating(t)
		f.Policy.RotationGrace = grace
		var first string
		f.Store = &overtaken{f.store, func() { first = f.grants(r).RefreshToken }}
		if grace == 0 {
			f.replays(r, true)
		} else if second := f.grants(r).RefreshToken; second != first || f.left() != 1 {
			t.Errorf("the successors are %s and %s, of which %d are stored", first, second, f.left())
		}
	}
}

// TestReplayOvertaken: what a replay was to end has just been ended by another.
func TestReplayOvertaken(t *testing.T) {
	f := newFixture(t)
	tokens := f.login("c1")
	f.now = f.now.Add(time.Minute)
	f.Store = &overtaken{f.store, func() { f.grants(oauth.Request{Token: tokens.RefreshToken, Credentials: app()}) }}
	f.wantReplay(codeOf("c1"), &oauth.Replay{Kind: oauth.AuthorizationCode, UserID: alice, Age: time.Minute})
}
