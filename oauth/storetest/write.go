package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

func issue(t *testing.T, s Subject) {
	never := token(oauth.RefreshToken, "r1")
	never.Expires = time.Time{}
	want := []oauth.Token{token(oauth.AccessToken, "a1"), never}
	if err := s.Issue(context.Background(), want...); err != nil {
		t.Fatal(err)
	}
	got := append(s.Tokens(oauth.AccessToken), s.Tokens(oauth.RefreshToken)...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func redeem(t *testing.T, s Subject) {
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken} {
		p := presented(kind, "taken")
		s.PutGrant(p, grant())
		s.PutGrant(presented(kind, "kept"), grant())
		access := token(oauth.AccessToken, "access for "+string(kind))
		if err := s.Redeem(context.Background(), p, access); err != nil {
			t.Fatal(err)
		}
		if mustFind(t, s, clientID, p).Grant != nil {
			t.Errorf("%s is still there", kind)
		}
		if mustFind(t, s, clientID, presented(kind, "kept")).Grant == nil {
			t.Errorf("another %s is gone", kind)
		}
		if mustFind(t, s, clientID, presented(access.Kind, access.Value)).Grant == nil {
			t.Errorf("the access token for the %s is not there", kind)
		}
	}
}

func redeemAbsent(t *testing.T, s Subject) {
	err := s.Redeem(context.Background(), presented(oauth.AuthorizationCode, "c0"), token(oauth.AccessToken, "a0"))
	if !errors.Is(err, oauth.ErrNotFound) || errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("Redeem returned %v", err)
	}
	if stored := s.Tokens(oauth.AccessToken); len(stored) != 0 {
		t.Errorf("the loser has stored %v", stored)
	}
}

// redeemRace lets many callers at once take each of several codes.
func redeemRace(t *testing.T, s Subject) {
	const codes, takers = 40, 8
	winners := make([]int, codes)
	var mu sync.Mutex
	var group sync.WaitGroup
	for code := range codes {
		s.PutGrant(presented(oauth.AuthorizationCode, fmt.Sprint("c", code)), grant())
	}
	for i := range codes * takers {
		group.Go(func() {
			code := i % codes
			err := s.Redeem(context.Background(), presented(oauth.AuthorizationCode, fmt.Sprint("c", code)),
				token(oauth.AccessToken, fmt.Sprint("a", i)), token(oauth.RefreshToken, fmt.Sprint("r", i)))
			if err != nil && !errors.Is(err, oauth.ErrNotFound) {
				t.Errorf("taker %d: %v", i, err)
			}
			if err == nil {
				mu.Lock()
				winners[code]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for code, n := range winners {
		if n != 1 {
			t.Errorf("code %d has %d winners", code, n)
		}
	}
	for _, kind := range []oauth.Kind{oauth.AccessToken, oauth.RefreshToken} {
		if n := len(s.Tokens(kind)); n != codes {
			t.Errorf("%d rows of %s for %d codes", n, kind, codes)
		}
	}
}

func mustRevoke(t *testing.T, s Subject, r oauth.Revocation) (ended bool) {
	t.Helper()
	ended, err := s.Revoke(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

func revoke(t *testing.T, s Subject) {
	for _, kind := range []oauth.Kind{oauth.AccessToken, oauth.RefreshToken} {
		s.PutGrant(presented(kind, "t1"), grant())
		s.PutGrant(presented(kind, "t2"), grant())
		r := oauth.Revocation{Presented: presented(kind, "t1"), ClientID: otherID, UserID: alice}
		if mustRevoke(t, s, r) || mustFind(t, s, clientID, r.Presented).Grant == nil {
			t.Errorf("%s: another client has revoked it", kind)
		}
		r.ClientID = clientID
		for _, want := range []bool{true, false} { // the second time there is nothing to revoke
			if got := mustRevoke(t, s, r); got != want {
				t.Errorf("%s: Revoke says %v, want %v", kind, got, want)
			}
		}
		if n := len(s.Tokens(kind)); n != 1 {
			t.Errorf("%d rows of %s are left, want 1", n, kind)
		}
	}
}

func revokeAccessTokens(t *testing.T, s Subject) {
	s.PutGrant(presented(oauth.RefreshToken, "r1"), grant())
	s.PutGrant(presented(oauth.AccessToken, "a1"), grant())
	ofBob, ofOther := grant(), grant()
	ofBob.UserID, ofOther.ClientID = bob, otherID
	s.PutGrant(presented(oauth.AccessToken, "a2"), ofBob)
	s.PutGrant(presented(oauth.AccessToken, "a3"), ofOther)
	r := oauth.Revocation{
		Presented: presented(oauth.RefreshToken, "r1"), ClientID: clientID, UserID: alice, AccessTokens: oauth.ReachAll,
	}
	mustRevoke(t, s, r)
	if mustFind(t, s, clientID, presented(oauth.AccessToken, "a1")).Grant != nil {
		t.Error("the user's access token at the client is still there")
	}
	if n := len(s.Tokens(oauth.AccessToken)); n != 2 {
		t.Errorf("%d access tokens are left, want those of the other user and of the other client", n)
	}
	s.PutGrant(presented(oauth.AccessToken, "a4"), grant())
	if mustRevoke(t, s, r) || mustFind(t, s, clientID, presented(oauth.AccessToken, "a4")).Grant == nil {
		t.Error("a token that is not there any more has taken an access token along")
	}
}
