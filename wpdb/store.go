package wpdb

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
)

const (
	// commitTimeout is how long a transaction may take once it has begun. It
	// does not end with the request: a Galera cluster that loses a node holds
	// writes for some seconds and then finishes them.
	commitTimeout = 15 * time.Second
	// maxConflicts is how often a transaction is tried that others stand in
	// the way of.
	maxConflicts = 8
	// maxColumn is how many characters the plugin's columns hold, VARCHAR(255).
	maxColumn = 255

	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// Store is an oauth.Store on WordPress's database. It is safe for concurrent
// use, and any number of processes may work on one database.
type Store struct {
	db         *sqlx.DB
	most       int // connections; 0: no limit
	config     Config
	tables     tables
	statements statements
	log        *slog.Logger
	rotations  *availability // of the table of rotations
	galera     *atomic.Bool  // whether the database is a node of a Galera cluster
	later      *Store        // the same tables in sessions that wait for the other nodes; see synced
	indexes    *indexWatch   // of codes and tokens
	outage     *outage       // for the log
	gathering  *gathering    // of access tokens to be stored
}

// Close closes the connections. No method may be called after it.
func (s *Store) Close() error {
	s.indexes.stop()
	return errors.Join(s.db.Close(), s.later.db.Close())
}

// Retire closes the connections that are not used, and those that are as soon as they
// are not. After a while all are closed, and no method may be called any more.
func (s *Store) Retire(after time.Duration) {
	s.indexes.stop()
	s.db.SetMaxIdleConns(-1)
	s.later.db.SetMaxIdleConns(-1)
	time.AfterFunc(after, func() { _ = s.Close() }) // it has nothing to lose
}

// Ready implements oauth.Store: the database answers and the plugin's tables
// are there.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.probe(ctx); err != nil {
		return unavailable(err)
	}
	return nil
}

// probe touches each table without reading a row.
func (s *Store) probe(ctx context.Context) error {
	t := s.tables
	query := "SELECT 1 FROM " + quoteName(t.users) + " WHERE FALSE"
	for _, table := range []string{t.options, t.clients, t.codes, t.accessTokens, t.refreshTokens} {
		query += " UNION ALL SELECT 1 FROM " + quoteName(table) + " WHERE FALSE"
	}
	return s.each(ctx, query, nil, func(row) {})
}

// again is repeat for what writes.
func (s *Store) again(ctx context.Context, attempt func() error) error {
	return s.repeat(ctx, true, attempt)
}

// repeat runs attempt until it succeeds, fails for good, or ctx ends. attempt must
// be safe to repeat; writes says if it writes.
func (s *Store) repeat(ctx context.Context, writes bool, attempt func() error) error {
	conflicts := 0
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := attempt()
		if err == nil {
			s.outage.succeeded(writes)
			return nil
		}
		switch faultOf(err) {
		case faultLasting:
			if refused(err) {
				s.outage.failed(err)
			}
			return unavailable(err)
		case faultLost, faultBusy:
			s.leave(err)
			if ctx.Err() != nil { // it may be the request that ran out of time
				return unavailable(err)
			}
			s.outage.failed(err)
		case faultConflict:
			if conflicts++; conflicts == maxConflicts {
				return unavailable(err)
			}
		}
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return unavailable(err)
		}
	}
}

// leave closes the connections to a server that takes no more work or does not
// answer, so that the next ones may lead to another.
func (s *Store) leave(err error) {
	if !slices.Contains(leaveErrors(), number(err)) && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	for _, pool := range []*Store{s, s.later} {
		pool.db.SetMaxIdleConns(0)
		pool.keepIdle()
	}
}

// sleep waits for d, and says if ctx lives on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// comparand turns a value that no row can hold into NULL, which equals
// nothing: the empty string, which a broken row might have, what is longer
// than the columns, and bytes that are no text.
func comparand(value string) any {
	if value == "" || len(value) > maxColumn || !utf8.ValidString(value) {
		return nil
	}
	return value
}
