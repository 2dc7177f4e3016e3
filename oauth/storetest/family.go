package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

// member is a token of the form of those that are issued for a code.
func member(code string, number int) string {
	return oauth.FamilyOf(presented(oauth.AuthorizationCode, code)) + fmt.Sprintf("%032x", number)
}

// putAccess stores access tokens of alice at the client.
func putAccess(s Subject, values ...string) {
	for _, value := range values {
		s.PutGrant(presented(oauth.AccessToken, value), grant())
	}
}

// wantAccess holds the access tokens that are left to those that should be.
func wantAccess(t *testing.T, s Subject, what string, want ...string) {
	t.Helper()
	var left []string
	for _, token := range s.Tokens(oauth.AccessToken) {
		left = append(left, token.Value)
	}
	slices.Sort(left)
	slices.Sort(want)
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("%s: access tokens (-want +left):\n%s", what, diff)
	}
}

// revokeGrant: a refresh token ends the access tokens in reach, and none of another grant,
// user or client, also where theirs begin alike or differ in their case only.
func revokeGrant(t *testing.T, s Subject) {
	refresh, own := member("c1", 0), member("c1", 1)
	another, shouted := member("c2", 1), strings.ToUpper(member("c1", 2))
	ofBob, ofOther := member("c1", 3), member("c1", 4)
	for reach, want := range map[oauth.Reach][]string{
		oauth.ReachGrant: {another, shouted, ofBob, ofOther},
		oauth.ReachAll:   {ofBob, ofOther},
		oauth.ReachNone:  {own, another, shouted, ofBob, ofOther},
	} {
		s.PutGrant(presented(oauth.RefreshToken, refresh), grant())
		s.PutGrant(presented(oauth.RefreshToken, member("c1", 9)), grant()) // which stays
		putAccess(s, own, another, shouted)
		bobs, others := grant(), grant()
		bobs.UserID, others.ClientID = bob, otherID
		s.PutGrant(presented(oauth.AccessToken, ofBob), bobs)
		s.PutGrant(presented(oauth.AccessToken, ofOther), others)
		r := revocationOf(refresh)
		r.AccessTokens = reach
		if !mustRevoke(t, s, r) || len(s.Tokens(oauth.RefreshToken)) != 1 {
			t.Errorf("reach %d: the refresh token was not ended, or more than that", reach)
		}
		wantAccess(t, s, fmt.Sprint("reach ", reach), want...)
		if mustRevoke(t, s, r) {
			t.Error("it was there once more")
		}
		for kind, values := range map[oauth.Kind][]string{oauth.AccessToken: want, oauth.RefreshToken: {member("c1", 9)}} {
			for _, value := range values {
				for _, id := range []string{clientID, otherID} {
					mustRevoke(t, s, oauth.Revocation{Presented: presented(kind, value), ClientID: id, AccessTokens: oauth.ReachNone})
				}
			}
		}
	}
}

// revokeForeignGrant: what was issued here for a refresh token of PHP's ends with it,
// also if that was replaced, once before the form of tokens was ours.
func revokeForeignGrant(t *testing.T, s Subject) {
	of := func(refreshToken string, number int) string {
		return oauth.FamilyOf(presented(oauth.RefreshToken, refreshToken)) + fmt.Sprintf("%032x", number)
	}
	for php, chain := range map[string][]string{
		"php0": {"php0"},
		"php1": {"php1", of("php1", 0), of("php1", 1)},
		"php2": {"old", "php2"},
	} {
		s.PutGrant(presented(oauth.RefreshToken, chain[0]), grant())
		for i, successor := range chain[1:] {
			err := s.Redeem(context.Background(), presented(oauth.RefreshToken, chain[i]), token(oauth.RefreshToken, successor))
			if err != nil {
				t.Fatal(err)
			}
		}
		putAccess(s, of(php, 5), of("another", 6), "php's own")
		if !mustRevoke(t, s, revocationOf(chain[0])) || len(s.Tokens(oauth.RefreshToken)) != 0 {
			t.Errorf("%s: the refresh token was not ended", php)
		}
		wantAccess(t, s, php, of("another", 6), "php's own")
		for _, value := range []string{of("another", 6), "php's own"} {
			mustRevoke(t, s, oauth.Revocation{Presented: presented(oauth.AccessToken, value), ClientID: clientID})
		}
	}
}

// revokeByAccess: an access token stands for its grant where there is no refresh token.
func revokeByAccess(t *testing.T, s Subject) {
	putAccess(s, member("c1", 1), member("c1", 2), member("c2", 1), "php's own", "php's other")
	for _, value := range []string{member("c1", 3), member("c1", 2), "php's own"} {
		r := oauth.Revocation{Presented: presented(oauth.AccessToken, value), ClientID: clientID, UserID: alice}
		if mustRevoke(t, s, r) != (value != member("c1", 3)) {
			t.Errorf("Revoke says that %.24s… was there, or was not", value)
		}
	}
	wantAccess(t, s, "by access token", member("c2", 1), "php's other")
}

// findFamily: of one client, byte for byte, with the refresh token first.
func findFamily(t *testing.T, s Subject) {
	family := oauth.FamilyOf(presented(oauth.AuthorizationCode, "c1"))
	want := func(what, id, family string, want *oauth.Family) {
		t.Helper()
		got, err := s.FindFamily(context.Background(), id, family)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	putAccess(s, member("c2", 1), "a1")
	first, later, last := grant(), grant(), grant()
	later.Expires, last.Expires = first.Expires.Add(time.Minute), first.Expires.Add(time.Hour)
	s.PutGrant(presented(oauth.AccessToken, strings.ToUpper(member("c1", 1))), last)
	want("absent", clientID, family, nil)
	s.PutGrant(presented(oauth.AccessToken, member("c1", 2)), later)
	found := &oauth.Family{Token: presented(oauth.AccessToken, member("c1", 2)), UserID: alice, Oldest: later.Expires}
	want("one access token", clientID, family, found)
	s.PutGrant(presented(oauth.AccessToken, member("c1", 3)), last)
	s.PutGrant(presented(oauth.AccessToken, member("c1", 1)), first)
	s.PutGrant(presented(oauth.RefreshToken, member("c1", 4)), last)
	found.Token, found.Oldest = presented(oauth.RefreshToken, member("c1", 4)), first.Expires
	want("all", clientID, family, found)
	want("another client's", otherID, family, nil)
	want("in another case", clientID, strings.ToUpper(family), &oauth.Family{
		Token: presented(oauth.AccessToken, strings.ToUpper(member("c1", 1))), UserID: alice, Oldest: last.Expires})
	s.PutGrant(presented(oauth.RefreshToken, member("c3", 0)), grant())
	want("a refresh token alone", clientID, oauth.FamilyOf(presented(oauth.AuthorizationCode, "c3")),
		&oauth.Family{Token: presented(oauth.RefreshToken, member("c3", 0)), UserID: alice})
}

// revokeIssued: every access token that was stored before the end is gone, also while
// others of the grant are being stored.
func revokeIssued(t *testing.T, s Subject) {
	const writers, each = 8, 10
	for round := range 5 {
		code := fmt.Sprint("c", round)
		s.PutGrant(presented(oauth.RefreshToken, member(code, 0)), grant())
		var mu sync.Mutex
		var stored []string
		var group sync.WaitGroup
		enough := make(chan struct{})
		for writer := range writers {
			group.Go(func() {
				for i := range each {
					value := member(code, 1+writer*each+i)
					if err := s.Issue(context.Background(), token(oauth.AccessToken, value)); err != nil {
						t.Error(err)
					}
					mu.Lock()
					if stored = append(stored, value); len(stored) == writers*each/2 {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		mu.Lock()
		before := slices.Clone(stored)
		mu.Unlock()
		mustRevoke(t, s, revocationOf(member(code, 0)))
		group.Wait()
		for _, left := range s.Tokens(oauth.AccessToken) {
			if slices.Contains(before, left.Value) {
				t.Errorf("round %d: a token that was stored before the end is left", round)
			}
		}
	}
}
