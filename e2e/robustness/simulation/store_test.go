package simulation_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"moserver-sidecar/oauth"
)

// world decides by a seed how long everything takes and what fails. Its time is virtual:
// it goes on when all goroutines sleep, and no two ever wake at the same moment, so one
// of them runs at a time, and the same seed is the same story.
type world struct {
	mu      sync.Mutex // the race detector does not see that one runs at a time
	random  *rand.Rand
	wakes   map[int64]bool
	steps   int  // how often somebody woke
	calm    bool // nothing fails any more
	running sync.WaitGroup
}

func (w *world) number(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n)
}

func (w *world) rarely(n int) bool { return w.number(n) == 0 }

// upTo is a while.
func (w *world) upTo(most time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(int64(most)))
}

// book returns how long to sleep, at least d.
func (w *world) book(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().UnixNano()
	for d++; w.wakes[now+int64(d)]; d++ {
	}
	w.wakes[now+int64(d)] = true
	return d
}

// step begins or ends what is done at one moment.
func (w *world) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now().UnixNano(); w.wakes[now] {
		delete(w.wakes, now)
		w.steps++
	}
}

// sleep lets others do something.
func (w *world) sleep(d time.Duration) {
	defer w.step()
	time.Sleep(w.book(d))
}

// later does something in a while.
func (w *world) later(most time.Duration, do func()) {
	d := w.book(w.upTo(most))
	w.running.Go(func() {
		time.Sleep(d)
		w.step()
		do()
		w.step()
	})
}

// store is a right one whose calls take some time, and may fail before or after they
// have done their work, or before they do it.
type store struct {
	oauth.Store
	*world
	odds int // one call in so many fails in each of these ways
}

// call is a call of the store.
func call[T any](s store, do func() (T, error)) (found T, err error) {
	if s.calm {
		return do()
	}
	s.sleep(s.upTo(time.Second))
	switch s.number(s.odds) {
	case 0:
		return found, oauth.ErrUnavailable
	case 1:
		s.later(20*time.Second, func() { _, _ = do() })
		return found, oauth.ErrUnavailable
	}
	done, err := do()
	s.sleep(s.upTo(time.Second))
	if s.rarely(s.odds) {
		return found, oauth.ErrUnavailable
	}
	return done, err
}

func (s store) Scans(oauth.Kind) bool { return s.rarely(4) }

func (s store) Find(ctx context.Context, id string, p oauth.Presented) (oauth.Facts, error) {
	return call(s, func() (oauth.Facts, error) {
		f, err := s.Store.Find(ctx, id, p)
		if s.rarely(2) {
			f.Identity = nil // it was not read along
		}
		return f, err
	})
}

func (s store) FindBearer(ctx context.Context, token string) (oauth.Bearer, error) {
	return call(s, func() (oauth.Bearer, error) { return s.Store.FindBearer(ctx, token) })
}

func (s store) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	return call(s, func() (oauth.Identity, error) { return s.Store.Identify(ctx, q) })
}

func (s store) FindFamily(ctx context.Context, client, family string) (*oauth.Family, error) {
	return call(s, func() (*oauth.Family, error) { return s.Store.FindFamily(ctx, client, family) })
}

func (s store) FindRotation(ctx context.Context, token string) (*oauth.Rotation, error) {
	return call(s, func() (*oauth.Rotation, error) { return s.Store.FindRotation(ctx, token) })
}

func (s store) Issue(ctx context.Context, tokens ...oauth.Token) error {
	_, err := call(s, func() (bool, error) { return true, s.Store.Issue(ctx, tokens...) })
	return err
}

func (s store) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	_, err := call(s, func() (bool, error) { return true, s.Store.Redeem(ctx, p, tokens...) })
	return err
}

func (s store) Revoke(ctx context.Context, r oauth.Revocation) (bool, error) {
	return call(s, func() (bool, error) { return s.Store.Revoke(ctx, r) })
}
