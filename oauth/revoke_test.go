package oauth_test

import (
	"testing"

	"moserver-sidecar/oauth"
)

func TestRevoke(t *testing.T) {
	for name, r := range map[string]oauth.Request{
		"no grant_type":            {Token: "t0"},
		"hint":                     {Token: "t0", TokenTypeHint: "refresh_token"},
		"wrong hint":               {Token: "t0", TokenTypeHint: "access_token"},
		"unknown hint":             {Token: "t0", TokenTypeHint: "saml_token"},
		"grant_type revoke_token":  {Token: "t0", GrantType: "revoke_token"},
		"grant_type revoke":        {Token: "t0", GrantType: "revoke"},
		"as refresh_token":         {RefreshToken: "t0", GrantType: "revoke_token"},
		"as refresh_token, revoke": {RefreshToken: "t0", GrantType: "revoke"},
	} {
		for _, kind := range []oauth.Kind{oauth.RefreshToken, oauth.AccessToken} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				f := newFixture(t)
				r.Credentials = app()
				f.put(kind, "t0", f.grant(appID))
				f.put(kind, "t1", f.grant(appID))
				for range 2 { // the second time it is unknown, which is a success
					if tokens := f.grants(r); tokens != nil {
						t.Errorf("tokens %+v", tokens)
					}
				}
				if left := f.store.Tokens(kind); len(left) != 1 || left[0].Value != "t1" {
					t.Errorf("left: %+v", left)
				}
			})
		}
	}
}

func TestRevokeChecks(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "t0", f.grant(appID))
	f.refuses(oauth.Request{Token: "t0"}, oauth.InvalidClient, "not found")
	f.refuses(oauth.Request{Token: "t0", Credentials: credentials(appID, "")}, oauth.InvalidClient, "must authenticate")
	f.refuses(oauth.Request{Token: "t0", Credentials: credentials(appID, "wrong")}, oauth.InvalidClient, "invalid")
	f.refuses(oauth.Request{Token: "t0", Credentials: credentials(otherID, otherSecret)}, oauth.InvalidGrant, "not issued to this client")
	f.refuses(oauth.Request{GrantType: "revoke_token", Credentials: app()}, oauth.InvalidRequest, "token is required")
	if n := len(f.store.Tokens(oauth.RefreshToken)); n != 1 {
		t.Errorf("%d refresh tokens are left, want 1", n)
	}
}

// TestRevokeEndsRefresh: at once, and a public client may do it too.
func TestRevokeEndsRefresh(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.RefreshToken, "r0", f.grant(publicID))
	f.grants(oauth.Request{Token: "r0", Credentials: credentials(publicID, "")})
	f.refuses(oauth.Request{GrantType: "refresh_token", RefreshToken: "r0", Credentials: credentials(publicID, "")},
		oauth.InvalidGrant, "Invalid refresh token")
}

// TestRevokeAccessTokens: of what a refresh token has given, of another grant of the user
// at the client, and of another client.
func TestRevokeAccessTokens(t *testing.T) {
	for reach, want := range map[oauth.Reach]int{oauth.ReachGrant: 2, oauth.ReachAll: 1, oauth.ReachNone: 3} {
		f := newFixture(t)
		f.Policy.RevokeAccessTokens = reach
		f.put(oauth.RefreshToken, "r0", f.grant(appID))
		f.put(oauth.AccessToken, "a0", f.grant(appID))
		f.put(oauth.AccessToken, "a1", f.grant(otherID))
		access := f.grants(refreshRequest()).AccessToken
		f.grants(oauth.Request{Token: access, Credentials: app()}) // ends itself alone
		if got := len(f.store.Tokens(oauth.AccessToken)); got != 2 || f.left() != 1 {
			t.Errorf("the end of an access token leaves %d, and %d refresh tokens", got, f.left())
		}
		f.grants(refreshRequest())
		f.grants(oauth.Request{Token: "r0", Credentials: app()})
		if got := len(f.store.Tokens(oauth.AccessToken)); got != want {
			t.Errorf("reach %v: %d access tokens are left, want %d", reach, got, want)
		}
	}
}

// TestHint: a right hint saves a look for a token of the other kind (RFC 7009, 2.1).
func TestHint(t *testing.T) {
	for hint, want := range map[string]map[oauth.Kind]int{
		"": {oauth.RefreshToken: 1, oauth.AccessToken: 2}, "access_token": {oauth.RefreshToken: 2, oauth.AccessToken: 1},
	} {
		for kind, looks := range want {
			f := newFixture(t)
			f.put(kind, "t0", f.grant(appID))
			store := &countingStore{Store: f.store}
			f.Store = store
			f.grants(oauth.Request{Token: "t0", TokenTypeHint: hint, Credentials: app()})
			if len(store.finds) != looks {
				t.Errorf("hint %q: %d looks for a token of the kind %s, want %d", hint, len(store.finds), kind, looks)
			}
		}
	}
}
