// Package wpdb knows WordPress's database, and is named after WordPress's own $wpdb:
// the tables and options of WordPress and of the miniOrange "WP OAuth Server" plugin,
// how they are written, and how MySQL and MariaDB behave with them. It is what the
// packages below it share: store serves requests, doctor looks for what is broken or
// could be better, migrate adds indexes, and tokens lists, revokes and purges.
package wpdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
)

const (
	// commitTimeout is how long a transaction may take once it has begun, even if
	// the request has ended: a Galera cluster that loses a node holds writes for
	// some seconds and then finishes them.
	commitTimeout = 15 * time.Second
	// MaxConflicts is how often a transaction is tried that conflicts with others.
	MaxConflicts = 8
	// MaxColumn is how many characters the plugin's columns hold, VARCHAR(255).
	MaxColumn = 255

	// crowdedTime is how long no idle connection is kept after the server had none left.
	crowdedTime = time.Minute

	firstPause = 10 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// DB is WordPress's database: connections with one policy for all, and what is known
// of the tables. It is safe for concurrent use, and any number of processes may work
// on one database.
type DB struct {
	SQL    *sqlx.DB // the pool, without this package's handling of outages and deadlines
	Config Config
	Tables Tables
	Log    *slog.Logger

	limit    int          // of connections; 0: none
	uncrowd  *time.Timer  // keeps idle connections again, crowdedTime after the last error; once at the start
	galera   *atomic.Bool // whether the database is a node of a Galera cluster
	later    *DB          // the same tables in sessions that wait for the other nodes; see Synced
	outage   *outage      // for the log
	metrics  *metrics     // shared with later
	prepared *preparable  // see Prepare

	indexes *atomic.Pointer[map[oauth.Kind]tokenIndex] // nil within: not known yet; see Scans
}

// Close closes the connections. No method may be called after it.
func (db *DB) Close() error {
	return errors.Join(db.SQL.Close(), db.later.SQL.Close())
}

// Retire closes idle connections now and each other one when it becomes idle; after a
// while all are closed, and no method may be called any more.
func (db *DB) Retire(after time.Duration) {
	for _, pool := range []*DB{db, db.later} {
		pool.uncrowd.Stop()
		pool.SQL.SetMaxIdleConns(-1)
	}
	time.AfterFunc(after, func() { _ = db.Close() }) // nothing can be lost
}

// Ready returns nil if the database answers and has the plugin's tables, else an
// error that wraps oauth.ErrUnavailable. It touches each table without reading a row.
func (db *DB) Ready(ctx context.Context) error {
	t := db.Tables
	query := "SELECT 1 FROM " + QuoteName(t.Users) + " WHERE FALSE"
	for _, table := range []string{t.Options, t.Clients, t.Codes, t.AccessTokens, t.RefreshTokens} {
		query += " UNION ALL SELECT 1 FROM " + QuoteName(table) + " WHERE FALSE"
	}
	if err := db.Each(ctx, query, nil, func(Row) {}); err != nil {
		return Unavailable(err)
	}
	return nil
}

// Again is Repeat for writes.
func (db *DB) Again(ctx context.Context, attempt func() error) error {
	return db.Repeat(ctx, true, attempt)
}

// Repeat runs attempt, which must be safe to repeat, until it succeeds, fails for
// good, or ctx ends.
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

// leave closes the connections to a server that takes no more work or is silent, so
// that the next ones may lead to another. Where a server has no connection left, none
// stays idle for a while: PHP may need them more.
func (db *DB) leave(err error) {
	crowded := crowded(err)
	if !crowded && !slices.Contains(leaveErrors(), ErrorNumber(err)) && !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	for _, pool := range []*DB{db, db.later} {
		pool.SQL.SetMaxIdleConns(0)
		if crowded {
			pool.uncrowd.Reset(crowdedTime)
		} else {
			pool.keepIdle()
		}
	}
}

// Sleep waits for d, and reports whether ctx is still alive.
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

// Comparand turns a value that no token or id can have into NULL, which equals
// nothing: an empty or too long one, and invalid UTF-8.
func Comparand(value string) any {
	if value == "" || len(value) > MaxColumn || !utf8.ValidString(value) {
		return nil
	}
	return value
}

// A node of a Galera cluster shows another's writes a moment later, often after the
// browser has brought PHP's code here. A session with wsrep_sync_wait waits at each
// SELECT (1) and DELETE (2) until the node has all that the cluster had. That costs
// time, so only what was missed is asked again there, and only on a cluster.
const (
	// Each new connection asks, so that no setting can be forgotten. What the server does
	// not know has no row, and is no error.
	askGalera  = "SHOW VARIABLES WHERE Variable_name IN ('wsrep_on', '" + dirtyReads + "')"
	dirtyReads = "wsrep_dirty_reads"
	syncWait   = "SET SESSION wsrep_sync_wait = 3"
	// With it on no SELECT waits, and a node without its cluster answers with what it
	// had: tokens would seem dead that live, and others live that were revoked.
	cleanReads = "SET SESSION " + dirtyReads + " = OFF"
)

// Synced is the DB whose sessions see all that the cluster has: without a cluster db.
func (db *DB) Synced() *DB {
	if db.later != nil && db.galera.Load() {
		return db.later
	}
	return db
}

// Galera reports whether the server of the newest connection is a node of a cluster.
func (db *DB) Galera() bool { return db.galera.Load() }

// Look runs once and, if that has missed something, again in a session that waits for
// the writes of other nodes. A silently dead connection costs at most half of the
// time that a request has.
func (db *DB) Look(ctx context.Context, once func(context.Context, *DB) (missed bool, err error)) error {
	return db.Repeat(ctx, false, func() error {
		ctx, cancel := halfOf(ctx)
		defer cancel()
		missed, err := once(ctx, db)
		if synced := db.Synced(); err == nil && missed && synced != db {
			_, err = once(ctx, synced)
		}
		db.metrics.tried(err)
		return err
	})
}

// halfOf ends after half the time that ctx has left, unless that is too short to try
// again.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	left := time.Until(end)
	if !ok || left < 500*time.Millisecond {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, left/2)
}

// galeraSettings asks a new connection what its server knows of a cluster.
func galeraSettings(ctx context.Context, conn driver.Conn) (map[string]string, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, askGalera, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	settings := map[string]string{}
	for row := make([]driver.Value, max(2, len(rows.Columns()))); ; { // a proxy may add some
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return settings, nil
		} else if err != nil {
			return nil, err
		}
		settings[strings.ToLower(fmt.Sprintf("%s", row[0]))] = fmt.Sprintf("%s", row[1])
	}
}
