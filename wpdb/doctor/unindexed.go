package doctor

import (
	"context"
	"fmt"
	"strings"

	"moserver-sidecar/wpdb"
)

// indexSeconds is about how long migrate takes to add an index to a million rows.
const indexSeconds = 4

// Unindexed says which tables of codes and tokens have no index to find one by, and
// what migrate would do about it; both are empty if all have one. The error wraps
// oauth.ErrUnavailable.
func Unindexed(ctx context.Context, db *wpdb.DB) (problem, remedy string, err error) {
	kinds, err := db.Unindexed(ctx)
	if err != nil {
		return "", "", wpdb.Unavailable(err)
	}
	var tables []string
	seconds := int64(0)
	for _, kind := range kinds {
		table, _ := db.Tables.KindTable(kind)
		schema, name := db.Config.Split(table)
		list, err := wpdb.SelectRows(ctx, db.SQL, "SELECT COALESCE(TABLE_ROWS, 0) AS estimate FROM information_schema.TABLES "+
			"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, name)
		if err != nil {
			return "", "", wpdb.Unavailable(err)
		}
		rows := int64(0)
		if len(list) > 0 {
			rows = list[0].Integer("estimate")
		}
		seconds += 2 * indexSeconds * rows / 1_000_000 // by token, and by expires
		tables = append(tables, fmt.Sprintf("%s (about %d rows)", table, rows))
	}
	if len(tables) == 0 {
		return "", "", nil
	}
	return "Each request reads whole tables, because these have no index: " + strings.Join(tables, ", ") +
			". Until they have one, requests without a secret are answered one or two at a time.",
		fmt.Sprintf("Run: moserver-sidecar migrate. It adds the indexes while everything goes on, within about %d s for tables of this size.", seconds+1), nil
}
