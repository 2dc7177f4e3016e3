package wpdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"moserver-sidecar/oauth"
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
	Table   string   `json:"table"`
	Rows    int      `json:"rows"`              // that are deleted; with DryRun: that would be
	Finding *Finding `json:"finding,omitempty"` // why the table was left alone
}

// purgeable is a table whose rows come to an end.
type purgeable struct {
	table, value, date string // the columns that tell rows apart, and when they ended
	before             time.Time
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
func (s *Store) Purge(ctx context.Context, o PurgeOptions) ([]Purged, error) {
	now, err := s.earlierClock(ctx)
	if err != nil {
		return []Purged{}, outcome(ctx, err)
	}
	done := []Purged{}
	for _, p := range s.purgeables(now, o.After) {
		purged, err := s.purge(ctx, p, o)
		if purged.Table != "" {
			done = append(done, purged)
		}
		if err != nil {
			return done, outcome(ctx, err)
		}
	}
	return done, nil
}

func (s *Store) purgeables(now time.Time, after time.Duration) []purgeable {
	var list []purgeable
	for _, kind := range []oauth.Kind{oauth.AccessToken, oauth.AuthorizationCode, oauth.RefreshToken} {
		list = append(list, s.purgeable(kind, now.Add(-after)))
	}
	return append(list, purgeable{s.tables.rotated, "token_hash", "rotated", now.Add(-max(after, rotatedKept))})
}

// purgeable is the codes or tokens of a kind that expired before some moment.
func (s *Store) purgeable(kind oauth.Kind, before time.Time) purgeable {
	table, column := s.tables.kindTable(kind)
	return purgeable{table, column, "expires", before}
}

// earlierClock is the time by this machine's clock or by the database's, whichever
// is earlier: one that runs ahead must not make live tokens look old.
func (s *Store) earlierClock(ctx context.Context) (time.Time, error) {
	var digits string
	err := s.briefly(ctx, false, func(ctx context.Context) error {
		return s.db.GetContext(ctx, &digits, "SELECT CAST(UTC_TIMESTAMP() AS CHAR)")
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
func (s *Store) briefly(ctx context.Context, writes bool, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	var last error
	err := s.repeat(ctx, writes, func() error {
		last = attempt(ctx)
		return last
	})
	if err != nil && faultOf(last) == faultLasting {
		return last
	}
	return err
}

// purge does one table.
func (s *Store) purge(ctx context.Context, p purgeable, o PurgeOptions) (Purged, error) {
	purged := Purged{Table: p.table}
	var indexes []tableIndex
	err := s.briefly(ctx, false, func(ctx context.Context) (err error) {
		indexes, err = usableIndexes(ctx, s.db, p.table)
		return err
	})
	switch {
	case number(err) == errNoSuchTable:
		return Purged{}, nil // such as the server's own, before Migrate
	case denied(err):
		purged.Finding = s.purgeDenied(ctx, p)
		return purged, nil
	case err != nil:
		return purged, err
	case o.DryRun:
		purged.Rows, err = s.countExpired(ctx, p)
		return purged, err
	}
	byValue, byDate := indexOn(indexes, p.value), indexOn(indexes, p.date)
	if byValue == "" || byDate == "" {
		purged.Finding = &Finding{
			Kind:    KindIndexMissing,
			Problem: fmt.Sprintf("Nothing is deleted from the table %s, which has no index on %s or %s: each batch would read all of it.", p.table, p.value, p.date),
			Remedy:  "Run: " + s.command("migrate")}
		return purged, nil
	}
	err = s.purgeBatches(ctx, &purged, p, p.statements(byValue, byDate), o)
	if denied(err) {
		purged.Finding, err = s.purgeDenied(ctx, p), nil
	}
	return purged, err
}

func (s *Store) purgeDenied(ctx context.Context, p purgeable) *Finding {
	return &Finding{Kind: KindPrivilegeMissing, Problem: fmt.Sprintf("The user %q may not delete from the table %s.", s.config.User, p.table),
		Remedy: s.grantTo(s.account(ctx), "SELECT, DELETE", p.table)}
}

func (s *Store) countExpired(ctx context.Context, p purgeable) (n int, err error) {
	query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s", quoteName(p.table), p.condition())
	err = s.briefly(ctx, false, func(ctx context.Context) error { return s.db.GetContext(ctx, &n, query, p.digits()) })
	return n, err
}

// condition is what rows are deleted by. The dates are digits of UTC in the zone
// of the session, see formatExpires, and so is what they are compared with.
func (p purgeable) condition() string {
	return fmt.Sprintf("%s >= '%s' AND %s < ? AND `%s` IS NOT NULL", p.date, firstExpiry, p.date, p.value)
}

func (p purgeable) digits() string { return formatExpires(p.before) }

// purgeStatements find expired rows, and delete those of them that are still
// there and still expired. The first takes no lock. Each names its index, so that
// no estimate makes the server read a whole table.
type purgeStatements struct{ find, remove string }

func (p purgeable) statements(byValue, byDate string) purgeStatements {
	table := quoteName(p.table)
	return purgeStatements{
		find: fmt.Sprintf("SELECT CAST(`%s` AS BINARY) FROM %s FORCE INDEX (`%s`) WHERE %s ORDER BY %s LIMIT %d",
			p.value, table, byDate, p.condition(), p.date, purgeBatch),
		remove: fmt.Sprintf("DELETE t FROM %s AS t FORCE INDEX (`%s`) WHERE %s AND `%s` IN (", table, byValue, p.condition(), p.value),
	}
}

// purgeBatches deletes until no expired row is left.
func (s *Store) purgeBatches(ctx context.Context, purged *Purged, p purgeable, statements purgeStatements, o PurgeOptions) error {
	for idle := 0; idle < maxConflicts; {
		began := time.Now()
		found, removed, err := s.purgeSome(ctx, p, statements)
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
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return ctx.Err()
		}
	}
	return nil
}

// purgeSome deletes a batch.
func (s *Store) purgeSome(ctx context.Context, p purgeable, statements purgeStatements) (found, removed int, err error) {
	err = s.briefly(ctx, true, func(ctx context.Context) error {
		var values [][]byte
		if err := s.db.SelectContext(ctx, &values, statements.find, p.digits()); err != nil {
			return err
		}
		if found = len(values); found == 0 {
			return nil
		}
		args := []any{p.digits()}
		for _, v := range values {
			args = append(args, v)
		}
		list := strings.TrimSuffix(strings.Repeat("CAST(? AS BINARY), ", found), ", ")
		result, err := s.db.ExecContext(ctx, statements.remove+list+")", args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		removed = int(n)
		return err
	})
	return found, removed, err
}
