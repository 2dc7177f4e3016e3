package wpdb

import (
	"fmt"
	"strings"
)

// RotationNeeds is what the server uses of the table of rotations, if there is
// one.
func (t Tables) RotationNeeds() Need {
	columns := []string{"token_hash", "client_id", "user_id", "successor", "rotated"}
	return Need{Table: t.Rotated, Columns: columns, Privileges: "SELECT, INSERT, DELETE"}
}

// RotationsRemedy is what to do about a table of rotations that cannot be used. A
// user without any privilege on it is not told whether there is one.
func (db *DB) RotationsRemedy(account string) string {
	n := db.Tables.RotationNeeds()
	return fmt.Sprintf("If there is no such table, run: %s\n%s", db.Command("migrate"), db.GrantTo(account, n.Privileges, n.Table))
}

// Needs is the tables, with the columns and privileges that the server uses of
// each. In a network usermeta says who is a member of the client's blog.
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
	if t.Blogs != "" { // which plugins are active in all of a network
		list = append(list, Need{t.Blogs, []string{"blog_id", "site_id"}, "SELECT", false},
			Need{t.Sitemeta, []string{"site_id", "meta_key", "meta_value"}, "SELECT", false})
	}
	return list
}

// Need is what the server uses of a table: these columns, with these privileges.
type Need struct {
	Table      string
	Columns    []string
	Privileges string
	IDTokens   bool // without it there are tokens, but no ID tokens
}

// Written says if the server writes to the table.
func (n Need) Written() bool { return strings.Contains(n.Privileges, "DELETE") }
