package store_test

import (
	"context"
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"slices"
	"sync"
	"testing"
)

// Two processes compete for the same codes.
func TestTwoProcesses(t *testing.T) {
	const codes, takers = 40, 8
	s := newSite(t, database)
	processes := []*site{s, s.reopen(nil)}
	for code := range codes {
		s.putCode(fmt.Sprint("c", code))
	}
	ctx := within(t, 2*patience)
	var winners [codes]int
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range codes * takers {
		group.Go(func() {
			code := i / takers
			p := oauth.Presented{Kind: oauth.AuthorizationCode, Value: fmt.Sprint("c", code)}
			err := processes[i%2].Redeem(ctx, p, pair(fmt.Sprint(i))...)
			switch {
			case err == nil:
				mu.Lock()
				winners[code]++
				mu.Unlock()
			case !errors.Is(err, oauth.ErrNotFound):
				t.Errorf("taker %d: %v", i, err)
			}
		})
	}
	group.Wait()
	for code, n := range winners {
		if n != 1 {
			t.Errorf("code %d has %d winners", code, n)
		}
	}
	for _, table := range []string{"access_tokens", "refresh_tokens"} {
		if n := s.Count(table); n != codes {
			t.Errorf("%d rows in %s for %d codes", n, table, codes)
		}
	}
	if n := s.Count("authorization_codes"); n != 0 {
		t.Errorf("%d codes are left", n)
	}
}

// The store's statements and PHP's meet in tables without an index, where each
// DELETE looks at every row. No caller may notice.
func TestBesidePHP(t *testing.T) {
	const workers, rounds = 8, 10
	s := newSite(t, database)
	for i := range workers {
		for round := range rounds {
			s.putCode(fmt.Sprintf("c%d-%d", i, round))
		}
	}
	ctx, cancel := context.WithCancel(within(t, 2*patience))
	var php, group sync.WaitGroup
	for i := range 2 {
		php.Go(func() { s.ActAsPHP(ctx, i) })
	}
	for i := range workers {
		group.Go(func() {
			for round := range rounds {
				if err := s.exchange(ctx, fmt.Sprintf("%d-%d", i, round)); err != nil {
					t.Errorf("worker %d, round %d: %v", i, round, err)
				}
			}
		})
	}
	group.Wait()
	cancel()
	php.Wait()

	left := s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens WHERE access_token NOT LIKE 'php%'")
	var want []string
	for i := range workers {
		for round := range rounds {
			want = append(want, fmt.Sprintf("second %d-%d", i, round))
		}
	}
	slices.Sort(left)
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("the access tokens that are left are %v, want %v", left, want)
	}
}

// exchange takes a code, refreshes, and revokes the first access token.
func (s *site) exchange(ctx context.Context, name string) error {
	p := oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c" + name}
	first, refresh := newToken(oauth.AccessToken, "first "+name), newToken(oauth.RefreshToken, "r"+name)
	if err := s.Redeem(ctx, p, first, refresh); err != nil {
		return fmt.Errorf("redeem: %w", err)
	}
	if err := s.Issue(ctx, newToken(oauth.AccessToken, "second "+name)); err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	for _, token := range []oauth.Token{first, refresh} {
		r := oauth.Revocation{
			Presented: oauth.Presented{Kind: token.Kind, Value: token.Value}, ClientID: clientID, UserID: alice,
		}
		if _, err := s.Revoke(ctx, r); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
	}
	return nil
}
