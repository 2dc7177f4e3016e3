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
	// purgeRest is how long it rests after a batch, as a multiple of the batch's time: a
	// tenth of the time is noise on a busy machine, and deletes a million rows within
	// some minutes.
	purgeRest     = 9
	purgeMinPause = 5 * time.Millisecond
	// purgeTimeout is how long one batch is tried against conflicts and outages.
	purgeTimeout = time.Minute
	// rotatedKept is how long the record of a replaced refresh token is kept, and its
	// reuse recognized.
	rotatedKept = 30 * 24 * time.Hour
)

// PurgeOptions says what Purge should do.
type PurgeOptions struct {
	After  time.Duration // how long ago a row must have expired
	DryRun bool          // only count

	Watch func(Purged) // told of each batch; may be nil
}

// Purged is what Purge has done with a table.
type Purged struct {
	Table   string        `json:"table"`
	Rows    int           `json:"rows"`              // deleted, or with DryRun to be deleted
	Finding *wpdb.Finding `json:"finding,omitempty"` // why the table was left alone
}

// Purge deletes the codes and tokens that expired some time ago, and old records of
// replaced refresh tokens. A row that never expires stays: NULL, the zero date, a date
// of 1970.
//
// It deletes a few rows at a time and rests in between; any number of processes may do
// so at once. A table without an index on its dates and on its tokens is only counted
// with DryRun: each batch would read all of it, and block writers meanwhile.
//
// It returns an error if the database does not answer or ctx ends, with what was
// deleted by then.
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

// earlierClock is the time by the earlier one of this machine's clock and the
// database's: a fast clock must not make live tokens look old.
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

// briefly is Repeat with a limit of its own. A lasting error comes back as it is.
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
		query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s", wpdb.QuoteName(p.Table), p.Condition())
		err = briefly(ctx, db, false, func(ctx context.Context) error { return db.SQL.GetContext(ctx, &purged.Rows, query, p.Digits()) })
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
	// find takes no lock; remove deletes what is still there and still expired. Each
	// names its index, so that no estimate makes the server read a whole table.
	table := wpdb.QuoteName(p.Table)
	find := fmt.Sprintf("SELECT CAST(`%s` AS BINARY) FROM %s FORCE INDEX (`%s`) WHERE %s ORDER BY %s LIMIT %d",
		p.Value, table, byDate, p.Condition(), p.Date, purgeBatch)
	remove := fmt.Sprintf("DELETE t FROM %s AS t FORCE INDEX (`%s`) WHERE %s AND `%s` IN (", table, byValue, p.Condition(), p.Value)
	err = purgeBatches(ctx, db, &purged, find, remove, p.Digits(), o)
	if wpdb.Denied(err) {
		purged.Finding, err = purgeDenied(ctx, db, p), nil
	}
	return purged, err
}

func purgeDenied(ctx context.Context, db *wpdb.DB, p wpdb.Purgeable) *wpdb.Finding {
	return &wpdb.Finding{Kind: wpdb.KindPrivilegeMissing, Problem: fmt.Sprintf("The user %q may not delete from the table %s.", db.Config.User, p.Table),
		Remedy: db.GrantTo(db.Account(ctx), "SELECT, DELETE", p.Table)}
}

// purgeBatches deletes until no expired row is left.
func purgeBatches(ctx context.Context, db *wpdb.DB, purged *Purged, find, remove, digits string, o PurgeOptions) error {
	for idle := 0; idle < wpdb.MaxConflicts; {
		began := time.Now()
		found, removed, err := purgeSome(ctx, db, find, remove, digits)
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
func purgeSome(ctx context.Context, db *wpdb.DB, find, remove, digits string) (found, removed int, err error) {
	err = briefly(ctx, db, true, func(ctx context.Context) error {
		var values [][]byte
		if err := db.SQL.SelectContext(ctx, &values, find, digits); err != nil {
			return err
		}
		if found = len(values); found == 0 {
			return nil
		}
		args := []any{digits}
		for _, v := range values {
			args = append(args, v)
		}
		list := strings.TrimSuffix(strings.Repeat("CAST(? AS BINARY), ", found), ", ")
		result, err := db.SQL.ExecContext(ctx, remove+list+")", args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		removed = int(n)
		return err
	})
	return found, removed, err
}
