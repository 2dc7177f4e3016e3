package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

// mustRotate puts one refresh token in the place of another, with an access
// token of its own.
func mustRotate(t *testing.T, s Subject, old, successor string) {
	t.Helper()
	err := s.Redeem(context.Background(), presented(oauth.RefreshToken, old),
		token(oauth.AccessToken, "access "+successor), token(oauth.RefreshToken, successor))
	if err != nil {
		t.Fatalf("%s to %s: %v", old, successor, err)
	}
}

// rotationOf is the record of a refresh token, its age judged: it may be a
// little more than least, on a busy machine.
func rotationOf(t *testing.T, s Subject, value string, least time.Duration) *oauth.Rotation {
	t.Helper()
	r, err := s.FindRotation(context.Background(), value)
	if err != nil {
		t.Fatal(err)
	}
	if r != nil {
		if r.Age < least || r.Age > least+time.Minute || r.Age%time.Second != 0 {
			t.Errorf("%s: the age is %s, want %s", value, r.Age, least)
		}
		r.Age = 0
	}
	return r
}

func wantRotation(t *testing.T, s Subject, value string, least time.Duration, want *oauth.Rotation) {
	t.Helper()
	if diff := cmp.Diff(want, rotationOf(t, s, value, least)); diff != "" {
		t.Errorf("rotation of %.20q (-want +got):\n%s", value, diff)
	}
}

func recordTo(successor string) *oauth.Rotation {
	return &oauth.Rotation{ClientID: clientID, UserID: alice, Successor: successor}
}

func rotation(t *testing.T, s Subject) {
	s.PutGrant(presented(oauth.RefreshToken, "r0"), grant())
	wantRotation(t, s, "r0", 0, nil)
	mustRotate(t, s, "r0", "r1")
	wantRotation(t, s, "r0", 0, recordTo("r1"))
	s.AgeRotations(time.Hour)
	mustRotate(t, s, "r1", "r2")
	wantRotation(t, s, "r0", time.Hour, recordTo("r1"))
	wantRotation(t, s, "r1", 0, recordTo("r2"))
	wantRotation(t, s, "r2", 0, nil)

	// What comes back, as out of a backup, may be replaced again.
	s.PutGrant(presented(oauth.RefreshToken, "r0"), grant())
	mustRotate(t, s, "r0", "r3")
	wantRotation(t, s, "r0", 0, recordTo("r3"))

	// Only a refresh token that replaces another one is put on record.
	s.PutGrant(presented(oauth.RefreshToken, "kept"), grant())
	s.PutGrant(presented(oauth.AuthorizationCode, "c0"), grant())
	for _, p := range []oauth.Presented{presented(oauth.RefreshToken, "kept"), presented(oauth.AuthorizationCode, "c0")} {
		if err := s.Redeem(context.Background(), p, token(oauth.AccessToken, "access for "+p.Value)); err != nil {
			t.Fatal(err)
		}
		wantRotation(t, s, p.Value, 0, nil)
	}
	s.PutGrant(presented(oauth.AuthorizationCode, "c1"), grant())
	if err := s.Redeem(context.Background(), presented(oauth.AuthorizationCode, "c1"), token(oauth.RefreshToken, "of c1")); err != nil {
		t.Fatal(err)
	}
	wantRotation(t, s, "c1", 0, nil)
}

func rotationByteExact(t *testing.T, s Subject) {
	s.PutGrant(presented(oauth.RefreshToken, "abcdef"), grant())
	mustRotate(t, s, "abcdef", "r1")
	for _, value := range []string{"", "ABCDEF", "abcdef ", "àbcdef", "abcdef\x00", "\xff\xfe", strings.Repeat("abcdef", 100)} {
		wantRotation(t, s, value, 0, nil)
	}
}

// rotationRace: the loser finds the winner's record.
func rotationRace(t *testing.T, s Subject) {
	const takers = 16
	s.PutGrant(presented(oauth.RefreshToken, "r0"), grant())
	var group sync.WaitGroup
	for i := range takers {
		group.Go(func() {
			value := fmt.Sprint("r", i+1)
			err := s.Redeem(context.Background(), presented(oauth.RefreshToken, "r0"),
				token(oauth.AccessToken, fmt.Sprint("a", i)), token(oauth.RefreshToken, value))
			if err != nil && !errors.Is(err, oauth.ErrNotFound) {
				t.Errorf("taker %d: %v", i, err)
				return
			}
			record, findErr := s.FindRotation(context.Background(), "r0")
			if findErr != nil || record == nil {
				t.Errorf("taker %d: after %v the record is %v, %v", i, err, record, findErr)
			} else if (record.Successor == value) != (err == nil) {
				t.Errorf("taker %d: after %v the successor is %s", i, err, record.Successor)
			}
		})
	}
	group.Wait()
	if n := len(s.Tokens(oauth.RefreshToken)); n != 1 {
		t.Errorf("%d refresh tokens, want 1", n)
	}
}

func revocationOf(value string) oauth.Revocation {
	return oauth.Revocation{Presented: presented(oauth.RefreshToken, value), ClientID: clientID, UserID: alice}
}

// revokeRotated: a token that was replaced ends the last of its successors, once,
// and nothing else.
func revokeRotated(t *testing.T, s Subject) {
	for _, reach := range []oauth.Reach{oauth.ReachNone, oauth.ReachAll} {
		for _, value := range []string{"r0", "r1", "r2"} {
			s.PutGrant(presented(oauth.RefreshToken, "r0"), grant())
			s.PutGrant(presented(oauth.RefreshToken, "another"), grant())
			mustRotate(t, s, "r0", "r1")
			mustRotate(t, s, "r1", "r2")
			r := revocationOf(value)
			r.AccessTokens, r.ClientID = reach, otherID
			if mustRevoke(t, s, r) || len(s.Tokens(oauth.RefreshToken)) != 2 {
				t.Errorf("%s: another client has revoked what came of it", value)
			}
			r.ClientID = clientID
			for _, want := range []bool{true, false} {
				if got := mustRevoke(t, s, r); got != want {
					t.Errorf("%s: Revoke says %v, want %v", value, got, want)
				}
			}
			if left := s.Tokens(oauth.RefreshToken); len(left) != 1 || left[0].Value != "another" {
				t.Errorf("%s: the refresh tokens that are left are %+v", value, left)
			}
			if left := len(s.Tokens(oauth.AccessToken)); (left == 0) != (reach == oauth.ReachAll) {
				t.Errorf("%s, reach %d: %d access tokens are left", value, reach, left)
			}
			mustRevoke(t, s, revocationOf("another"))
		}
	}
}

// revokeFarRotated: a thief cannot get away by many rotations.
func revokeFarRotated(t *testing.T, s Subject) {
	name := func(i int) string { return fmt.Sprint("r", i) }
	s.PutGrant(presented(oauth.RefreshToken, "another"), grant())
	s.PutGrant(presented(oauth.RefreshToken, name(0)), grant())
	rotate := func(from, to int) {
		for i := from; i < to; i++ {
			err := s.Redeem(context.Background(), presented(oauth.RefreshToken, name(i)), token(oauth.RefreshToken, name(i+1)))
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	rotate(0, oauth.MaxRotations)
	if !mustRevoke(t, s, revocationOf(name(0))) || len(s.Tokens(oauth.RefreshToken)) != 1 {
		t.Error("the last successor that is followed to was not ended alone")
	}
	ofBob := grant()
	ofBob.UserID = bob
	s.PutGrant(presented(oauth.RefreshToken, "of bob"), ofBob)
	s.PutGrant(presented(oauth.RefreshToken, name(oauth.MaxRotations)), grant())
	rotate(oauth.MaxRotations, oauth.MaxRotations+1)
	if !mustRevoke(t, s, revocationOf(name(0))) {
		t.Error("the one that is too far away was not ended")
	}
	if left := s.Tokens(oauth.RefreshToken); len(left) != 1 || left[0].Value != "of bob" {
		t.Errorf("the refresh tokens that are left are %+v, want bob's", left)
	}
}

// revokeRace ends a token while it is replaced again and again. Nothing may
// come of it after the end, and nothing of what came of it be left.
func revokeRace(t *testing.T, s Subject) {
	const rounds = 21
	for round := range rounds {
		code := fmt.Sprint("c", round)
		s.PutGrant(presented(oauth.RefreshToken, member(code, 0)), grant())
		var over atomic.Bool
		var group sync.WaitGroup
		group.Go(func() { rotateUntil(t, s, code, &over) })
		r := revocationOf(member(code, 0))
		r.AccessTokens = oauth.Reach(round % 3)
		if !mustRevoke(t, s, r) {
			t.Error("Revoke says that there was nothing")
		}
		over.Store(true)
		group.Wait()
		if left := s.Tokens(oauth.RefreshToken); len(left) != 0 {
			t.Fatalf("refresh tokens are left: %+v", left)
		}
		for _, left := range s.Tokens(oauth.AccessToken) {
			if r.AccessTokens != oauth.ReachNone && strings.HasPrefix(left.Value, member(code, 0)[:20]) {
				t.Fatalf("reach %d: an access token is left", r.AccessTokens)
			}
		}
	}
}

// rotateUntil replaces a refresh token of a code, and each that replaces it, until it is
// over with them. The first is member 0, the next 1.
func rotateUntil(t *testing.T, s Subject, code string, over *atomic.Bool) {
	for i, last := 0, false; !last; i++ {
		last = over.Load()
		err := s.Redeem(context.Background(), presented(oauth.RefreshToken, member(code, i)),
			token(oauth.AccessToken, member(code, i)), token(oauth.RefreshToken, member(code, i+1)))
		if errors.Is(err, oauth.ErrNotFound) {
			return
		}
		if err != nil || last {
			t.Errorf("Redeem returned %v, after the end: %v", err, last)
			return
		}
	}
}
