package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"moserver-sidecar/oauth"
)

// LetWait lets access tokens wait for the next statement that stores some, as those do
// that come in the moment before it is made. Each gets its outcome from there.
func (s *Store) LetWait(values ...string) (outcome func(i int) error) {
	g := s.inserts
	g.mu.Lock()
	defer g.mu.Unlock()
	var waiting []*asked[oauth.Token, struct{}]
	for _, value := range values {
		waiting = append(waiting, &asked[oauth.Token, struct{}]{
			question: oauth.Token{Kind: oauth.AccessToken, Value: value}, woken: make(chan batch[oauth.Token, struct{}], 1),
		})
	}
	g.waiting = append(g.waiting, waiting...)
	return func(i int) error {
		<-waiting[i].woken
		return waiting[i].err
	}
}

// Waits says whether access tokens wait for a statement.
func (s *Store) Waits() bool {
	s.inserts.mu.Lock()
	defer s.inserts.mu.Unlock()
	return len(s.inserts.waiting) > 0
}

// RedeemTogether redeems in one transaction.
func (s *Store) RedeemTogether(ctx context.Context, taken []oauth.Presented, tokens [][]oauth.Token) ([]bool, error) {
	var together []redemption
	for i, p := range taken {
		together = append(together, redemption{p, tokens[i]})
	}
	return s.redeemTogether(ctx, together)
}

// Gathers reports whether redemptions of a kind share transactions.
func (s *Store) Gathers(kind oauth.Kind) bool { return s.gathers(kind) }

// LetRedemptionsWait lets redemptions of a kind wait until n have come, who then share a
// transaction.
func (s *Store) LetRedemptionsWait(kind oauth.Kind, n int) {
	g := s.redeeming[kind]
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holding, g.patience = g.holding+1, time.Hour
	go func() {
		for g.count() < n {
			time.Sleep(time.Millisecond)
		}
		g.release(batch[redemption, bool]{overdue: g.overdue})
	}()
}

func (g *gatherer[Q, A]) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// HoldReads lets reads wait as if a statement of each kind were on its way, until release.
// Then those who wait share a statement. waiting is how many there are.
func (s *Store) HoldReads() (waiting func() int, release func()) {
	all := append(slices.Collect(maps.Values(s.finds)), s.bearers, s.rotated, s.families, s.identities[false], s.identities[true])
	for _, r := range all {
		r.mu.Lock()
		r.holding, r.patience = r.holding+1, time.Hour
		r.mu.Unlock()
	}
	waiting = func() (n int) {
		for _, r := range all {
			r.mu.Lock()
			n += len(r.waiting)
			r.mu.Unlock()
		}
		return n
	}
	return waiting, func() {
		for _, r := range all {
			r.release(batch[question, answer]{overdue: r.overdue})
		}
	}
}
