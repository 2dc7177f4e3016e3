package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

// kill ends statements of the site as fast as it can, as hosts do with slow ones.
func (s *site) kill(ctx context.Context, which string) {
	killer := s.Session()
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond / 5) {
		ids := s.Ints("SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND " + which)
		for _, id := range ids {
			_, _ = killer.ExecContext(ctx, fmt.Sprint("KILL QUERY ", id)) // it may have ended
		}
	}
}

// A DELETE that is killed may report that it has found nothing, and a COMMIT that is
// killed may have been carried out.
func TestKilled(t *testing.T) {
	const n = 1500
	root := newMigratedSite(t, database)
	s := root.throughSingle(newProxy(t, database))
	s.putRefreshTokens(n)
	ctx, stop := context.WithCancel(t.Context())
	var killers, all sync.WaitGroup
	killers.Go(func() { root.kill(ctx, "(INFO LIKE 'DELETE%{}moos%' OR INFO = 'COMMIT')") })
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	for range 32 {
		all.Go(func() {
			for i := range work {
				tokens, next := pair(fmt.Sprint(i)), refreshToken(fmt.Sprint("r", i))
				tokens[0].Value = oauth.FamilyOf(next) + "a"
				if err := s.Redeem(within(t, patience), refreshToken(fmt.Sprint("old", i)), tokens...); err != nil {
					t.Errorf("redemption %d: %v", i, err)
				}
				if _, err := s.Revoke(within(t, patience), oauth.Revocation{Presented: next, ClientID: clientID, UserID: alice, AccessTokens: oauth.ReachGrant}); err != nil {
					t.Errorf("revocation %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	stop()
	killers.Wait()
	if a, r := s.Count("access_tokens"), s.Count("refresh_tokens"); a+r > 0 {
		t.Errorf("%d access tokens and %d refresh tokens are left", a, r)
	}
}

// TestReadsKilled: a SELECT that is killed may report that there is nothing. Nobody may
// hear that of a token that lives.
func TestReadsKilled(t *testing.T) {
	const each, rounds = 31, 200
	s := newMigratedSite(t, database)
	s.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	for _, kind := range kinds {
		s.PutGrant(oauth.Presented{Kind: kind, Value: "x"}, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour()})
	}
	s.PutGrant(refreshToken("old"), oauth.Grant{ClientID: clientID, UserID: alice})
	if err := s.Redeem(within(t, patience), refreshToken("old"), pair("1")...); err != nil {
		t.Fatal(err)
	}
	look := func(i int) (there bool, err error) {
		ctx := within(t, patience)
		switch i {
		case 0:
			rotation, err := s.FindRotation(ctx, "old")
			return rotation != nil, err
		case 1:
			bearer, err := s.FindBearer(ctx, "x")
			return bearer.Client != nil && bearer.Grant != nil, err
		}
		facts, err := s.Find(ctx, clientID, oauth.Presented{Kind: kinds[i-2], Value: "x"})
		return facts.Client != nil && facts.Grant != nil, err
	}
	ctx, stop := context.WithCancel(t.Context())
	var killers sync.WaitGroup
	for range 2 {
		killers.Go(func() { s.kill(ctx, "INFO LIKE 'SELECT%{}moos%' AND INFO NOT LIKE '%PROCESSLIST%'") })
	}
	for range rounds {
		s.together(5*each, func(i int) {
			if there, err := look(i % 5); err != nil || !there {
				t.Errorf("look %d: there: %t, error %v", i%5, there, err)
			}
		})
	}
	stop()
	killers.Wait()
}
