package oauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

func familyOf(kind oauth.Kind, value string) string {
	return oauth.FamilyOf(oauth.Presented{Kind: kind, Value: value})
}

// TestFamilyOf: the form is fixed, for the tokens that are stored have it.
func TestFamilyOf(t *testing.T) {
	// The beginnings of SHA-256 over code:c0 and refresh:c0, each with that over itself.
	tests := map[oauth.Presented]string{
		{Kind: oauth.AuthorizationCode, Value: "c0"}: "fb108ac717407451" + "609c",
		{Kind: oauth.RefreshToken, Value: "c0"}:      "560fbd9a6fca59b9" + "700c",
		{Kind: oauth.AccessToken, Value: "c0"}:       "",
	}
	family := familyOf(oauth.AuthorizationCode, "c0")
	token := family + strings.Repeat("0f", 16)
	for _, kind := range []oauth.Kind{oauth.RefreshToken, oauth.AccessToken} {
		tests[oauth.Presented{Kind: kind, Value: token}] = family
		tests[oauth.Presented{Kind: kind, Value: token + "a"}] = family
	}
	for p, want := range tests {
		if got := oauth.FamilyOf(p); got != want {
			t.Errorf("%s %s is of the family %q, want %q", p.Kind, p.Value, got, want)
		}
	}
	wrong := []string{token[:51], strings.ToUpper(token), token + "g", "0" + token, family[:16] + "0000" + token[20:], strings.Repeat("ab", 20)}
	for _, value := range append(wrong, "") {
		if familyOf(oauth.AccessToken, value) != "" || familyOf(oauth.RefreshToken, value) == family {
			t.Errorf("%q is taken for one of ours", value)
		}
	}
	if familyOf(oauth.AuthorizationCode, token) == family {
		t.Error("a token that is sent as a code is of its own grant")
	}
}

// TestFamily: every token of a grant has its family, however often it is refreshed, and a
// random part of the site's length.
func TestFamily(t *testing.T) {
	for _, length := range []int{32, 47, 127} {
		f := newFixture(t)
		f.Policy.RotationGrace = time.Minute
		f.store.SetSite(oauth.Site{AccessTokenLifetime: time.Hour, TokenLength: length})
		check := func(what, token, family string) {
			t.Helper()
			if !strings.HasPrefix(token, family) || len(token) != 20+length || strings.Trim(token, "0123456789abcdef") != "" {
				t.Errorf("%s: %s is not of the family %s", what, token, family)
			}
		}
		f.put(oauth.AuthorizationCode, "c0", f.grant(publicID))
		code, family := codeRequest(), familyOf(oauth.AuthorizationCode, "c0")
		code.Credentials = credentials(publicID, "")
		last := f.grants(code)
		for range 3 {
			check("access token", last.AccessToken, family)
			check("refresh token", last.RefreshToken, family)
			old := last.RefreshToken
			last = f.grants(publicRefresh(old))
			check("of an answer that was lost", f.grants(publicRefresh(old)).AccessToken, family)
		}
		f.put(oauth.RefreshToken, "r0", f.grant(appID)) // PHP's
		family = familyOf(oauth.RefreshToken, "r0")
		check("of PHP's refresh token", f.grants(refreshRequest()).AccessToken, family)
		f.Policy.RotateAll = true
		check("its successor", f.grants(refreshRequest()).RefreshToken, family)
	}
}

// login exchanges a code of alice at the client app.
func (f *fixture) login(code string) *oauth.Tokens {
	f.Helper()
	f.put(oauth.AuthorizationCode, code, f.grant(appID))
	return f.grants(codeOf(code))
}

func codeOf(code string) oauth.Request {
	r := codeRequest()
	r.Code = code
	return r
}

// TestRevokeGrant: of two grants of one user at one client one ends, and the other lives.
func TestRevokeGrant(t *testing.T) {
	f := newFixture(t)
	first, second := f.login("c1"), f.login("c2")
	f.grants(oauth.Request{GrantType: "refresh_token", RefreshToken: first.RefreshToken, Credentials: app()})
	guess := first.RefreshToken[:20] + strings.Repeat("0", 32)
	f.grants(oauth.Request{Token: guess, Credentials: app()})
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 3 {
		t.Fatalf("a guess with the right family has left %d access tokens of 3", n)
	}
	f.grants(oauth.Request{Token: first.RefreshToken, Credentials: app()})
	left := f.store.Tokens(oauth.AccessToken)
	if len(left) != 1 || left[0].Value != second.AccessToken {
		t.Errorf("left: %+v", left)
	}
	f.grants(oauth.Request{GrantType: "refresh_token", RefreshToken: second.RefreshToken, Credentials: app()})
}

// wantReplay sends a code once more.
func (f *fixture) wantReplay(r oauth.Request, want *oauth.Replay) {
	f.Helper()
	answer, err := f.Token(context.Background(), r)
	reason := oauth.ReasonCodeReplayed
	if want == nil {
		reason = oauth.ReasonCodeUnknown
	}
	var refused oauth.Error
	if !errors.As(err, &refused) || refused.Code != oauth.InvalidGrant || refused.Reason != reason || answer.Tokens != nil {
		f.Errorf("got %+v, %v (%s); want invalid_grant, %s", answer.Tokens, err, refused.Reason, reason)
	}
	if (answer.Replay == nil) != (want == nil) || want != nil && *answer.Replay != *want {
		f.Errorf("the replay is %+v, want %+v", answer.Replay, want)
	}
}

// TestReplayedCode: when a second use of a code ends what the first has given, and when
// it may be an accident.
func TestReplayedCode(t *testing.T) {
	for name, c := range map[string]struct {
		age      time.Duration
		lifetime time.Duration // as it is by then; 0: unchanged
		known    time.Duration // the age as it is told; 0: the same
		ends     bool
	}{
		"at once":                   {age: 0},
		"a reload":                  {age: 9 * time.Second},
		"a thief":                   {age: 10 * time.Second, ends: true},
		"a slow thief":              {age: 10 * time.Minute, ends: true},
		"a tab that is restored":    {age: 10*time.Minute + time.Second},
		"a tab, the next day":       {age: 24 * time.Hour},
		"a longer lifetime since":   {age: time.Minute, lifetime: 2 * time.Hour, known: time.Hour + time.Minute},
		"a shorter lifetime since":  {age: time.Minute, lifetime: 30 * time.Minute, known: -29 * time.Minute},
		"beyond what tables hold":   {age: time.Minute, lifetime: 50 * 365 * 24 * time.Hour, known: -1},
		"tokens that never expired": {age: time.Minute, lifetime: -1, known: -1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			site := oauth.Site{AccessTokenLifetime: time.Hour, TokenLength: 32}
			if c.known == -1 {
				site.AccessTokenLifetime = max(c.lifetime, 0)
			}
			f.store.SetSite(site)
			tokens, other := f.login("c1"), f.login("c2")
			f.now = f.now.Add(c.age)
			f.grants(oauth.Request{GrantType: "refresh_token", RefreshToken: tokens.RefreshToken, Credentials: app()})
			if c.lifetime > 0 {
				site.AccessTokenLifetime = c.lifetime
				f.store.SetSite(site)
			}
			if c.known == 0 {
				c.known = c.age
			}
			f.wantReplay(codeOf("c1"), &oauth.Replay{Kind: oauth.AuthorizationCode, UserID: alice, Age: c.known, Ended: c.ends})
			want := 3
			if c.ends {
				want = 1
				f.wantReplay(codeOf("c1"), nil) // there is nothing left
			}
			if n := len(f.store.Tokens(oauth.AccessToken)); n != want || f.left() != (want+1)/2 {
				t.Errorf("%d access and %d refresh tokens are left, want %d and %d", n, f.left(), want, (want+1)/2)
			}
			f.grants(oauth.Request{GrantType: "refresh_token", RefreshToken: other.RefreshToken, Credentials: app()})
		})
	}
}

// TestReplayedCodeIsItsClients, and no refresh token is one.
func TestReplayedCodeIsItsClients(t *testing.T) {
	f := newFixture(t)
	tokens := f.login("c1")
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	access := f.grants(refreshRequest()).AccessToken
	f.now = f.now.Add(time.Minute)
	foreign := codeOf("c1")
	foreign.Credentials = credentials(otherID, otherSecret)
	f.wantReplay(foreign, nil)
	wrong := codeOf("c1")
	wrong.Credentials = credentials(appID, "wrong")
	f.refuses(wrong, oauth.InvalidClient, "")
	for _, value := range []string{tokens.RefreshToken, tokens.AccessToken, "r0", access, "never issued"} {
		f.wantReplay(codeOf(value), nil)
	}
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 2 || f.left() != 2 {
		t.Errorf("%d access and %d refresh tokens are left, want 2 and 2", n, f.left())
	}
}

// TestReplayedCodeAlone: where a code has given no refresh token, its access token ends,
// and a refresh token that was replaced meanwhile is not all that there is.
func TestReplayedCodeAlone(t *testing.T) {
	f := newFixture(t)
	f.Policy.OfflineAccess = true
	grant := f.grant(appID)
	grant.Scope = oauth.Scope{"openid"}
	f.put(oauth.AuthorizationCode, "c1", grant)
	if f.grants(codeOf("c1")).RefreshToken != "" {
		t.Fatal("there is a refresh token")
	}
	f.now = f.now.Add(time.Minute)
	f.wantReplay(codeOf("c1"), &oauth.Replay{Kind: oauth.AuthorizationCode, UserID: alice, Age: time.Minute, Ended: true})
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 0 {
		t.Errorf("%d access tokens are left", n)
	}
}

// rotatingStore replaces the refresh token that is about to be revoked, without a record.
type rotatingStore struct {
	oauth.Store
	times int
}

func (s *rotatingStore) Revoke(ctx context.Context, r oauth.Revocation) (bool, error) {
	if s.times--; s.times >= 0 {
		return false, nil
	}
	return s.Store.Revoke(ctx, r)
}

// TestReplayedCodeOvertaken: a thief who refreshes as fast as he can does not get away.
func TestReplayedCodeOvertaken(t *testing.T) {
	f := newFixture(t)
	f.login("c1")
	f.now = f.now.Add(time.Minute)
	f.Store = &rotatingStore{f.store, 3}
	f.wantReplay(codeOf("c1"), &oauth.Replay{Kind: oauth.AuthorizationCode, UserID: alice, Age: time.Minute, Ended: true})
	if n := len(f.store.Tokens(oauth.AccessToken)) + f.left(); n != 0 {
		t.Errorf("%d tokens are left", n)
	}

	// One who is faster than that for ever is not said to be ended.
	f.login("c2")
	f.now = f.now.Add(time.Minute)
	f.Store = &rotatingStore{f.store, 1000}
	f.wantReplay(codeOf("c2"), &oauth.Replay{Kind: oauth.AuthorizationCode, UserID: alice, Age: time.Minute})
}

// TestReplayedSealedCode: with a wrong verifier, or none, a code that was used ends nothing.
func TestReplayedSealedCode(t *testing.T) {
	f := newSealing(t)
	r := codeRequest()
	r.Code, r.CodeVerifier = f.authorized(pkce()), verifier
	f.grants(r)
	f.now = f.now.Add(time.Minute)
	for _, wrong := range []string{"", verifier[1:] + "x"} {
		bad := r
		bad.CodeVerifier = wrong
		f.refuses(bad, oauth.InvalidGrant, "")
	}
	if n := len(f.store.Tokens(oauth.AccessToken)) + f.left(); n != 2 {
		t.Fatalf("%d tokens are left, want 2", n)
	}
	f.wantReplay(r, &oauth.Replay{Kind: oauth.AuthorizationCode, UserID: alice, Age: time.Minute, Ended: true})
	if n := len(f.store.Tokens(oauth.AccessToken)) + f.left(); n != 0 {
		t.Errorf("%d tokens are left", n)
	}
}
