// Package storetest holds every oauth.Store to what the interface promises.
// The same suite runs on the store in memory and on WordPress's database, so
// what is tested on the one can be trusted of the other.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"moserver-sidecar/oauth"
)

// Subject is a store under test, with the means to set up and to look at what
// it keeps.
type Subject interface {
	oauth.Store
	SetSite(oauth.Site)
	SetOpenID(issuer string, off bool)
	PutClient(oauth.Client)
	DeleteClient(id string)
	PutUser(id int64)
	DeleteUser(id int64)
	PutProfile(id int64, p oauth.Profile) // Avatar is the store's own
	PutKey(clientID string, key oauth.SigningKey)
	PutIDToken(code string, stored oauth.StoredIDToken) // beside a code that is there
	PutGrant(oauth.Presented, oauth.Grant)              // UserExists is not kept
	Tokens(oauth.Kind) []oauth.Token                    // in any order
	AgeRotations(time.Duration)                         // those on record are as much older
}

const (
	alice    = int64(2)
	bob      = int64(3)
	clientID = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	otherID  = "HsClientHsClientHsClientHsClient"
)

// Run runs the suite. newSubject returns an empty store each time.
func Run(t *testing.T, newSubject func(*testing.T) Subject) {
	tests := map[string]func(*testing.T, Subject){
		"find absent":                 findAbsent,
		"find client":                 findClient,
		"find site":                   findSite,
		"find grant":                  findGrant,
		"find is byte-exact":          findByteExact,
		"find sees changes at once":   findSeesChanges,
		"find bearer":                 findBearer,
		"find bearer is byte-exact":   findBearerByteExact,
		"public clients":              publicClients,
		"find identity":               findIdentity,
		"identify":                    identify,
		"identify absent":             identifyAbsent,
		"identify sees changes":       identifySeesChanges,
		"issue":                       issue,
		"redeem":                      redeem,
		"redeem what is not there":    redeemAbsent,
		"redeem has one winner":       redeemRace,
		"revoke":                      revoke,
		"revoke with access tokens":   revokeAccessTokens,
		"revoke ends a grant":         revokeGrant,
		"revoke ends PHP's grant":     revokeForeignGrant,
		"revoke by access token":      revokeByAccess,
		"revoke overtakes issues":     revokeIssued,
		"find family":                 findFamily,
		"rotation":                    rotation,
		"rotation is byte-exact":      rotationByteExact,
		"rotation has one winner":     rotationRace,
		"revoke follows rotations":    revokeRotated,
		"revoke follows many":         revokeFarRotated,
		"revoke overtakes rotations":  revokeRace,
		"ready":                       ready,
		"a finished deadline is said": deadline,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSubject(t)
			s.PutUser(alice)
			s.PutUser(bob)
			s.PutClient(client())
			test(t, s)
		})
	}
}

func client() oauth.Client {
	return oauth.Client{
		ID: clientID, Confidential: true, Secret: "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ",
		RedirectURIs: []string{"https://a.example.com/cb", "https://b.example.com/cb"},
	}
}

func grant() oauth.Grant {
	return oauth.Grant{
		ClientID: clientID, UserID: alice, UserExists: true, RedirectURI: "https://a.example.com/cb",
		Expires: soon(), Scope: oauth.Scope{"profile", "email"},
	}
}

func soon() time.Time { return time.Now().UTC().Truncate(time.Second).Add(time.Hour) }

func token(kind oauth.Kind, value string) oauth.Token {
	return oauth.Token{
		Kind: kind, Value: value, ClientID: clientID, UserID: alice,
		Expires: soon(), Scope: oauth.Scope{"email"},
	}
}

func presented(kind oauth.Kind, value string) oauth.Presented {
	return oauth.Presented{Kind: kind, Value: value}
}

func kinds() []oauth.Kind {
	return []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken}
}

func mustFind(t *testing.T, s Subject, id string, p oauth.Presented) oauth.Facts {
	t.Helper()
	facts, err := s.Find(context.Background(), id, p)
	if err != nil {
		t.Fatalf("Find(%q, %v): %v", id, p, err)
	}
	return facts
}

func publicClients(t *testing.T, s Subject) {
	want := func(what string, want bool) {
		t.Helper()
		if got, err := s.PublicClients(context.Background()); got != want || err != nil {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	want("without clients", false)
	s.PutClient(oauth.Client{ID: otherID, Confidential: true, Secret: "secret"})
	want("with a confidential client", false)
	s.PutClient(oauth.Client{ID: clientID})
	want("with a public client", true)
	s.DeleteClient(clientID)
	want("when it is gone", false)
}

func findAbsent(t *testing.T, s Subject) {
	s.PutGrant(presented(oauth.AuthorizationCode, ""), grant())
	for _, kind := range kinds() {
		for _, value := range []string{"", "nope", "\xff\xfe", "a\x00b", fmt.Sprintf("%0300d", 1)} {
			facts := mustFind(t, s, value, presented(kind, value))
			if facts.Client != nil || facts.Grant != nil {
				t.Errorf("%s %.20q: found %+v", kind, value, facts)
			}
		}
	}
}

// forJudging leaves out what only the log is told of a client.
func forJudging() cmp.Option { return cmpopts.IgnoreFields(oauth.Client{}, "Encrypted", "Otherwise") }

func findClient(t *testing.T, s Subject) {
	want := client()
	if diff := cmp.Diff(&want, mustFind(t, s, clientID, presented(oauth.RefreshToken, "r0")).Client, forJudging()); diff != "" {
		t.Errorf("confidential client (-want +got):\n%s", diff)
	}
	public := oauth.Client{ID: "public", RedirectURIs: []string{"https://spa.example.com/cb"}}
	s.PutClient(public)
	if diff := cmp.Diff(&public, mustFind(t, s, "public", presented(oauth.RefreshToken, "r0")).Client, forJudging()); diff != "" {
		t.Errorf("public client (-want +got):\n%s", diff)
	}
}

func findSite(t *testing.T, s Subject) {
	for _, want := range []oauth.Site{
		{AccessTokenLifetime: time.Hour, TokenLength: 32},
		{AccessTokenLifetime: 2 * time.Minute, RefreshTokenLifetime: 10 * time.Minute, TokenLength: 64},
		{SwitchedOff: true, AccessTokenLifetime: time.Hour, TokenLength: 32},
		{Deactivated: true, AccessTokenLifetime: time.Hour, TokenLength: 32},
	} {
		s.SetSite(want)
		for _, id := range []string{clientID, "nobody", ""} {
			if got := mustFind(t, s, id, oauth.Presented{}).Site; got != want {
				t.Errorf("client %q: site is %+v, want %+v", id, got, want)
			}
		}
	}
}

func findGrant(t *testing.T, s Subject) {
	for _, kind := range kinds() {
		want := grant()
		if kind != oauth.AuthorizationCode {
			want.RedirectURI = ""
		}
		p := presented(kind, "abc")
		s.PutGrant(p, want)
		if diff := cmp.Diff(&want, mustFind(t, s, "nobody", p).Grant); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	never := grant()
	never.RedirectURI, never.Expires = "", time.Time{}
	p := presented(oauth.RefreshToken, "never")
	s.PutGrant(p, never)
	if diff := cmp.Diff(&never, mustFind(t, s, clientID, p).Grant); diff != "" {
		t.Errorf("token that never expires (-want +got):\n%s", diff)
	}
}

func ready(t *testing.T, s Subject) {
	if err := s.Ready(context.Background()); err != nil {
		t.Error(err)
	}
}

// deadline: a request whose time is up may be refused as unavailable, or served;
// it must not be told that the grant is not there.
func deadline(t *testing.T, s Subject) {
	p := presented(oauth.AuthorizationCode, "c0")
	s.PutGrant(p, grant())
	ctx, cancel := context.WithTimeout(context.Background(), -time.Second)
	defer cancel()
	if facts, err := s.Find(ctx, clientID, p); err == nil && facts.Grant == nil {
		t.Error("Find says that the code is not there")
	}
	if err := s.Redeem(ctx, p, token(oauth.AccessToken, "a0")); errors.Is(err, oauth.ErrNotFound) {
		t.Error("Redeem says that the code is not there")
	}
}
