package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
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
