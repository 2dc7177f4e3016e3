package oauth_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

// left counts the refresh tokens that are stored.
func (f *fixture) left() int { return len(f.store.Tokens(oauth.RefreshToken)) }

// TestRefresh: a confidential client's refresh token stays, and the answer has
// it; so does every earlier access token.
func TestRefresh(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	first, second := f.grants(refreshRequest()), f.grants(refreshRequest())
	if first.RefreshToken != "r0" || second.RefreshToken != "r0" || first.AccessToken == second.AccessToken || first.Rotated {
		t.Errorf("tokens %+v, then %+v", first, second)
	}
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 2 {
		t.Errorf("%d access tokens are stored, want 2", n)
	}
	if n := len(f.store.Tokens(oauth.RefreshToken)); n != 1 {
		t.Errorf("%d refresh tokens are stored, want 1", n)
	}
}

func TestRefreshChecks(t *testing.T) {
	f := newFixture(t)
	r := refreshRequest()
	r.RefreshToken = ""
	f.refuses(r, oauth.InvalidRequest, "refresh_token is required")
	f.refuses(refreshRequest(), oauth.InvalidGrant, "Invalid refresh token")
	f.put(oauth.AccessToken, "r0", f.grant(appID))
	f.refuses(refreshRequest(), oauth.InvalidGrant, "Invalid refresh token")
	bad := f.grant(otherID)
	bad.UserID, bad.Expires = 9999, f.now.Add(-time.Minute)
	f.put(oauth.RefreshToken, "r0", bad)
	f.refuses(refreshRequest(), oauth.InvalidGrant, "expired")
	bad.Expires = time.Time{}
	f.put(oauth.RefreshToken, "r0", bad)
	f.refuses(refreshRequest(), oauth.InvalidGrant, "invalid for the client")
	bad.ClientID = appID
	f.put(oauth.RefreshToken, "r0", bad)
	f.refuses(refreshRequest(), oauth.InvalidGrant, "user")
}

// TestRotation: a public client's refresh token is replaced, and its successor
// has the whole scope whatever the request narrowed.
func TestRotation(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "r0", f.grant(publicID))
	r := oauth.Request{GrantType: "refresh_token", RefreshToken: "r0", Scope: "email", Credentials: credentials(publicID, "")}
	tokens := f.grants(r)
	if tokens.RefreshToken == "r0" || tokens.Scope.String() != "email" || !tokens.Rotated {
		t.Errorf("tokens %+v", tokens)
	}
	stored := f.store.Tokens(oauth.RefreshToken)
	if len(stored) != 1 || stored[0].Scope.String() != "profile email" {
		t.Fatalf("stored: %+v", stored)
	}
	// What had a date keeps it while the site sets no lifetime.
	if want := f.grant(publicID).Expires; !stored[0].Expires.Equal(want) {
		t.Errorf("the successor expires at %s, want %s", stored[0].Expires, want)
	}
	f.store.SetSite(oauth.Site{AccessTokenLifetime: time.Hour, RefreshTokenLifetime: 10 * time.Minute, TokenLength: 32})
	r.RefreshToken = tokens.RefreshToken
	f.grants(r)
	if got := f.store.Tokens(oauth.RefreshToken)[0].Expires; !got.Equal(f.now.Truncate(time.Second).Add(10 * time.Minute)) {
		t.Errorf("the successor's successor expires at %s", got)
	}
}

func TestRotateAll(t *testing.T) {
	f := newFixture(t)
	f.Policy.RotateAll = true
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	if tokens := f.grants(refreshRequest()); tokens.RefreshToken == "r0" || tokens.RefreshToken == "" {
		t.Errorf("tokens %+v", tokens)
	}
	f.refuses(refreshRequest(), oauth.InvalidGrant, "")
}

// TestLongScope: a scope that is longer than any is not read.
func TestLongScope(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	r := refreshRequest()
	r.Scope = "email" + strings.Repeat(" ", 3995)
	f.grants(r)
	r.Scope += " "
	f.refuses(r, oauth.InvalidScope, "scope requested")
}

// TestOfflineAccess is the plugin's way with openid.
func TestOfflineAccess(t *testing.T) {
	for scope, want := range map[string][2]bool{ // without and with the policy
		"profile email":                {true, true},
		"openid email":                 {true, false},
		"openid email offline_access":  {true, true},
		"openid":                       {true, false},
		"profile offline_access email": {true, true},
	} {
		for i, policy := range []bool{false, true} {
			f := newFixture(t)
			f.Policy.OfflineAccess = policy
			grant := f.grant(appID)
			grant.Scope = oauth.ParseScope(scope)
			f.put(oauth.AuthorizationCode, "c0", grant)
			if got := f.grants(codeRequest()).RefreshToken != ""; got != want[i] {
				t.Errorf("scope %q, policy %v: refresh token %v, want %v", scope, policy, got, want[i])
			}
		}
	}
}

// TestSite: lifetimes and length of tokens are the administrator's.
func TestSite(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	f.store.SetSite(oauth.Site{AccessTokenLifetime: 2 * time.Minute, RefreshTokenLifetime: 10 * time.Minute, TokenLength: 127})
	tokens := f.grants(codeRequest())
	if tokens.ExpiresIn != 120 || len(tokens.AccessToken) != 20+127 || len(tokens.RefreshToken) != 20+127 {
		t.Errorf("tokens %+v", tokens)
	}
	if strings.Trim(tokens.AccessToken+tokens.RefreshToken, "0123456789abcdef") != "" {
		t.Error("the tokens are not lower-case hex")
	}
	if got := f.store.Tokens(oauth.RefreshToken)[0].Expires; !got.Equal(f.now.Truncate(time.Second).Add(10 * time.Minute)) {
		t.Errorf("the refresh token expires at %s", got)
	}
}

// TestEndOfTime: no date goes beyond what the tables hold, and the answer says
// what is stored.
func TestEndOfTime(t *testing.T) {
	f := newFixture(t)
	f.store.SetSite(oauth.Site{AccessTokenLifetime: 50 * 365 * 24 * time.Hour, TokenLength: 32})
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	tokens := f.grants(refreshRequest())
	stored := f.store.Tokens(oauth.AccessToken)[0]
	if stored.Expires.Year() != 2038 || stored.Expires.After(time.Date(2038, 1, 19, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("expires at %s", stored.Expires)
	}
	if want := int64(stored.Expires.Sub(f.now.Truncate(time.Second)).Seconds()); tokens.ExpiresIn != want {
		t.Errorf("expires_in is %d, want %d", tokens.ExpiresIn, want)
	}
}

// TestNoRandomness: without it no token is issued and no code sealed, and what was
// presented stays.
func TestNoRandomness(t *testing.T) {
	f := newSealing(t)
	f.put(oauth.RefreshToken, "r0", f.grant(publicID))
	code := codeRequest()
	code.Code = phpCode
	for _, there := range []int{0, 20} { // enough for one token of two
		for _, r := range []oauth.Request{code, publicRefresh("r0")} {
			f.Random = bytes.NewReader(make([]byte, there))
			answer, err := f.Token(context.Background(), r)
			var refused oauth.Error
			if err == nil || errors.As(err, &refused) || answer.Tokens != nil {
				t.Errorf("%d bytes: %s: %+v, %v", there, r.GrantType, answer.Tokens, err)
			}
		}
		f.Random = bytes.NewReader(make([]byte, there))
		if got, err := f.Authorized(context.Background(), pkce(), phpCode); err == nil || got.Code != "" {
			t.Errorf("%d bytes: sealed as %+v", there, got)
		}
	}
	if n := len(f.store.Tokens(oauth.AuthorizationCode)); n != 1 || f.left() != 1 || len(f.store.Tokens(oauth.AccessToken)) != 0 {
		t.Errorf("%d codes and %d refresh tokens are left, want 1 and 1", n, f.left())
	}
}
