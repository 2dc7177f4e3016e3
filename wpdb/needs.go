package wpdb

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
)

// TableIndex is an index that statements may use.
type TableIndex struct {
	Name  string
	first string // the column that it begins with
}

// UsableIndexes reads those indexes of a table that statements may use.
func UsableIndexes(ctx context.Context, db sqlx.QueryerContext, table string) ([]TableIndex, error) {
	list, err := SelectRows(ctx, db, "SHOW INDEX FROM "+QuoteName(table))
	if err != nil {
		return nil, err
	}
	return Usable(list), nil
}

// Usable picks those indexes from the rows of SHOW INDEX that statements may use.
func Usable(list []Row) (indexes []TableIndex) {
	for _, i := range list {
		// An index that statements do not use is invisible in MySQL, ignored in MariaDB.
		unused := i.Text("Visible") == "NO" || i.Text("Ignored") == "YES"
		if i.Integer("Seq_in_index") == 1 && i.Text("Index_type") == "BTREE" && !unused {
			indexes = append(indexes, TableIndex{i.Text("Key_name"), i.Text("Column_name")})
		}
	}
	return indexes
}

// IndexOn is the name of an index that begins with the column, empty without one.
func IndexOn(indexes []TableIndex, column string) string {
	for _, i := range indexes {
		if strings.EqualFold(i.first, column) {
			return i.Name
		}
	}
	return ""
}

// lookup is a column that the plugin or the server looks up rows by.
type lookup struct{ Table, Column string }

// Lookups lists all of them, first those of a login. byUser adds the one for
// revoking all access tokens of a user.
func (t Tables) Lookups(byUser bool) []lookup {
	list := []lookup{
		{t.Clients, "client_id"}, {t.Keys, "client_id"},
		{t.Codes, "authorization_code"}, {t.AccessTokens, "access_token"}, {t.RefreshTokens, "refresh_token"},
		{t.Codes, "expires"}, {t.AccessTokens, "expires"}, {t.RefreshTokens, "expires"},
	}
	if byUser {
		list = append(list, lookup{t.AccessTokens, "user_id"})
	}
	return list
}

// tokenIndex is the index by which a kind of codes or tokens is found.
type tokenIndex struct {
	name  string // empty: there is none
	locks bool   // the table's engine locks rows
}

// Unindexed looks for the kinds of codes and tokens that no index finds, and
// remembers them for Scans and LockingIndex.
func (db *DB) Unindexed(ctx context.Context) (kinds []oauth.Kind, err error) {
	found := map[oauth.Kind]tokenIndex{}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, column := db.Tables.KindTable(kind)
		indexes, err := UsableIndexes(ctx, db.SQL, table)
		if err != nil {
			return nil, err
		}
		engine, err := db.EngineOf(ctx, db.SQL, table)
		if err != nil {
			return nil, err
		}
		found[kind] = tokenIndex{IndexOn(indexes, column), strings.EqualFold(engine, "InnoDB")}
		if found[kind].name == "" {
			kinds = append(kinds, kind)
		}
	}
	db.indexes.Store(&found)
	return kinds, nil
}

// IndexesKnown reports whether Unindexed has looked.
func (db *DB) IndexesKnown() bool { return db.indexes.Load() != nil }

// Scans reports whether looking for a code or token of the kind reads a whole table,
// as far as Unindexed has seen.
func (db *DB) Scans(kind oauth.Kind) bool {
	found := db.indexes.Load()
	return found == nil || (*found)[kind].name == ""
}

// LockingIndex is the name of the index through which single rows of a kind can be
// locked, quoted, as far as Unindexed has seen; empty if they cannot.
func (db *DB) LockingIndex(kind oauth.Kind) string {
	if found := db.indexes.Load(); found != nil && (*found)[kind].locks && (*found)[kind].name != "" {
		return "`" + strings.ReplaceAll((*found)[kind].name, "`", "``") + "`"
	}
	return ""
}

// RotationNeeds is what the server uses of the table of rotations.
func (t Tables) RotationNeeds() Need {
	columns := []string{"token_hash", "client_id", "user_id", "successor", "rotated"}
	return Need{Table: t.Rotated, Columns: columns, Privileges: "SELECT, INSERT, DELETE"}
}

// RotationsRemedy is for a table of rotations that cannot be used. A user without a
// privilege on it does not learn whether it exists.
func (db *DB) RotationsRemedy(account string) string {
	n := db.Tables.RotationNeeds()
	return fmt.Sprintf("If there is no such table, run: %s\n%s", db.Command("migrate"), db.GrantTo(account, n.Privileges, n.Table))
}

// Needs lists what the server uses of the tables. In a network usermeta has the
// members of the client's blog.
func (t Tables) Needs() []Need {
	list := []Need{
		{t.Options, []string{"option_name", "option_value"}, "SELECT", false},
		{t.Users, []string{"ID", "user_login", "user_email", "display_name"}, "SELECT", false},
		{t.Usermeta, []string{"user_id", "meta_key", "meta_value"}, "SELECT", t.Capabilities == ""},
		{t.Keys, []string{"client_id", "private_key", "public_key", "encryption_algorithm"}, "SELECT", true},
		{t.Clients, []string{"client_id", "client_name", "client_secret", "redirect_uri"}, "SELECT", false},
		{t.Codes, []string{"authorization_code", "client_id", "user_id", "redirect_uri", "expires", "scope"}, "SELECT, DELETE", false},
		{t.AccessTokens, []string{"access_token", "client_id", "user_id", "expires", "scope"}, "SELECT, INSERT, DELETE", false},
		{t.RefreshTokens, []string{"refresh_token", "client_id", "user_id", "expires", "scope"}, "SELECT, INSERT, DELETE", false},
	}
	if t.Blogs != "" { // for the plugins that are active on all blogs
		list = append(list, Need{t.Blogs, []string{"blog_id", "site_id"}, "SELECT", false},
			Need{t.Sitemeta, []string{"site_id", "meta_key", "meta_value"}, "SELECT", false})
	}
	return list
}

// Need is what the server uses of a table.
type Need struct {
	Table      string
	Columns    []string
	Privileges string
	IDTokens   bool // only ID tokens need it
}

// Written reports whether the server writes to the table.
func (n Need) Written() bool { return strings.Contains(n.Privileges, "DELETE") }
