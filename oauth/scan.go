package oauth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// ErrBusy refuses a request without a secret whose look-up would read a whole table
// while others do the same. Like ErrUnavailable it says nothing of the token.
var ErrBusy = errors.New("too many look-ups without an index by requests without a secret")

const (
	// maxScans is how many scans may run at once for those who have shown no secret:
	// anybody could cause as many as they like.
	maxScans = 2
	// maxWaiting is how many more wait for their turn, so that a few honest ones
	// that meet are not refused; scanPatience is for how long.
	maxWaiting   = 16
	scanPatience = 2 * time.Second
)

// scans is the budget of those who have shown no secret. Its zero value is ready.
type scans struct {
	once   sync.Once
	slots  chan struct{}
	inside atomic.Int32 // they run or wait
}

// enter waits for a turn, and returns what ends it.
func (s *scans) enter(ctx context.Context) (leave func(), err error) {
	s.once.Do(func() { s.slots = make(chan struct{}, maxScans) })
	if s.inside.Add(1) > maxScans+maxWaiting {
		s.inside.Add(-1)
		return nil, ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, scanPatience)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots; s.inside.Add(-1) }, nil
	case <-ctx.Done():
		s.inside.Add(-1)
		return nil, ErrBusy
	}
}

// lookUp reads what the client has presented, if admit has left that for later. The
// caller calls leave at the end of the request. A client without a secret
// keeps its turn until then: it may cause further scans.
func (x *exchange) lookUp(ctx context.Context) (leave func(), err error) {
	leave = func() {}
	if !x.later || x.presented.Value == "" {
		return leave, nil
	}
	if !x.facts.Client.Confidential {
		if leave, err = x.scans.enter(ctx); err != nil {
			return nil, err
		}
	}
	if err := x.findGrant(ctx, x.presented); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// searchTokens waits, where to look for what came of a code reads whole tables, for a
// turn among those without a secret, unless the client has one already. Clients with a
// secret wait too: each unknown code would be such a scan.
func (x *exchange) searchTokens(ctx context.Context) (leave func(), err error) {
	scans := x.Store.Scans(AccessToken) || x.Store.Scans(RefreshToken)
	if !scans || x.later && !x.facts.Client.Confidential {
		return func() {}, nil
	}
	return x.scans.enter(ctx)
}

// findGrant reads another code or token for a client that is known already.
func (x *exchange) findGrant(ctx context.Context, p Presented) error {
	found, err := x.Store.Find(ctx, x.facts.Client.ID, p)
	x.facts.Grant, x.facts.Identity = found.Grant, found.Identity
	return err
}
