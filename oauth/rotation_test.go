package oauth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

// rotating is a fixture in which the public client has the refresh token r0,
// and the request to refresh it.
func rotating(t *testing.T) (*fixture, oauth.Request) {
	f := newFixture(t)
	f.Policy.RotationGrace = time.Minute
	f.put(oauth.RefreshToken, "r0", f.grant(publicID))
	return f, publicRefresh("r0")
}

func publicRefresh(token string) oauth.Request {
	return oauth.Request{GrantType: "refresh_token", RefreshToken: token, Credentials: credentials(publicID, "")}
}

// replays sends a request that must be refused as a replay, or as one that is
// no news any more.
func (f *fixture) replays(r oauth.Request, news bool) *oauth.Replay {
	f.Helper()
	answer, err := f.Token(context.Background(), r)
	var refused oauth.Error
	if !errors.As(err, &refused) || refused.Code != oauth.InvalidGrant || answer.Tokens != nil {
		f.Errorf("got %+v, %v; want invalid_grant", answer.Tokens, err)
	}
	if (answer.Replay != nil) != news {
		f.Errorf("the answer's replay is %+v, want one: %v", answer.Replay, news)
	}
	if r := answer.Replay; news && r != nil && (r.Kind != oauth.RefreshToken || r.UserID != alice || !r.Ended) {
		f.Errorf("the replay is %+v", r)
	}
	return answer.Replay
}

// TestLostAnswer: who has not heard of the successor gets the same again, as
// often as it takes, with access tokens as for the successor.
func TestLostAnswer(t *testing.T) {
	f, r := rotating(t)
	lost := f.grants(r)
	f.store.AgeRotations(time.Minute)
	r.Scope = "email"
	again := f.grants(r)
	if again.RefreshToken != lost.RefreshToken || again.AccessToken == lost.AccessToken || again.Scope.String() != "email" {
		t.Errorf("tokens %+v, after %+v", again, lost)
	}
	r.Scope = "profile phone"
	f.refuses(r, oauth.InvalidScope, "")
	if f.left() != 1 || len(f.store.Tokens(oauth.AccessToken)) != 2 {
		t.Errorf("%d refresh and %d access tokens are stored, want 1 and 2", f.left(), len(f.store.Tokens(oauth.AccessToken)))
	}
	if next := f.grants(publicRefresh(again.RefreshToken)); next.RefreshToken == again.RefreshToken {
		t.Error("the successor was not replaced")
	}
}

// TestLostAnswerChecks: the successor is judged as if it had been presented.
func TestLostAnswerChecks(t *testing.T) {
	f, r := rotating(t)
	f.grants(r)
	f.now = f.now.Add(time.Hour) // the successor has the date of r0
	f.refuses(r, oauth.InvalidGrant, "expired")
	f.now = f.now.Add(-time.Hour)
	f.store.DeleteUser(alice)
	f.refuses(r, oauth.InvalidGrant, "user")
	f.store.PutUser(alice)
	f.store.PutClient(oauth.Client{ID: publicID, GrantTypes: []string{"authorization_code"}})
	f.refuses(r, oauth.UnauthorizedClient, "")
	f.store.PutClient(oauth.Client{ID: publicID})
	f.grants(r)
}

// TestReplay: a token that was replaced is used once more, after its time, or
// although its successor is in use. All that came of it is over.
func TestReplay(t *testing.T) {
	for name, c := range map[string]struct {
		grace time.Duration
		uses  int           // of the successors
		age   time.Duration // of the rotations
	}{
		"late":                 {time.Minute, 0, time.Minute + time.Second},
		"in use":               {time.Minute, 1, 0},
		"in use for long":      {time.Minute, 5, 0},
		"late and in use":      {time.Minute, 3, time.Hour},
		"without a grace":      {0, 0, 0},
		"without it, in use":   {0, 2, 0},
		"a longer grace, late": {time.Hour, 0, time.Hour + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f, r := rotating(t)
			f.Policy.RotationGrace = c.grace
			f.put(oauth.RefreshToken, "another", f.grant(publicID))
			f.put(oauth.AccessToken, "of another grant", f.grant(publicID))
			last := f.grants(r)
			for range c.uses {
				last = f.grants(publicRefresh(last.RefreshToken))
			}
			f.store.AgeRotations(c.age)
			if replay := f.replays(r, true); replay == nil || replay.Age < c.age {
				t.Errorf("the replay is %+v, want one after %s", replay, c.age)
			}
			f.replays(r, false)
			f.refuses(publicRefresh(last.RefreshToken), oauth.InvalidGrant, "Invalid refresh token")
			if left := f.store.Tokens(oauth.RefreshToken); len(left) != 1 || left[0].Value != "another" {
				t.Errorf("the refresh tokens that are left are %+v", left)
			}
			if left := f.store.Tokens(oauth.AccessToken); len(left) != 1 || left[0].Value != "of another grant" {
				t.Errorf("the access tokens that are left are %+v", left)
			}
		})
	}
}

// TestReplayEndsAccessTokens where the policy says so, and only once: a client
// that goes on with a dead token does not end what its user has from a new login.
func TestReplayEndsAccessTokens(t *testing.T) {
	f, r := rotating(t)
	f.Policy.RevokeAccessTokens = oauth.ReachAll
	f.grants(r)
	f.put(oauth.AccessToken, "of another client", f.grant(appID))
	f.store.AgeRotations(time.Hour)
	f.replays(r, true)
	if left := f.store.Tokens(oauth.AccessToken); len(left) != 1 || left[0].ClientID != appID {
		t.Errorf("the access tokens that are left are %+v", left)
	}
	f.put(oauth.AccessToken, "of a new login", f.grant(publicID))
	f.replays(r, false)
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 2 {
		t.Errorf("%d access tokens are left, want 2", n)
	}
}

// TestRotatedIsItsClients: to another client it is as unknown as any other.
func TestRotatedIsItsClients(t *testing.T) {
	f, r := rotating(t)
	f.grants(r)
	for _, age := range []time.Duration{0, time.Hour} {
		f.store.AgeRotations(age)
		f.refuses(refreshRequest(), oauth.InvalidGrant, "Invalid refresh token")
		f.grants(oauth.Request{Token: "r0", Credentials: app()})
		if f.left() != 1 {
			t.Fatal("another client has ended the successor")
		}
	}
}

// TestAtOnce: all of the requests that are sent at once with one refresh token
// get the same successor.
func TestAtOnce(t *testing.T) {
	const requests = 20
	f, r := rotating(t)
	var mu sync.Mutex
	refresh, access := map[string]bool{}, map[string]bool{}
	var group sync.WaitGroup
	for range requests {
		group.Go(func() {
			answer, err := f.Token(context.Background(), r)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			refresh[answer.Tokens.RefreshToken], access[answer.Tokens.AccessToken] = true, true
		})
	}
	group.Wait()
	if len(refresh) != 1 || len(access) != requests || f.left() != 1 {
		t.Errorf("%d refresh tokens (%d in the store) and %d access tokens, want 1 (1) and %d", len(refresh), f.left(), len(access), requests)
	}
}

// TestRotateAllGrace: it is the same for a confidential client.
func TestRotateAllGrace(t *testing.T) {
	f := newFixture(t)
	f.Policy.RotateAll, f.Policy.RotationGrace = true, time.Minute
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	if first, second := f.grants(refreshRequest()), f.grants(refreshRequest()); first.RefreshToken != second.RefreshToken {
		t.Errorf("tokens %+v, then %+v", first, second)
	}
	wrong := refreshRequest()
	wrong.Credentials = credentials(appID, "wrong")
	f.store.AgeRotations(time.Hour)
	f.refuses(wrong, oauth.InvalidClient, "")
	if f.left() != 1 {
		t.Error("somebody without the secret has ended the successor")
	}
	f.replays(refreshRequest(), true)
}

// TestRevokeRotated: a client that has not heard of the successor can end its
// grant all the same, and the token is not active meanwhile.
func TestRevokeRotated(t *testing.T) {
	for _, hint := range []string{"", "refresh_token", "access_token"} {
		f := newFixture(t)
		f.Policy.RotateAll, f.Policy.RotationGrace = true, time.Minute
		f.put(oauth.RefreshToken, "r0", f.grant(appID))
		f.grants(refreshRequest())
		inspected, _, err := f.Introspect(context.Background(), oauth.Request{Token: "r0", Credentials: app()})
		if err != nil || inspected.Active {
			t.Errorf("introspection: %+v, %v", inspected, err)
		}
		f.grants(oauth.Request{Token: "r0", TokenTypeHint: hint, Credentials: app()})
		if f.left() != 0 {
			t.Errorf("hint %q: the successor lives on", hint)
		}
		f.replays(refreshRequest(), false)
	}
}

// forgetful is a store whose database dies when an access token is stored, and comes
// back without the rotation that it had shown before that was on its disk.
type forgetful struct {
	oauth.Store
	since *oauth.Rotation // what another request has put in its place
	died  bool
}

func (s *forgetful) Issue(ctx context.Context, tokens ...oauth.Token) error {
	s.died = true
	return s.Store.Issue(ctx, tokens...)
}

func (s *forgetful) FindRotation(ctx context.Context, token string) (*oauth.Rotation, error) {
	if s.died {
		return s.since, nil
	}
	return s.Store.FindRotation(ctx, token)
}

// TestRotationNeverWritten: nobody is told a successor that the database does not have.
func TestRotationNeverWritten(t *testing.T) {
	for _, since := range []*oauth.Rotation{nil, {ClientID: publicID, UserID: alice, Successor: "another"}} {
		f, r := rotating(t)
		f.grants(r)
		f.Store = &forgetful{Store: f.store, since: since}
		if answer, err := f.Token(t.Context(), r); !errors.Is(err, oauth.ErrUnavailable) || answer.Tokens != nil {
			t.Errorf("got %+v, %v; want the word that the database is away", answer.Tokens, err)
		}
	}
}
