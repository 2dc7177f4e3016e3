package store_test

import (
	"context"
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// newRotatingSite makes a site with the table of rotations.
func newRotatingSite(t sandboxtest.T, server *sandbox.Server) *site {
	t.Helper()
	s := newSite(t, server)
	s.CreateRotations()
	return s
}

func (s *site) AgeRotations(d time.Duration) {
	s.T.Helper()
	s.Exec("UPDATE {}moserver_rotated_tokens SET rotated = rotated - INTERVAL ? SECOND", int(d.Seconds()))
}

// records is the number of rotations on record.
func (s *site) records() int {
	s.T.Helper()
	return s.Ints("SELECT COUNT(*) FROM {}moserver_rotated_tokens")[0]
}

// putRefreshToken stores a refresh token as it is stored for a code.
func (s *site) putRefreshToken(value string) oauth.Presented {
	s.T.Helper()
	s.PutGrant(refreshToken(value), oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour(), Scope: oauth.Scope{"email"}})
	return refreshToken(value)
}

// successor is what is on record for a refresh token, empty if nothing is.
func (s *site) successor(value string) string {
	s.T.Helper()
	r, err := s.FindRotation(within(s.T, patience), value)
	if err != nil {
		s.T.Fatal(err)
	}
	if r == nil {
		return ""
	}
	return r.Successor
}

// What is on record is the hash of the token, and when it was replaced in UTC,
// whatever the server's time zone.
func TestRotationRow(t *testing.T) {
	s := newRotatingSite(t, sandboxtest.Start(t, sandbox.Options{TimeZone: "Asia/Tokyo"}))
	before := time.Now().Add(-time.Second)
	if err := s.Redeem(within(t, patience), s.putRefreshToken("r0"), pair("1")...); err != nil {
		t.Fatal(err)
	}
	got := s.Strings("SELECT CONCAT_WS(' ', token_hash = UNHEX(SHA2('r0', 256)), client_id, user_id, successor) FROM {}moserver_rotated_tokens")
	if want := []string{fmt.Sprintf("1 %s %d r1", clientID, alice)}; !slices.Equal(got, want) {
		t.Errorf("the rows are %q, want %q", got, want)
	}
	rotated, err := time.Parse(time.DateTime, s.Strings("SELECT rotated FROM {}moserver_rotated_tokens")[0])
	if err != nil || rotated.Before(before.UTC().Truncate(time.Second)) || rotated.After(time.Now().UTC()) {
		t.Errorf("replaced at %s (%v), and that was after %s", rotated, err, before.UTC())
	}
}

// Whatever becomes of a connection, the record is there once its rotation is.
func TestCutRotation(t *testing.T) {
	rotate := func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		s.CreateRotations()
		if err := s.Redeem(within(t, patience), s.putRefreshToken("r0"), pair("1")...); err != nil {
			t.Fatal(err)
		}
		s.checkPair("1")
		if got := s.successor("r0"); got != "r1" || s.records() != 1 {
			t.Errorf("%d records, of which r0 was replaced by %q", s.records(), got)
		}
	}
	cuts(t, []string{"START TRANSACTION; DELETE", "INSERT"}, rotate)
	cutsOn(t, newSite, (*site).throughSingle, []string{"DELETE", "REPLACE", "COMMIT"}, rotate)
}

func TestCutRevokeRotated(t *testing.T) {
	cuts(t, []string{"DELETE", "SELECT"}, func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		s.CreateRotations()
		if err := s.Redeem(within(t, patience), s.putRefreshToken("r0"), pair("1")...); err != nil {
			t.Fatal(err)
		}
		r := oauth.Revocation{Presented: refreshToken("r0"), ClientID: clientID, UserID: alice, AccessTokens: oauth.ReachAll}
		if ended, err := s.Revoke(within(t, patience), r); err != nil || !ended {
			t.Fatalf("Revoke returned %v, %v", ended, err)
		}
		if n := s.Count("access_tokens") + s.Count("refresh_tokens"); n != 0 {
			t.Errorf("%d tokens are left", n)
		}
	})
}

// Who loses against another process finds the winner's record at once.
func TestRotationOfTwoProcesses(t *testing.T) {
	const tokens, takers = 30, 4
	s := newRotatingSite(t, database)
	processes := []*site{s, s.reopen(nil)}
	var mu sync.Mutex
	successors := map[string]map[string]bool{}
	var group sync.WaitGroup
	for i := range tokens {
		s.putRefreshToken(fmt.Sprint("old", i))
	}
	for i := range tokens * takers {
		group.Go(func() {
			old := fmt.Sprint("old", i/takers)
			process := processes[i%2]
			err := process.Redeem(within(t, 2*patience), refreshToken(old), pair(fmt.Sprint(i))...)
			if err != nil && !errors.Is(err, oauth.ErrNotFound) {
				t.Errorf("%s: %v", old, err)
				return
			}
			r, err := process.FindRotation(within(t, 2*patience), old)
			if r == nil || err != nil {
				t.Errorf("%s: the record is %v, %v", old, r, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if successors[old] == nil {
				successors[old] = map[string]bool{}
			}
			successors[old][r.Successor] = true
		})
	}
	group.Wait()
	for old, of := range successors {
		if len(of) != 1 {
			t.Errorf("%s has the successors %v", old, of)
		}
	}
	if n := s.Count("refresh_tokens"); n != tokens {
		t.Errorf("%d refresh tokens for %d", n, tokens)
	}
}

// Records that lead in a circle, which no rotation makes, must not hold a
// request.
func TestRotationCircle(t *testing.T) {
	s := newRotatingSite(t, database)
	for old, successor := range map[string]string{"r0": "r1", "r1": "r0"} {
		s.Exec("INSERT INTO {}moserver_rotated_tokens VALUES (UNHEX(SHA2(?, 256)), ?, ?, ?, UTC_TIMESTAMP())", old, clientID, alice, successor)
	}
	s.putRefreshToken("another")
	ended, err := s.Revoke(within(t, patience), oauth.Revocation{Presented: refreshToken("r0"), ClientID: clientID, UserID: alice})
	if !ended || err != nil || s.Count("refresh_tokens") != 0 {
		t.Errorf("Revoke returned %v, %v; %d refresh tokens are left", ended, err, s.Count("refresh_tokens"))
	}
}

// A look for a record locks nothing, and waits for nobody.
func TestFindRotationLocksNothing(t *testing.T) {
	s := newRotatingSite(t, database)
	if err := s.Redeem(within(t, patience), s.putRefreshToken("r0"), pair("1")...); err != nil {
		t.Fatal(err)
	}
	other := s.Session()
	s.On(other, "BEGIN", "SELECT * FROM {}moserver_rotated_tokens FOR UPDATE", "SELECT * FROM {}moos_oauth_refresh_tokens FOR UPDATE")
	if got := s.successor("r0"); got != "r1" {
		t.Errorf("r0 was replaced by %q", got)
	}
	if got := s.successor("garbage"); got != "" {
		t.Errorf("garbage was replaced by %q", got)
	}
	s.On(other, "ROLLBACK")
	if _, err := s.FindRotation(context.Background(), "r0"); err != nil {
		t.Error(err)
	}
}

// TestRevokeOftenRotated: to present a token that was replaced many times costs as much as
// one that was replaced once, or a client could keep the database busy with a few requests.
func TestRevokeOftenRotated(t *testing.T) {
	const rotations, most = 100, 12
	for _, first := range []string{familyOf("c") + strings.Repeat("0", 32), "PHP's own"} {
		s := newMigratedSite(t, database)
		s.putRefreshToken("another")
		last := s.putRefreshToken(first)
		for i := range rotations {
			next := refreshToken(oauth.FamilyOf(last) + fmt.Sprintf("%032x", i+1))
			if err := s.Redeem(within(t, patience), last, newToken(oauth.RefreshToken, next.Value)); err != nil {
				t.Fatal(err)
			}
			last = next
		}
		r := oauth.Revocation{Presented: refreshToken(first), ClientID: clientID, UserID: alice, AccessTokens: oauth.ReachGrant}
		for _, want := range []bool{true, false} {
			before := s.Status("Questions")
			ended, err := s.Revoke(within(t, patience), r)
			if n := s.Status("Questions") - before; ended != want || err != nil || n > most {
				t.Errorf("%.9s: Revoke returned %v, %v and took %d statements", first, ended, err, n)
			}
		}
		if left := s.Strings("SELECT refresh_token FROM {}moos_oauth_refresh_tokens"); !slices.Equal(left, []string{"another"}) {
			t.Errorf("%.9s: %q are left", first, left)
		}
	}
}
