package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

// scripted is a gatherer whose statements wait for the test, and answer each question
// with itself.
type scripted struct {
	*gatherer[int, int]
	begun chan []int // each statement, when it begins
	end   chan error // what comes of the one that has begun first
}

func newScripted(most int) scripted {
	s := scripted{begun: make(chan []int, 1000), end: make(chan error)}
	s.gatherer = &gatherer[int, int]{most: most, patience: time.Hour, run: func(_ context.Context, batch []int) ([]int, error) {
		s.begun <- batch
		return batch, <-s.end
	}}
	return s
}

// askAll asks questions in their order, and returns when they wait or are on their way.
func (s scripted) askAll(t *testing.T, ctx context.Context, questions ...int) (outcomes []chan error) {
	t.Helper()
	for _, q := range questions {
		outcome := make(chan error, 1)
		outcomes = append(outcomes, outcome)
		before := s.asked()
		go func() {
			answer, err := s.ask(ctx, q)
			if err == nil && answer != q {
				err = errors.New("another's answer")
			}
			outcome <- err
		}()
		for s.asked() == before {
			time.Sleep(time.Millisecond / 10)
		}
	}
	return outcomes
}

// asked is a number that changes with each question.
func (s scripted) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) + 1000*len(s.begun)
}

func (s scripted) wantBegun(t *testing.T, want ...int) {
	t.Helper()
	got := <-s.begun
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("a statement of %v, want %v", got, want)
	}
}

func wantOutcomes(t *testing.T, want error, outcomes ...chan error) {
	t.Helper()
	for _, outcome := range outcomes {
		if err := <-outcome; !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// TestGatherer: those who come during a statement share the next one, which a full batch
// does not wait for; a failure is told to all of its own statement and to no other.
func TestGatherer(t *testing.T) {
	s := newScripted(3)
	first := s.askAll(t, t.Context(), 1)
	s.wantBegun(t, 1)
	second := s.askAll(t, t.Context(), 2, 3)
	s.end <- nil
	wantOutcomes(t, nil, first...)
	s.wantBegun(t, 2, 3)
	third := s.askAll(t, t.Context(), 4, 5, 6)
	s.wantBegun(t, 4, 5, 6)
	failed := errors.New("failed")
	s.end <- failed
	s.end <- failed
	wantOutcomes(t, failed, slices.Concat(second, third)...)
	fourth := s.askAll(t, t.Context(), 7)
	s.wantBegun(t, 7)
	s.end <- nil
	wantOutcomes(t, nil, fourth...)
}

// TestGathererSlow: a statement that does not end holds up those who come during it for
// a while, and then no others.
func TestGathererSlow(t *testing.T) {
	s := newScripted(10)
	s.patience = 10 * time.Millisecond
	first := s.askAll(t, t.Context(), 1)
	s.wantBegun(t, 1)
	second := s.askAll(t, t.Context(), 2)
	s.wantBegun(t, 2) // though nothing has ended
	time.Sleep(2 * s.patience)
	third := s.askAll(t, t.Context(), 3)
	s.wantBegun(t, 3)
	for range 3 {
		s.end <- nil
	}
	wantOutcomes(t, nil, slices.Concat(first, second, third)...)
}

// TestGathererLeave: who leaves while it waits is not asked for. Who leaves later breaks
// nothing off, and hears what came of it unless that does not matter.
func TestGathererLeave(t *testing.T) {
	for _, forget := range []bool{false, true} {
		s := newScripted(10)
		s.forget = forget
		ctx, leave := context.WithCancel(t.Context())
		first := s.askAll(t, t.Context(), 1)
		s.wantBegun(t, 1)
		left := s.askAll(t, ctx, 2)
		leave()
		wantOutcomes(t, errAlone, left...)

		ctx, leave = context.WithCancel(t.Context())
		later := s.askAll(t, ctx, 3)
		leader := s.askAll(t, t.Context(), 4)
		s.end <- nil
		wantOutcomes(t, nil, first...)
		s.wantBegun(t, 3, 4)
		leave()
		if forget {
			wantOutcomes(t, errAlone, later...)
		}
		s.end <- nil
		wantOutcomes(t, nil, leader...)
		if !forget {
			wantOutcomes(t, nil, later...)
		}
	}
}

// TestGathererTime: a statement has the time of the caller who came last, and if that is
// over, enough for others.
func TestGathererTime(t *testing.T) {
	left, end := make(chan time.Duration), make(chan error)
	g := &gatherer[int, int]{most: 10, patience: time.Hour, run: func(ctx context.Context, batch []int) ([]int, error) {
		at, _ := ctx.Deadline()
		left <- time.Until(at)
		return batch, <-end
	}}
	ask := func(limit time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		t.Cleanup(cancel)
		go func() { _, _ = g.ask(ctx, 1) }()
	}
	ask(-time.Hour)
	if got := <-left; got <= 0 {
		t.Errorf("it has %s", got)
	}
	for i, limit := range []time.Duration{2 * time.Hour, 3 * time.Hour} {
		for ask(limit); g.count() == i; {
			time.Sleep(time.Millisecond / 10)
		}
	}
	end <- nil
	if got := <-left; got < 2*time.Hour {
		t.Errorf("it has %s", got)
	}
	end <- nil
}

// TestGathererPanic: a statement that panics leaves nobody waiting.
func TestGathererPanic(t *testing.T) {
	g := &gatherer[int, int]{most: 2, run: func(context.Context, []int) ([]int, error) { panic("defect") }}
	companion := &asked[int, int]{woken: make(chan batch[int, int], 1)}
	g.waiting = append(g.waiting, companion)
	func() {
		defer func() { _ = recover() }()
		_, _ = g.ask(t.Context(), 1)
	}()
	<-companion.woken
	if companion.err != errAlone || g.holding != 0 {
		t.Errorf("%v, %d statements on their way", companion.err, g.holding)
	}
}

// TestGathererMany: each caller gets its own answer, whatever shares its statement, and
// no batch is larger than what was agreed.
func TestGathererMany(t *testing.T) {
	const most = 8
	var mu sync.Mutex
	largest := 0
	g := &gatherer[int, int]{most: most, patience: time.Hour, run: func(_ context.Context, batch []int) ([]int, error) {
		time.Sleep(time.Millisecond)
		return batch, nil
	}, observe: func(size int) {
		mu.Lock()
		defer mu.Unlock()
		largest = max(largest, size)
	}}
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() {
			for n := range 10 {
				if answer, err := g.ask(t.Context(), 10*i+n); answer != 10*i+n || err != nil {
					t.Errorf("asked %d: %d, %v", 10*i+n, answer, err)
				}
			}
		})
	}
	all.Wait()
	if largest != most {
		t.Errorf("the largest batch is of %d, want %d", largest, most)
	}
}

// TestGathererLeadersLeave: somebody leads a batch although its callers leave at any moment,
// also when they have just been chosen.
func TestGathererLeadersLeave(t *testing.T) {
	for _, forget := range []bool{false, true} {
		g := &gatherer[int, int]{most: 100, patience: time.Hour, forget: forget, run: func(_ context.Context, batch []int) ([]int, error) {
			time.Sleep(time.Millisecond / 10)
			return batch, nil
		}}
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				for n := range 100 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*10*time.Microsecond)
					if answer, err := g.ask(ctx, i); err != nil && err != errAlone || err == nil && answer != i {
						t.Errorf("asked %d: %d, %v", i, answer, err)
					}
					cancel()
				}
			})
		}
		all.Wait()
		if answer, err := g.ask(t.Context(), 7); answer != 7 || err != nil {
			t.Errorf("afterwards: %d, %v", answer, err)
		}
	}
}
