package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"moserver-sidecar/wpdb"
)

// gatherPatience is longer than a commit takes, and short beside what clients wait.
const gatherPatience = 50 * time.Millisecond

// errAlone: the question was not asked with others.
var errAlone = errors.New("not asked with others")

// gatherer lets callers that come at the same time share a statement of one kind, which
// costs the database little more than a statement of one. While a statement is on its
// way they wait, and the next one carries all of them; so each begins after its callers
// have asked. A caller who comes when there is none does not wait, nor do those who are
// as many as a statement takes.
type gatherer[Q, A any] struct {
	most     int           // how many share a statement
	patience time.Duration // how long a caller waits for a statement that is on its way
	// forget: a caller whose ctx ends need not hear what became of its statement.
	forget bool
	// run asks for all of a batch, and answers in the same order, or fails for all.
	run func(ctx context.Context, batch []Q) ([]A, error)
	// observe is told the size of each batch; nil: nobody is.
	observe func(size int)

	mu      sync.Mutex
	waiting []*asked[Q, A]
	slow    *time.Timer // ends the patience of those who wait
	holding int         // statements on their way for whose end the others wait
	overdue int         // counts how often nobody waited for these any longer
}

// batch is those who share a statement.
type batch[Q, A any] struct {
	all     []*asked[Q, A]
	overdue int // the gatherer's when it began
}

// asked is a question whose caller waits.
type asked[Q, A any] struct {
	question Q
	answer   A
	err      error
	// woken is closed when there is an answer or an error. Before that it may bring the
	// batch that the caller must lead.
	woken chan batch[Q, A]
}

// ask returns the answer to a question, asked together with others if there are any.
// After an error the caller must try alone: another question may have caused it.
func (g *gatherer[Q, A]) ask(ctx context.Context, question Q) (answer A, err error) {
	q := &asked[Q, A]{question: question, woken: make(chan batch[Q, A], 1)}
	g.join(q)
	var (
		b     batch[Q, A]
		leads bool
	)
	select {
	case b, leads = <-q.woken:
	case <-ctx.Done():
		if g.leave(q) {
			return answer, errAlone
		}
		select {
		case b, leads = <-q.woken:
		default: // it is on its way
			if g.forget {
				return answer, errAlone
			}
			<-q.woken
		}
	}
	if leads {
		g.lead(ctx, b)
	}
	return q.answer, q.err
}

// join lets a question wait, for the end of a statement if there are any on their way.
func (g *gatherer[Q, A]) join(q *asked[Q, A]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, q)
	switch {
	case g.holding == 0 || len(g.waiting) >= g.most:
		g.begin()
	case len(g.waiting) == 1:
		g.slow = time.AfterFunc(g.patience, g.hurry)
	}
}

// begin lets the caller who came last, and so has most time left, lead a batch of all that
// wait, who are never more than share a statement. The lock is held.
func (g *gatherer[Q, A]) begin() {
	if g.slow != nil {
		g.slow.Stop()
	}
	g.waiting[len(g.waiting)-1].woken <- batch[Q, A]{g.waiting, g.overdue}
	g.waiting = nil
	g.holding++
}

// hurry begins the next statement though others are on their way. These hold up nobody
// any more.
func (g *gatherer[Q, A]) hurry() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) > 0 {
		g.overdue++
		g.holding = 0
		g.begin()
	}
}

// leave takes a question away, and reports whether it was still waiting.
func (g *gatherer[Q, A]) leave(q *asked[Q, A]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.waiting)
	g.waiting = slices.DeleteFunc(g.waiting, func(w *asked[Q, A]) bool { return w == q })
	return len(g.waiting) < before
}

// lead runs a statement in the time of one of its callers. It goes on if that caller's
// client leaves, and begins though the time is over, because it is also for others.
func (g *gatherer[Q, A]) lead(ctx context.Context, b batch[Q, A]) {
	end, ok := ctx.Deadline()
	if !ok || ctx.Err() != nil {
		end = time.Now().Add(wpdb.DialTimeout)
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	var answers []A
	err := errAlone // if run panics
	defer func() {
		g.release(b)
		for i, q := range b.all {
			if q.err = err; err == nil {
				q.answer = answers[i]
			}
			close(q.woken)
		}
	}()
	if g.observe != nil {
		g.observe(len(b.all))
	}
	questions := make([]Q, len(b.all))
	for i, q := range b.all {
		questions[i] = q.question
	}
	answers, err = g.run(ctx, questions)
}

// release lets one of those who waited for a statement lead the next one.
func (g *gatherer[Q, A]) release(b batch[Q, A]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b.overdue != g.overdue {
		return
	}
	if g.holding--; g.holding == 0 && len(g.waiting) > 0 {
		g.begin()
	}
}
