package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestRedeemTrips: what a redemption sends when nobody else has one.
func TestRedeemTrips(t *testing.T) {
	for name, c := range map[string]struct {
		site          makeSite
		through       func(*site, *sandboxtest.Proxy) *site
		code, refresh []string
		gone          []string
	}{
		"before migrate": {newRotatingSite, (*site).through,
			[]string{"START DELETE", "INSERT INSERT COMMIT"}, []string{"START DELETE", "INSERT INSERT REPLACE COMMIT"},
			[]string{"START DELETE", "SELECT", "ROLLBACK"}},
		"after migrate": {newMigratedSite, (*site).through,
			[]string{"START DELETE", "INSERT INSERT COMMIT"}, []string{"START DELETE", "INSERT INSERT REPLACE COMMIT"},
			[]string{"START DELETE", "SELECT", "ROLLBACK"}},
		"one by one": {newMigratedSite, (*site).throughSingle,
			[]string{"START", "DELETE", "INSERT", "INSERT", "COMMIT"}, []string{"START", "DELETE", "INSERT", "INSERT", "REPLACE", "COMMIT"},
			[]string{"START", "DELETE", "SELECT", "ROLLBACK"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, database)
			s := c.through(c.site(t, database), p)
			s.learnIndexes()
			code, token := s.putCode("c1"), s.putRefreshToken("old")
			for i, step := range []struct {
				taken oauth.Presented
				err   error
				want  []string
			}{{code, nil, c.code}, {token, nil, c.refresh}, {code, oauth.ErrNotFound, c.gone}} {
				got := trips(p, func() {
					if err := s.Redeem(within(t, patience), step.taken, pair(fmt.Sprint(i))...); !errors.Is(err, step.err) {
						t.Error(err)
					}
				})
				if !slices.Equal(got, step.want) {
					t.Errorf("%v is sent, want %v", got, step.want)
				}
			}
			if got := s.successor("old"); got != "r1" {
				t.Errorf("the successor is %q", got)
			}
		})
	}
}

// TestRedeemBatch: of one transaction each has its own outcome.
func TestRedeemBatch(t *testing.T) {
	s := newMigratedSite(t, database)
	for _, value := range []string{"twice", "twice", "quote'd\\", "CASE", "kept", "é"} {
		s.putRefreshToken(value)
	}
	values := []string{"twice", "dead", "twice", "quote'd\\", "case", "CASE", "kept ", "", "é", "e", strings.Repeat("x", 300)}
	want := []bool{true, false, false, true, false, true, false, false, true, false, false}
	var batch []oauth.Presented
	var tokens [][]oauth.Token
	for i, value := range values {
		batch, tokens = append(batch, refreshToken(value)), append(tokens, pair(fmt.Sprint(i)))
	}
	tokens[3] = tokens[3][:1] // no refresh token
	won, err := s.RedeemTogether(within(t, patience), batch, tokens)
	if err != nil || !slices.Equal(won, want) {
		t.Errorf("won are %v, %v; want %v", won, err, want)
	}
	s.wantRows("access_token", "a0", "a3", "a5", "a8")
	s.wantRows("refresh_token", "kept", "r0", "r5", "r8")
	for value, want := range map[string]string{"twice": "r0", "CASE": "r5", "é": "r8", "quote'd\\": "", "dead": "", "case": ""} {
		if got := s.successor(value); got != want {
			t.Errorf("the successor of %q is %q, want %q", value, got, want)
		}
	}
}

// wantRows checks which access tokens, refresh tokens or codes are there.
func (s *site) wantRows(kind string, want ...string) {
	s.T.Helper()
	got := s.Strings("SELECT " + kind + " FROM {}moos_oauth_" + kind + "s")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.T.Errorf("the %ss are %q, want %q", kind, got, want)
	}
}

// gatherings counts what the store tells of shared statements.
type gatherings struct {
	mu              sync.Mutex
	requests, calls int
}

func (g *gatherings) of(s *site) *site {
	s.Gathered = func(kind string, requests int) {
		if kind == "redeem" {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.requests += requests
			g.calls++
		}
	}
	return s
}

// TestRedeemAtOnce: two processes, and of each refresh token the same few takers, some of
// whom come for tokens that nobody has.
func TestRedeemAtOnce(t *testing.T) {
	const tokens, takers, dead = 64, 6, 8
	for name, newSite := range map[string]makeSite{"before migrate": newRotatingSite, "after migrate": newMigratedSite} {
		t.Run(name, func(t *testing.T) {
			var g gatherings
			s := newSite(t, database)
			processes := []*site{g.of(s), g.of(s.reopen(nil))}
			for _, process := range processes {
				process.learnIndexes()
			}
			for i := range tokens - dead {
				s.putRefreshToken(fmt.Sprint("old", i))
			}
			before := s.deadlocks()
			winners := raceFor(t, processes, tokens, takers)
			for i, n := range winners {
				if want := map[bool]int{true: 1}[i < tokens-dead]; n != want {
					t.Errorf("token %d has %d winners, want %d", i, n, want)
				}
			}
			if a, r, recorded := s.Count("access_tokens"), s.Count("refresh_tokens"), s.records(); a != tokens-dead || r != a || recorded != a {
				t.Errorf("%d access tokens, %d refresh tokens and %d records for %d tokens", a, r, recorded, tokens-dead)
			}
			if shared := g.requests > g.calls; shared != (name == "after migrate") {
				t.Errorf("%d redemptions in %d transactions", g.requests, g.calls)
			}
			if n := s.deadlocks() - before; n > 0 && name == "after migrate" {
				t.Errorf("%d deadlocks", n)
			}
		})
	}
}

// raceFor lets all takers of all tokens begin at once, and counts the winners of each token.
func raceFor(t *testing.T, processes []*site, tokens, takers int) (winners []int) {
	winners = make([]int, tokens)
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range tokens * takers {
		group.Go(func() {
			token := i % tokens
			process := processes[i/tokens%len(processes)]
			err := process.Redeem(within(t, 2*patience), refreshToken(fmt.Sprint("old", token)), pair(fmt.Sprint(i))...)
			if err != nil && !errors.Is(err, oauth.ErrNotFound) {
				t.Errorf("token %d: %v", token, err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				winners[token]++
			}
		})
	}
	group.Wait()
	return winners
}

// TestRedeemLeastPrivileges: what the documentation grants is enough to share transactions.
func TestRedeemLeastPrivileges(t *testing.T) {
	root := newMigratedSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s := storeOn(root.As("least", "GRANT SELECT ON {}options TO least@localhost",
		"GRANT SELECT, DELETE ON {}moos_oauth_authorization_codes TO least@localhost",
		"GRANT SELECT, INSERT, DELETE ON {}moos_oauth_access_tokens TO least@localhost",
		"GRANT SELECT, INSERT, DELETE ON {}moos_oauth_refresh_tokens TO least@localhost"))
	s.learnIndexes()
	taken := []oauth.Presented{root.putCode("c1"), {Kind: oauth.AuthorizationCode, Value: "c2"}}
	won, err := s.RedeemTogether(within(t, patience), taken, [][]oauth.Token{pair("1"), pair("2")})
	if err != nil || !won[0] || won[1] {
		t.Error(won, err)
	}
	root.checkPair("1")
}
