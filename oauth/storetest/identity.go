package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

func profile() oauth.Profile {
	return oauth.Profile{
		Username: "alice", Email: "alice@example.com", FirstName: "Alice", LastName: "Liddell",
		Nickname: "al", DisplayName: "Alice “日本” O'Liddell",
	}
}

func signingKey() oauth.SigningKey {
	return oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: "private\npem", PublicKey: "public\npem"}
}

func mustFindBearer(t *testing.T, s Subject, token string) oauth.Bearer {
	t.Helper()
	bearer, err := s.FindBearer(context.Background(), token)
	if err != nil {
		t.Fatalf("FindBearer(%q): %v", token, err)
	}
	return bearer
}

func mustIdentify(t *testing.T, s Subject, q oauth.IdentityQuery) oauth.Identity {
	t.Helper()
	identity, err := s.Identify(context.Background(), q)
	if err != nil {
		t.Fatalf("Identify(%+v): %v", q, err)
	}
	identity.Profile.Avatar = ""
	return identity
}

func findBearer(t *testing.T, s Subject) {
	site := oauth.Site{AccessTokenLifetime: 1e9, TokenLength: 40}
	s.SetSite(site)
	s.PutProfile(alice, profile())
	held := grant()
	held.RedirectURI = ""
	s.PutGrant(presented(oauth.AccessToken, "a1"), held)
	registered := client()
	want := oauth.Bearer{Site: site, Client: &registered, Grant: &held, Profile: profile()}
	if diff := cmp.Diff(want, mustFindBearer(t, s, "a1"), forJudging()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.DeleteClient(clientID)
	s.DeleteUser(alice)
	want.Client, want.Profile, held.UserExists = nil, oauth.Profile{}, false
	if diff := cmp.Diff(want, mustFindBearer(t, s, "a1"), forJudging()); diff != "" {
		t.Errorf("client and user gone (-want +got):\n%s", diff)
	}
}

func findBearerByteExact(t *testing.T, s Subject) {
	s.PutGrant(presented(oauth.AccessToken, "abcdef"), grant())
	s.PutGrant(presented(oauth.AccessToken, ""), grant())
	s.PutGrant(presented(oauth.RefreshToken, "r1"), grant())
	foreign := grant()
	foreign.ClientID = "VFIXcmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	s.PutGrant(presented(oauth.AccessToken, "foreign"), foreign)
	if bearer := mustFindBearer(t, s, "foreign"); bearer.Grant == nil || bearer.Client != nil {
		t.Errorf("a token of client %q found client %+v", foreign.ClientID, bearer.Client)
	}
	for _, value := range []string{"", "r1", "ABCDEF", "abcdef ", "àbcdef", "\xff", fmt.Sprintf("%0300d", 1)} {
		if bearer := mustFindBearer(t, s, value); bearer.Grant != nil || bearer.Client != nil || bearer.Profile != (oauth.Profile{}) {
			t.Errorf("%.20q: found %+v", value, bearer)
		}
	}
}

func identify(t *testing.T, s Subject) {
	s.PutProfile(alice, profile())
	s.PutKey(clientID, signingKey())
	s.PutGrant(presented(oauth.AuthorizationCode, "c1"), grant())
	stored := oauth.StoredIDToken{OfCode: "head.payl", Current: "head.payload.signature"}
	s.PutIDToken("c1", stored)
	s.SetOpenID("https://example.com/blog/wp-json/moserver", false)
	q := oauth.IdentityQuery{ClientID: clientID, UserID: alice}
	want := oauth.Identity{Issuer: "https://example.com/blog/wp-json/moserver", Key: signingKey(), Profile: profile()}
	if diff := cmp.Diff(want, mustIdentify(t, s, q)); diff != "" {
		t.Errorf("without a code (-want +got):\n%s", diff)
	}
	q.Code, want.Stored = "c1", stored
	if diff := cmp.Diff(want, mustIdentify(t, s, q)); diff != "" {
		t.Errorf("with a code (-want +got):\n%s", diff)
	}
}

func identifyAbsent(t *testing.T, s Subject) {
	s.PutKey(clientID, signingKey())
	s.PutGrant(presented(oauth.AuthorizationCode, "c1"), grant())
	s.PutIDToken("c1", oauth.StoredIDToken{OfCode: "x", Current: "y"})
	s.SetOpenID("", false)
	want := oauth.Identity{Key: oauth.SigningKey{Algorithm: oauth.HS256}}
	for _, q := range []oauth.IdentityQuery{
		{},
		{ClientID: otherID, UserID: 9999, Code: "c0"},
		{ClientID: "VFIXcmmqhaWeAnMjGqwsfVUSlRuUVYXU", UserID: 9999, Code: "C1"},
		{ClientID: clientID + " ", UserID: 9999, Code: "c1 "},
	} {
		if diff := cmp.Diff(want, mustIdentify(t, s, q)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q, diff)
		}
	}
}

// identifySeesChanges: what an administrator changes counts at once.
func identifySeesChanges(t *testing.T, s Subject) {
	q := oauth.IdentityQuery{ClientID: clientID, UserID: alice}
	for _, want := range []oauth.SigningKey{signingKey(), {Algorithm: oauth.HS256, PrivateKey: "x"}, signingKey()} {
		s.PutKey(clientID, want)
		if diff := cmp.Diff(want, mustIdentify(t, s, q).Key); diff != "" {
			t.Errorf("key (-want +got):\n%s", diff)
		}
	}
	for issuer, off := range map[string]bool{"https://example.com/wp-json/moserver": true, "http://example.com/x/?rest_route=/moserver": false} {
		s.SetOpenID(issuer, off)
		if got := mustIdentify(t, s, q); got.Issuer != issuer || got.OpenIDOff != off {
			t.Errorf("issuer %q, off %v; want %q, %v", got.Issuer, got.OpenIDOff, issuer, off)
		}
	}
	changed := profile()
	changed.DisplayName = "Alice Married"
	s.PutProfile(alice, changed)
	if got := mustIdentify(t, s, q).Profile; got != changed {
		t.Errorf("profile is %+v", got)
	}
}

// findIdentity: what an ID token is made of, where it is read along with a grant, is what
// Identify tells, at once after each change.
func findIdentity(t *testing.T, s Subject) {
	s.PutClient(client())
	s.PutProfile(alice, profile())
	s.SetOpenID("https://example.com/wp-json/moserver", false)
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken} {
		g := grant()
		g.Scope = oauth.Scope{"openid", "profile", "email"}
		s.PutGrant(presented(kind, "full"), g)
		g.Scope = oauth.Scope{"OpenID", "openidx", "profile"}
		s.PutGrant(presented(kind, "none"), g)
	}
	s.PutIDToken("full", oauth.StoredIDToken{OfCode: "head.payl", Current: "head.payload.signature"})
	for range 2 { // also after one that needs no ID token
		for _, key := range []oauth.SigningKey{signingKey(), {Algorithm: oauth.HS256, PrivateKey: "x"}} {
			s.PutKey(clientID, key)
			for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken} {
				if got := mustFind(t, s, clientID, presented(kind, "none")).Identity; got != nil {
					t.Errorf("%s without openid: %+v", kind, got)
				}
				q := oauth.IdentityQuery{ClientID: clientID, UserID: alice}
				if kind == oauth.AuthorizationCode {
					q.Code = "full"
				}
				got := mustFind(t, s, clientID, presented(kind, "full")).Identity
				if kind == oauth.AccessToken || got == nil {
					continue // Identify is asked
				}
				got.Profile.Avatar = ""
				if diff := cmp.Diff(mustIdentify(t, s, q), *got); diff != "" {
					t.Errorf("%s (-Identify +Find):\n%s", kind, diff)
				}
			}
		}
	}
}
