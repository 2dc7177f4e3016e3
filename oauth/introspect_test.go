package oauth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

// TestIntrospect: of its own live tokens a client learns everything, of any other token
// only that it is not active (RFC 7662, 2.2).
func TestIntrospect(t *testing.T) {
	f := newFixture(t)
	live := oauth.Introspection{
		Active: true, Kind: oauth.AccessToken, ClientID: appID, UserID: alice,
		Expires: f.grant(appID).Expires, Scope: oauth.Scope{"profile", "email"},
	}
	refresh := live
	refresh.Kind = oauth.RefreshToken
	gone, ended := f.grant(appID), f.grant(appID)
	gone.UserID, ended.Expires = 999, f.now.Add(-time.Second)
	f.put(oauth.AccessToken, "a0", f.grant(appID))
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	f.put(oauth.AccessToken, "another's", f.grant(otherID))
	f.put(oauth.AccessToken, "gone", gone)
	f.put(oauth.AccessToken, "ended", ended)
	f.put(oauth.AuthorizationCode, "c0", f.grant(appID))
	for token, want := range map[string]oauth.Introspection{
		"a0": live, "r0": refresh, "another's": {}, "gone": {}, "ended": {}, "c0": {}, "unknown": {},
	} {
		for _, hint := range []string{"", "access_token"} {
			got, answer, err := f.Introspect(context.Background(), oauth.Request{Token: token, TokenTypeHint: hint, Credentials: app()})
			if diff := cmp.Diff(want, got); diff != "" || err != nil || answer.Client == nil || answer.Client.ID != appID || !answer.Authenticated {
				t.Errorf("%s: %v, client %+v (-want +got):\n%s", token, err, answer.Client, diff)
			}
		}
	}
	for reason, r := range map[oauth.Reason]oauth.Request{
		oauth.ReasonTokenMissing: {Credentials: app()},
		oauth.ReasonClientPublic: {Token: "a0", Credentials: credentials(publicID, "")},
		oauth.ReasonSecretWrong:  {Token: "a0", Credentials: credentials(appID, "wrong")},
	} {
		got, answer, err := f.Introspect(context.Background(), r)
		var refused oauth.Error
		if !errors.As(err, &refused) || refused.Reason != reason || got.Active || answer.Client == nil {
			t.Errorf("%s: %+v, %+v, %v", reason, got, answer, err)
		}
	}
}

// TestUserInfo: what an access token tells, and of which client it is.
func TestUserInfo(t *testing.T) {
	f := newFixture(t)
	profile := oauth.Profile{Username: "alice", Email: "alice@example.com"}
	f.store.PutProfile(alice, profile)
	gone, ended, orphan := f.grant(appID), f.grant(appID), f.grant("nobody")
	gone.UserID, ended.Expires = 999, f.now.Add(-time.Second)
	for value, grant := range map[string]oauth.Grant{"a0": f.grant(appID), "gone": gone, "ended": ended, "orphan": orphan} {
		f.put(oauth.AccessToken, value, grant)
	}
	f.put(oauth.RefreshToken, "r0", f.grant(appID))
	for token, want := range map[string]struct {
		client string
		reason oauth.Reason // empty: alice
	}{
		"a0": {appID, ""}, "orphan": {"", ""}, "gone": {appID, oauth.ReasonUserGone}, "ended": {appID, oauth.ReasonAccessExpired},
		"": {"", oauth.ReasonAccessMissing}, "r0": {"", oauth.ReasonAccessUnknown}, "unknown": {"", oauth.ReasonAccessUnknown},
	} {
		got, client, err := f.UserInfo(context.Background(), token)
		info := oauth.UserInfo{}
		if want.reason == "" {
			info = oauth.UserInfo{UserID: alice, Scope: oauth.Scope{"profile", "email"}, Profile: profile}
		}
		var refused oauth.Error
		if errors.As(err, &refused); refused.Reason != want.reason {
			t.Errorf("%s: %v", token, err)
		}
		if diff := cmp.Diff(info, got); diff != "" || (client == nil) != (want.client == "") || client != nil && client.ID != want.client {
			t.Errorf("%s: client %+v (-want +got):\n%s", token, client, diff)
		}
	}
	for scope, want := range map[string]bool{"": true, "email": true, "profile": false, "xemailx": false} {
		if got := (oauth.UserInfo{Scope: oauth.ParseScope(scope)}).Tells("email"); got != want {
			t.Errorf("a token with the scope %q tells the e-mail address: %v", scope, got)
		}
	}
}
