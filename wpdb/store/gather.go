package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

const (
	// maxGathered is how many tokens one statement stores at most.
	maxGathered = 64
	// gatherPatience is how long a token waits for its statement. It is longer
	// than a commit takes, and short beside what clients wait.
	gatherPatience = 50 * time.Millisecond
)

// errAlone: the token was not stored with others.
var errAlone = errors.New("not stored with others")

// gathering is the access tokens of requests that are answered at the same time.
// Committing many rows costs the database little more than committing one, so those
// that come while others are on their way to the disk share the next statement.
// Where there is little to do, no request waits.
type gathering struct {
	mu      sync.Mutex
	waiting []*gathered
	running bool // a statement is on its way
}

// gathered is a token whose request waits.
type gathered struct {
	token   oauth.Token
	outcome chan error // of its statement; buffered
}

// gather stores a token, together with others if there are any. After an error
// the token must be tried alone: another one may have caused it.
func (s *Store) gather(ctx context.Context, token oauth.Token) error {
	g := &gathered{token, make(chan error, 1)}
	if s.gathering.join(g) {
		s.lead(ctx)
	}
	select {
	case err := <-g.outcome:
		return err
	default:
	}
	patience := time.NewTimer(gatherPatience)
	defer patience.Stop()
	select {
	case err := <-g.outcome:
		return err
	case <-patience.C:
	case <-ctx.Done():
	}
	if s.gathering.leave(g) {
		return errAlone
	}
	return <-g.outcome // it is on its way
}

// lead runs the next statement in the time of one of its requests. It goes on if
// that request's client leaves, because it is also for others.
func (s *Store) lead(ctx context.Context) {
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(wpdb.DialTimeout)
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
	defer cancel()
	s.storeGathered(ctx)
}

// storeGathered stores those that have waited longest. Others that have come
// meanwhile are stored next, without holding up the request that led.
func (s *Store) storeGathered(ctx context.Context) {
	q := s.gathering
	q.mu.Lock()
	n := min(len(q.waiting), maxGathered)
	batch := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	q.mu.Unlock()
	if n > 0 {
		err := s.insertGathered(ctx, batch)
		for _, g := range batch {
			g.outcome <- err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.running = len(q.waiting) > 0; q.running {
		go s.lead(context.Background())
	}
}

// insertGathered stores all of a batch, or none of it.
func (s *Store) insertGathered(ctx context.Context, batch []*gathered) error {
	var args []any
	for _, g := range batch {
		args = append(args, rowOf(g.token)...)
	}
	query := s.statements.insert[oauth.AccessToken] + strings.Repeat(", "+insertedRow, len(batch)-1)
	w := &wpdb.Write{DB: s.db, Single: true, Work: func(ctx context.Context, db wpdb.Session) error {
		_, err := db.ExecContext(ctx, query, args...)
		return err
	}}
	return w.Try(ctx)
}

// join lets a token wait, and reports whether its request has to run the statement.
func (q *gathering) join(g *gathered) (run bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, g)
	run = !q.running
	q.running = true
	return run
}

// leave takes a token away, and reports whether it was still waiting.
func (q *gathering) leave(g *gathered) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(w *gathered) bool { return w == g })
	return len(q.waiting) < before
}
