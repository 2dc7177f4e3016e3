package wpdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"
)

// A node of a Galera cluster shows what was written on another one a moment
// later: for PHP's code that is often longer than the browser takes to bring it
// here. A session with wsrep_sync_wait waits at each SELECT (1) and DELETE (2)
// until the node has all that the cluster had at that moment. That costs time,
// so only what was missed is asked again so, and only where there is a cluster.
const (
	// It is asked once for each new connection, in place of a setting that
	// somebody would forget.
	askGalera = "SHOW VARIABLES LIKE 'wsrep_on'" // no row, and no error, where the variable is unknown
	syncWait  = "SET SESSION wsrep_sync_wait = 3"
)

// Synced is the store whose sessions see all that the cluster has; without a
// cluster that is s itself.
func (db *DB) Synced() *DB {
	if db.later != nil && db.galera.Load() {
		return db.later
	}
	return db
}

// Look runs a look at the database, and if that has missed something a second
// one in a session that waits for what other nodes have written. A connection
// that is dead without a sign must not take all the time that a request has.
func (db *DB) Look(ctx context.Context, once func(context.Context, *DB) (missed bool, err error)) error {
	return db.Repeat(ctx, false, func() error {
		ctx, cancel := halfOf(ctx)
		defer cancel()
		missed, err := once(ctx, db)
		if synced := db.Synced(); err == nil && missed && synced != db {
			_, err = once(ctx, synced)
		}
		return err
	})
}

// halfOf is a context that ends after half the time that ctx has left; the last
// moments are not worth another try.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	left := time.Until(end)
	if !ok || left < 500*time.Millisecond {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, left/2)
}

// isGalera asks a new connection if its server is a node of a cluster.
func isGalera(ctx context.Context, conn driver.Conn) (bool, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, askGalera, nil)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	columns := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(columns); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return fmt.Sprintf("%s", columns[len(columns)-1]) == "ON", nil
}
