package oauth_test

import (
	"context"
	"testing"

	"moserver-sidecar/oauth"
)

// TestUserLeft: who has left the client's site gets no more tokens there. What
// is out already ends when it ends, and may be revoked.
func TestUserLeft(t *testing.T) {
	f := newFixture(t)
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	f.put(oauth.AccessToken, "a0", f.grant(appID))
	active := func(token string) bool {
		t.Helper()
		i, _, err := f.Introspect(context.Background(), oauth.Request{Token: token, Credentials: app()})
		if err != nil {
			t.Fatal(err)
		}
		return i.Active
	}

	f.store.SetMember(alice, false)
	f.refuses(codeRequest(), oauth.InvalidGrant, "no member of the site")
	f.refuses(refreshRequest(), oauth.InvalidGrant, "no member of the site")
	if active("r0") || !active("a0") {
		t.Errorf("active: refresh token %v, access token %v; want only the access token", active("r0"), active("a0"))
	}
	if _, _, err := f.UserInfo(context.Background(), "a0"); err != nil {
		t.Errorf("the access token is refused: %v", err)
	}

	f.store.SetMember(alice, true)
	f.grants(codeRequest())
	f.grants(refreshRequest())
	f.store.SetMember(alice, false)
	if _, err := f.Token(context.Background(), oauth.Request{Token: "r0", Credentials: app()}); err != nil {
		t.Errorf("revocation: %v", err)
	}
	f.store.SetMember(alice, true)
	f.refuses(refreshRequest(), oauth.InvalidGrant, "Invalid refresh token")
}
