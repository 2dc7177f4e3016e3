package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// killWrites ends statements of the site's tokens as fast as it can, as hosts do with slow ones.
func (s *site) killWrites(ctx context.Context) {
	killer := s.Session()
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		ids := s.Ints("SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND (INFO LIKE 'DELETE%{}moos%' OR INFO = 'COMMIT')")
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
	killers.Go(func() { root.killWrites(ctx) })
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
	const together, rounds = 31, 700
	root := newMigratedSite(t, database)
	root.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	for _, kind := range kinds {
		root.PutGrant(oauth.Presented{Kind: kind, Value: "x"}, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour()})
	}
	root.PutGrant(refreshToken("old"), oauth.Grant{ClientID: clientID, UserID: alice})
	if err := root.Redeem(within(t, patience), refreshToken("old"), pair("1")...); err != nil {
		t.Fatal(err)
	}
	root.PutKey(clientID, oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: "key"})
	root.PutGrant(refreshToken(familyOf("c1")+"1"), oauth.Grant{ClientID: clientID, UserID: alice})
	s := root.reopen(func(c *wpdb.Config) { c.MaxConnections = 1 })
	var connection int
	if err := s.DB.SQL.Get(&connection, "SELECT CONNECTION_ID()"); err != nil {
		t.Fatal(err)
	}
	var kills sync.WaitGroup
	s.Gathered = func(string, int) {
		kills.Go(func() {
			time.Sleep(rand.N(2 * time.Millisecond))
			root.Exec(fmt.Sprint("KILL QUERY ", connection))
		})
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
		case 2:
			identity, err := s.Identify(ctx, oauth.IdentityQuery{ClientID: clientID, UserID: alice})
			return identity.Key.PrivateKey == "key", err
		case 3:
			family, err := s.FindFamily(ctx, clientID, familyOf("c1"))
			return family != nil, err
		}
		facts, err := s.Find(ctx, clientID, oauth.Presented{Kind: kinds[i-4], Value: "x"})
		return facts.Client != nil && facts.Grant != nil, err
	}
	for round := range rounds {
		s.together(together, func(int) {
			if there, err := look(round % 7); err != nil || !there {
				t.Errorf("look %d: there: %t, error %v", round%7, there, err)
			}
		})
		kills.Wait()
	}
}
