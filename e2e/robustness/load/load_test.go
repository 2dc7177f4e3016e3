package load_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/model"
	"moserver-sidecar/e2e/robustness/wrong"
	"moserver-sidecar/oauth"
)

// slow is a right store whose methods take some time, and may fail before or after they
// have done their work.
type slow struct{ oauth.Store }

// rarely is true once in n times.
func rarely(n int) bool { return rand.IntN(n) == 0 }

func (s slow) around(do func() error) error {
	time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
	if rarely(60) {
		return oauth.ErrUnavailable
	}
	err := do()
	time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
	if rarely(60) {
		return oauth.ErrUnavailable
	}
	return err
}

func (s slow) Find(ctx context.Context, id string, p oauth.Presented) (f oauth.Facts, err error) {
	err = s.around(func() (err error) { f, err = s.Store.Find(ctx, id, p); return err })
	return f, err
}

func (s slow) Issue(ctx context.Context, t ...oauth.Token) error {
	return s.around(func() error { return s.Store.Issue(ctx, t...) })
}

func (s slow) Redeem(ctx context.Context, p oauth.Presented, t ...oauth.Token) error {
	return s.around(func() error { return s.Store.Redeem(ctx, p, t...) })
}

func (s slow) Revoke(ctx context.Context, r oauth.Revocation) (ended bool, err error) {
	err = s.around(func() (err error) { ended, err = s.Store.Revoke(ctx, r); return err })
	return ended, err
}

// TestRightStore: a store that keeps its promise is found to do so. A busy machine needs
// more time for it.
func TestRightStore(t *testing.T) {
	for seed, operations := uint64(0), 0; seed < 12 || operations < 1200; seed++ {
		r, v, err := play(seed, 400*time.Millisecond, 0, func(s oauth.Store) oauth.Store { return slow{s} })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: %d operations, %d violations, %d undecided", seed, v.Operations, len(v.Violations), v.Undecided)
		if len(v.Violations) > 0 || v.Undecided > 0 {
			t.Logf("%v", v.Outcomes)
			for _, ops := range v.Violations[:min(2, len(v.Violations))] {
				t.Errorf("%+v:\n%s", r, model.Tell(r, model.Minimise(r, ops)))
			}
		}
		if operations += v.Operations; v.Operations == 0 {
			t.Fatal("nothing was done")
		}
	}
}

// TestWrongStores: each store that breaks its promise is found out.
func TestWrongStores(t *testing.T) {
	for name, wrong := range wrong.Stores(rarely) {
		t.Run(name, func(t *testing.T) {
			for seed, operations := uint64(0), 0; seed < 20 || operations < 2000; seed++ {
				r, v, err := play(seed, 400*time.Millisecond, 0, func(s oauth.Store) oauth.Store { return wrong(slow{s}) })
				if err != nil {
					t.Fatal(err)
				}
				if operations += v.Operations; len(v.Violations) > 0 {
					t.Logf("seed %d, %d violations, such as:\n%s", seed, len(v.Violations), model.Tell(r, model.Minimise(r, v.Violations[0])))
					return
				}
			}
			t.Error("nothing was found")
		})
	}
}
