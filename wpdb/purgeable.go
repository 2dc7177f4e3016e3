package wpdb

import (
	"fmt"
	"time"

	"moserver-sidecar/oauth"
)

// Purgeable is a table whose rows come to an end.
type Purgeable struct {
	Table, Value, Date string // the columns that tell rows apart, and when they ended
	Before             time.Time
}

// PurgeableOf is the codes or tokens of a kind that expired before some moment.
func (db *DB) PurgeableOf(kind oauth.Kind, before time.Time) Purgeable {
	table, column := db.Tables.KindTable(kind)
	return Purgeable{table, column, "expires", before}
}

// Condition is what rows are deleted by. The dates are digits of UTC in the zone
// of the session, see FormatExpires, and so is what they are compared with.
func (p Purgeable) Condition() string {
	return fmt.Sprintf("%s >= '%s' AND %s < ? AND `%s` IS NOT NULL", p.Date, firstExpiry, p.Date, p.Value)
}

// Digits is the argument of Condition.
func (p Purgeable) Digits() string { return FormatExpires(p.Before) }
