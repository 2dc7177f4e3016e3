//go:build galera

package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
)

// twoNodesTogether: two nodes redeem the same tokens at once, each in one transaction. The
// cluster ends one of the two, and its members, tried alone, find that they have lost.
func twoNodesTogether(t *testing.T, nodes []*sandbox.Server) {
	const rounds = 40
	s := onNodes(t, nodes)
	s[0].CreateRotations()
	s[0].Exec("ALTER TABLE {}moos_oauth_refresh_tokens ADD INDEX (refresh_token(64))")
	for _, node := range s {
		eventually(t, "the node has the index", func() bool {
			node.learnIndexes()
			return node.DB.LockingIndex(oauth.RefreshToken) != ""
		})
	}
	before := s[0].conflicts() + s[1].conflicts()
	var winners [2]int
	for round := range rounds {
		for i := range companions {
			s[2].putRefreshToken(fmt.Sprintf("old%d-%d", round, i))
		}
		for node, n := range raceOfNodes(t, s[:2], round) {
			winners[node] += n
		}
	}
	if winners[0]+winners[1] != rounds*companions {
		t.Errorf("%v winners for %d tokens", winners, rounds*companions)
	}
	s[2].awaitRows("access_tokens", rounds*companions)
	s[2].awaitRows("refresh_tokens", rounds*companions)
	conflicts := s[0].conflicts() + s[1].conflicts() - before
	t.Logf("winners %v, %d transactions ended by the cluster", winners, conflicts)
	if conflicts == 0 {
		t.Error("no transaction met its rival")
	}
}

// raceOfNodes lets each node redeem the tokens of a round, and counts what it wins.
func raceOfNodes(t *testing.T, nodes []*site, round int) (winners [2]int) {
	var mu sync.Mutex
	var group sync.WaitGroup
	for n, node := range nodes {
		node.LetRedemptionsWait(oauth.RefreshToken, companions)
		for i := range companions {
			group.Go(func() {
				token := fmt.Sprintf("old%d-%d", round, i)
				err := node.Redeem(within(t, patience), refreshToken(token), pair(fmt.Sprint(token, n))...)
				if err != nil && !errors.Is(err, oauth.ErrNotFound) {
					t.Errorf("%s on node %d: %v", token, n, err)
				}
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					winners[n]++
				}
			})
		}
	}
	group.Wait()
	return winners
}
