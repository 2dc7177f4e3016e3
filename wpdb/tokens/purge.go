package tokens

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

const (
	// purgeBatch is how many rows are deleted at once, some milliseconds' work.
	purgeBatch = 100
	// purgeRest is how long it rests after a batch, as a multiple of what the batch
	// took: a tenth of the time is little enough to be lost in the noise of a busy
	// machine, and deletes a million rows within some minutes.
	purgeRest     = 9
	purgeMinPause = 5 * time.Millisecond
	// purgeTimeout is how long one batch is tried against conflicts and outages.
	purgeTimeout = time.Minute
	// rotatedKept is how long the record of a replaced refresh token is kept. As
	// long a second use of it is known for what it is.
	rotatedKept = 30 * 24 * time.Hour
)

// PurgeOptions says what Purge is to do.
type PurgeOptions struct {
	After  time.Duration // how long ago a row must have expired
	DryRun bool          // only count

	Watch func(Purged) // told of each batch; may be nil
}

// Purged is what Purge has done to a table.
type Purged struct {
	Table   string        `json:"table"`
	Rows    int           `json:"rows"`              // that are deleted; with DryRun: that would be
	Finding *wpdb.Finding `json:"finding,omitempty"` // why the table was left alone
}

// Purge deletes the codes and tokens that expired some time ago, and the records
// of refresh tokens that were replaced long ago. A row that never expires stays:
// NULL, the zero date, a date of 1970.
//
// It deletes a few rows at a time and rests in between, so that others hardly
// notice; any number of processes may do so at once. A table without an index on
// its dates and on its tokens is left alone: each batch would read all of it, and
// keep others from writing meanwhile. With DryRun such a table is counted too.
//
// The error is for a database that does not answer, or for the end of ctx; what
// was deleted by then is in the result.
func Purge(ctx context.Context, db *wpdb.DB, o PurgeOptions) ([]Purged, error) {
	now, err := earlierClock(ctx, db)
	if err != nil {
		return []Purged{}, wpdb.Outcome(ctx, err)
	}
	done := []Purged{}
	for _, p := range purgeables(db, now, o.After) {
		purged, err := purge(ctx, db, p, o)
		if purged.Table != "" {
			done = append(done, purged)
		}
		if err != nil {
			return done, wpdb.Outcome(ctx, err)
		}
	}
	return done, nil
}

func purgeables(db *wpdb.DB, now time.Time, after time.Duration) []wpdb.Purgeable {
	var list []wpdb.Purgeable
	for _, kind := range []oauth.Kind{oauth.AccessToken, oauth.AuthorizationCode, oauth.RefreshToken} {
		list = append(list, db.PurgeableOf(kind, now.Add(-after)))
	}
	return append(list, wpdb.Purgeable{
		Table: db.Tables.Rotated, Value: "token_hash", Date: "rotated", Before: now.Add(-max(after, rotatedKept)),
	})
}

// earlierClock is the time by this machine's clock or by the database's, whichever
// is earlier: one that runs ahead must not make live tokens look old.
func earlierClock(ctx context.Context, db *wpdb.DB) (time.Time, error) {
	var digits string
	err := briefly(ctx, db, false, func(ctx context.Context) error {
		return db.SQL.GetContext(ctx, &digits, "SELECT CAST(UTC_TIMESTAMP() AS CHAR)")
	})
	if err != nil {
		return time.Time{}, err
	}
	theirs, err := time.Parse(time.DateTime, digits)
	if ours := time.Now().UTC(); ours.Before(theirs) {
		return ours, err
	}
	return theirs, err
}

// briefly is repeat with a limit of its own, for nobody waits for the outcome. An
// error that lasts comes back as it is.
func briefly(ctx context.Context, db *wpdb.DB, writes bool, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	var last error
	err := db.Repeat(ctx, writes, func() error {
		last = attempt(ctx)
		return last
	})
	if err != nil && wpdb.FaultOf(last) == wpdb.FaultLasting {
		return last
	}
	return err
}

// purge does one table.
func purge(ctx context.Context, db *wpdb.DB, p wpdb.Purgeable, o PurgeOptions) (Purged, error) {
	purged := Purged{Table: p.Table}
	var indexes []wpdb.TableIndex
	err := briefly(ctx, db, false, func(ctx context.Context) (err error) {
		indexes, err = wpdb.UsableIndexes(ctx, db.SQL, p.Table)
		return err
	})
	switch {
	case wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable:
		return Purged{}, nil // such as the server's own, before migrate
	case wpdb.Denied(err):
		purged.Finding = purgeDenied(ctx, db, p)
		return purged, nil
	case err != nil:
		return purged, err
	case o.DryRun:
		purged.Rows, err = countExpired(ctx, db, p)
		return purged, err
	}
	byValue, byDate := wpdb.IndexOn(indexes, p.Value), wpdb.IndexOn(indexes, p.Date)
	if byValue == "" || byDate == "" {
		purged.Finding = &wpdb.Finding{
			Kind:    wpdb.KindIndexMissing,
			Problem: fmt.Sprintf("Nothing is deleted from the table %s, which has no index on %s or %s: each batch would read all of it.", p.Table, p.Value, p.Date),
			Remedy:  "Run: " + db.Command("migrate")}
		return purged, nil
	}
	err = purgeBatches(ctx, db, &purged, p, statementsOf(p, byValue, byDate), o)
	if wpdb.Denied(err) {
		purged.Finding, err = purgeDenied(ctx, db, p), nil
	}
	return purged, err
}

func purgeDenied(ctx context.Context, db *wpdb.DB, p wpdb.Purgeable) *wpdb.Finding {
	return &wpdb.Finding{Kind: wpdb.KindPrivilegeMissing, Problem: fmt.Sprintf("The user %q may not delete from the table %s.", db.Config.User, p.Table),
		Remedy: db.GrantTo(db.Account(ctx), "SELECT, DELETE", p.Table)}
}

func countExpired(ctx context.Context, db *wpdb.DB, p wpdb.Purgeable) (n int, err error) {
	query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s", wpdb.QuoteName(p.Table), p.Condition())
	err = briefly(ctx, db, false, func(ctx context.Context) error { return db.SQL.GetContext(ctx, &n, query, p.Digits()) })
	return n, err
}

// purgeStatements find expired rows, and delete those of them that are still
// there and still expired. The first takes no lock. Each names its index, so that
// no estimate makes the server read a whole table.
type purgeStatements struct{ find, remove string }

func statementsOf(p wpdb.Purgeable, byValue, byDate string) purgeStatements {
	table := wpdb.QuoteName(p.Table)
	return purgeStatements{
		find: fmt.Sprintf("SELECT CAST(`%s` AS BINARY) FROM %s FORCE INDEX (`%s`) WHERE %s ORDER BY %s LIMIT %d",
			p.Value, table, byDate, p.Condition(), p.Date, purgeBatch),
		remove: fmt.Sprintf("DELETE t FROM %s AS t FORCE INDEX (`%s`) WHERE %s AND `%s` IN (", table, byValue, p.Condition(), p.Value),
	}
}

// purgeBatches deletes until no expired row is left.
func purgeBatches(ctx context.Context, db *wpdb.DB, purged *Purged, p wpdb.Purgeable, statements purgeStatements, o PurgeOptions) error {
	for idle := 0; idle < wpdb.MaxConflicts; {
		began := time.Now()
		found, removed, err := purgeSome(ctx, db, p, statements)
		if err != nil || found == 0 {
			return err
		}
		if removed > 0 {
			idle = 0
		} else { // another process has been faster
			idle++
		}
		purged.Rows += removed
		if o.Watch != nil {
			o.Watch(*purged)
		}
		pause := max(purgeMinPause, purgeRest*time.Since(began))
		if !wpdb.Sleep(ctx, pause/2+rand.N(pause)) {
			return ctx.Err()
		}
	}
	return nil
}

// purgeSome deletes a batch.
func purgeSome(ctx context.Context, db *wpdb.DB, p wpdb.Purgeable, statements purgeStatements) (found, removed int, err error) {
	err = briefly(ctx, db, true, func(ctx context.Context) error {
		var values [][]byte
		if err := db.SQL.SelectContext(ctx, &values, statements.find, p.Digits()); err != nil {
			return err
		}
		if found = len(values); found == 0 {
			return nil
		}
		args := []any{p.Digits()}
		for _, v := range values {
			args = append(args, v)
		}
		list := strings.TrimSuffix(strings.Repeat("CAST(? AS BINARY), ", found), ", ")
		result, err := db.SQL.ExecContext(ctx, statements.remove+list+")", args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		removed = int(n)
		return err
	})
	return found, removed, err
}
