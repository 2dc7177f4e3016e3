package wpdb

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// Config says where WordPress's tables are.
type Config struct {
	Network  string // "tcp" or "unix"
	Address  string // host:port, or the path of a socket
	User     string
	Password string
	Name     string // of the database, DB_NAME in wp-config.php
	Charset  string // of the connection, DB_CHARSET in wp-config.php
	TLS      string // off, preferred, skip-verify or on; off if empty

	Prefix        string // $table_prefix in wp-config.php
	UsersTable    string // CUSTOM_USER_TABLE in wp-config.php; empty: Prefix + "users"
	UsermetaTable string // CUSTOM_USER_META_TABLE in wp-config.php; empty: Prefix + "usermeta"
	Multisite     bool   // MULTISITE in wp-config.php
	Home          string // WP_HOME in wp-config.php, which counts before the option home of the main site

	// PluginFolder is the name of the plugin's folder if it was renamed, or "must-use"
	// if it is in mu-plugins; empty: one that an edition has.
	PluginFolder string

	// Flags name this site to a command, quoted for a shell; remedies repeat them.
	// They have no secrets.
	Flags string

	MaxConnections int // that are open at once; 0: no limit
}

// Tables are the full names of the tables that the server works on.
type Tables struct {
	Clients, Codes, AccessTokens, RefreshTokens string
	Users, Usermeta, Options, Keys              string
	Rotated                                     string // the server's own

	// These are empty without a network. Capabilities is the meta_key of the members
	// of the main blog.
	Capabilities, Blogs, Sitemeta string

	Plugin string // regular expression of the plugin in a list of active plugins; empty: it always is
}

// validTableName reports whether a name is safe in a statement. WordPress allows
// letters, digits and underscores in $table_prefix. Some hosts put the name of another
// database before the users table.
func validTableName(name string) bool {
	return regexp.MustCompile(`^[0-9A-Za-z_$-]{1,64}(\.[0-9A-Za-z_$-]{1,64})?$`).MatchString(name)
}

// tables builds the names, all safe in a statement, on which all else relies.
func (c Config) tables() (Tables, error) {
	users := c.UsersTable
	if users == "" {
		users = c.Prefix + "users"
	}
	if c.Prefix != "" && (!validTableName(c.Prefix) || strings.Contains(c.Prefix, ".")) {
		return Tables{}, errors.New("the table prefix is not one that WordPress allows: use letters, digits and underscores")
	}
	usermeta := c.UsermetaTable
	if usermeta == "" {
		usermeta = c.Prefix + "usermeta"
	}
	for _, name := range []string{users, usermeta} {
		if !validTableName(name) {
			return Tables{}, errors.New("the users or usermeta table has a name that is not a table name: use letters, digits and underscores")
		}
	}
	plugin, err := c.plugin()
	if err != nil {
		return Tables{}, err
	}
	t := Tables{
		Plugin:        plugin,
		Clients:       c.Prefix + "moos_oauth_clients",
		Codes:         c.Prefix + "moos_oauth_authorization_codes",
		AccessTokens:  c.Prefix + "moos_oauth_access_tokens",
		RefreshTokens: c.Prefix + "moos_oauth_refresh_tokens",
		Keys:          c.Prefix + "moos_oauth_public_keys",
		Users:         users,
		Usermeta:      usermeta,
		Options:       c.Prefix + "options",
		Rotated:       c.Prefix + "moserver_rotated_tokens",
	}
	if c.Multisite {
		t.Capabilities, t.Blogs, t.Sitemeta = c.Prefix+"capabilities", c.Prefix+"blogs", c.Prefix+"sitemeta"
	}
	return t, nil
}

// plugin is Tables.Plugin, in the syntax that every server and Go share. Other plugins
// of the same maker have a main file of the same name.
func (c Config) plugin() (string, error) {
	folder := `[^"/]*oauth[^"/]*server[^"/]*`
	switch {
	case c.PluginFolder == "must-use": // where it cannot be deactivated
		return "", nil
	case c.PluginFolder != "":
		if !regexp.MustCompile(`^[0-9A-Za-z._-]+$`).MatchString(c.PluginFolder) {
			return "", errors.New("plugin_folder is not the name of a plugin's folder: use letters, digits, dots, underscores and hyphens")
		}
		folder = strings.ReplaceAll(c.PluginFolder, ".", "[.]")
	}
	return `"` + folder + `/mo_oauth_settings[.]php"`, nil
}

// BlogOptions is the options table of a blog. The main blog has the plain prefix.
func (c Config) BlogOptions(blog int64) string {
	if blog <= 1 {
		return c.Prefix + "options"
	}
	return fmt.Sprintf("%s%d_options", c.Prefix, blog)
}

// BlogCapabilities is the meta_key of the members of a blog other than the main one.
func (c Config) BlogCapabilities(blog int64) string {
	return fmt.Sprintf("%s%d_capabilities", c.Prefix, blog)
}

// Split is the database and the name of a table.
func (c Config) Split(table string) (schema, name string) {
	if schema, name, qualified := strings.Cut(table, "."); qualified {
		return schema, name
	}
	return c.Name, table
}

// QuoteName quotes a name that validTableName has accepted.
func QuoteName(name string) string {
	return "`" + strings.ReplaceAll(name, ".", "`.`") + "`"
}

// KindTable is the table of the codes or tokens of a kind, and the column of their
// value.
func (t Tables) KindTable(kind oauth.Kind) (table, column string) {
	switch kind {
	case oauth.AuthorizationCode:
		return t.Codes, "authorization_code"
	case oauth.AccessToken:
		return t.AccessTokens, "access_token"
	default:
		return t.RefreshTokens, "refresh_token"
	}
}

// OfPlugin lists the tables of the plugin, which migrate adds indexes to.
func (t Tables) OfPlugin() []string {
	return []string{t.Clients, t.Keys, t.Codes, t.AccessTokens, t.RefreshTokens}
}

// OwnName begins the names of what migrate adds and, with Undo, removes.
const OwnName = "moserver_"

// ownTable is a table of the server's own, and the statement that creates it if it is
// not there.
type ownTable struct{ Name, Create string }

// Own lists the server's own tables. Each has a primary key, because some clusters
// demand one. No indexed column is long, so the limit on key length does not matter;
// and texts compare byte for byte, as far as a collation of every server can.
func (t Tables) Own() []ownTable {
	return []ownTable{
		// The SHA-256 of each refresh token that was replaced, with its successor. The
		// time is UTC: a DATETIME does not move with the session's zone.
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

// Purgeable is a table whose rows expire.
type Purgeable struct {
	Table, Value, Date string // Value and Date are columns: what identifies a row, and when it ends
	Before             time.Time
}

// PurgeableOf is the codes or tokens of a kind that expired before some moment.
func (db *DB) PurgeableOf(kind oauth.Kind, before time.Time) Purgeable {
	table, column := db.Tables.KindTable(kind)
	return Purgeable{table, column, "expires", before}
}

// Condition selects the rows to delete. The dates are digits of UTC in the zone of the
// session, as FormatExpires writes them, and so is the argument.
func (p Purgeable) Condition() string {
	return fmt.Sprintf("%s >= '%s' AND %s < ? AND `%s` IS NOT NULL", p.Date, firstExpiry, p.Date, p.Value)
}

// Digits is the argument of Condition.
func (p Purgeable) Digits() string { return FormatExpires(p.Before) }
