package wpdb

import (
	"context"
	"fmt"
)

// OwnName begins the name of all that migrate adds, and of nothing else that
// Undo takes away.
const OwnName = "moserver_"

// ownTable is a table that is the server's and not the plugin's: its name, and
// the statement that makes it if it is not there.
type ownTable struct{ Name, Create string }

// Own is all tables of the server's own. Each has a primary key, because some
// clusters demand one. No indexed column is long, so that no limit on the length
// of keys depends on the row format; and texts compare byte for byte, as far as a
// collation that each server has can do so.
func (t Tables) Own() []ownTable {
	return []ownTable{
		// The refresh tokens that were replaced, by the SHA-256 of each, with the
		// token that took its place. The time is UTC; DATETIME keeps it from
		// moving with the session's zone.
		{t.Rotated, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s ("+
			"token_hash BINARY(32) NOT NULL PRIMARY KEY, "+
			"client_id VARCHAR(255) NOT NULL, "+
			"user_id BIGINT NOT NULL, "+
			"successor VARCHAR(255) NOT NULL, "+
			"rotated DATETIME NOT NULL, "+
			"KEY moserver_rotated (rotated)"+
			") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", QuoteName(t.Rotated))},
	}
}

// CreateOwnTables makes the tables of the server's own that are not there yet. It
// may be repeated. migrate does the same and more; this is for a database that
// nobody else works on, as that of a demo.
func (db *DB) CreateOwnTables(ctx context.Context) error {
	for _, table := range db.Tables.Own() {
		if _, err := db.SQL.ExecContext(ctx, table.Create); err != nil {
			return Unavailable(err)
		}
	}
	return nil
}
