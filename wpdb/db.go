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

	"moserver-sidecar/oauth"
)

const (
	// commitTimeout is how long a transaction may take once it has begun. It
	// does not end with the request: a Galera cluster that loses a node holds
	// writes for some seconds and then finishes them.
	commitTimeout = 15 * time.Second
	// maxConflicts is how often a transaction is tried that others stand in
	// the way of.
	MaxConflicts = 8
	// maxColumn is how many characters the plugin's columns hold, VARCHAR(255).
	MaxColumn = 255

	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// DB is WordPress's database: connections with one policy for all, and what is known
// of the tables. It is safe for concurrent use, and any number of processes may work
// on one database.
type DB struct {
	SQL    *sqlx.DB // the pool, for what has its own way with outages and deadlines
	Config Config
	Tables Tables
	Log    *slog.Logger

	limit    int          // of connections; 0: none
	galera   *atomic.Bool // whether the database is a node of a Galera cluster
	later    *DB          // the same tables in sessions that wait for the other nodes; see Synced
	outage   *outage      // for the log
	prepared *[]string    // see Prepare

	unindexed *atomic.Pointer[[]oauth.Kind] // nil within: not known yet; see Scans
}

// Close closes the connections. No method may be called after it.
func (db *DB) Close() error {
	return errors.Join(db.SQL.Close(), db.later.SQL.Close())
}

// Retire closes the connections that are not used, and those that are as soon as they
// are not. After a while all are closed, and no method may be called any more.
func (db *DB) Retire(after time.Duration) {
	db.SQL.SetMaxIdleConns(-1)
	db.later.SQL.SetMaxIdleConns(-1)
	time.AfterFunc(after, func() { _ = db.Close() }) // it has nothing to lose
}

// Ready returns nil if the database answers and the plugin's tables
// are there, else an error that wraps oauth.ErrUnavailable.
func (db *DB) Ready(ctx context.Context) error {
	if err := db.probe(ctx); err != nil {
		return Unavailable(err)
	}
	return nil
}

// probe touches each table without reading a row.
func (db *DB) probe(ctx context.Context) error {
	t := db.Tables
	query := "SELECT 1 FROM " + QuoteName(t.Users) + " WHERE FALSE"
	for _, table := range []string{t.Options, t.Clients, t.Codes, t.AccessTokens, t.RefreshTokens} {
		query += " UNION ALL SELECT 1 FROM " + QuoteName(table) + " WHERE FALSE"
	}
	return db.Each(ctx, query, nil, func(Row) {})
}

// Again is repeat for what writes.
func (db *DB) Again(ctx context.Context, attempt func() error) error {
	return db.Repeat(ctx, true, attempt)
}

// Repeat runs attempt until it succeeds, fails for good, or ctx ends. attempt must
// be safe to repeat; writes says if it writes.
func (db *DB) Repeat(ctx context.Context, writes bool, attempt func() error) error {
	conflicts := 0
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := attempt()
		if err == nil {
			db.outage.succeeded(writes)
			return nil
		}
		switch FaultOf(err) {
		case FaultLasting:
			if refused(err) {
				db.outage.failed(err)
			}
			return Unavailable(err)
		case FaultLost, faultBusy:
			db.leave(err)
			if ctx.Err() != nil { // it may be the request that ran out of time
				return Unavailable(err)
			}
			db.outage.failed(err)
		case FaultConflict:
			if conflicts++; conflicts == MaxConflicts {
				return Unavailable(err)
			}
		}
		if !Sleep(ctx, pause/2+rand.N(pause)) {
			return Unavailable(err)
		}
	}
}

// leave closes the connections to a server that takes no more work or does not
// answer, so that the next ones may lead to another.
func (db *DB) leave(err error) {
	if !slices.Contains(leaveErrors(), ErrorNumber(err)) && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	for _, pool := range []*DB{db, db.later} {
		pool.SQL.SetMaxIdleConns(0)
		pool.keepIdle()
	}
}

// Sleep waits for d, and says if ctx lives on.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Comparand turns a value that no row can hold into NULL, which equals
// nothing: the empty string, which a broken row might have, what is longer
// than the columns, and bytes that are no text.
func Comparand(value string) any {
	if value == "" || len(value) > MaxColumn || !utf8.ValidString(value) {
		return nil
	}
	return value
}
