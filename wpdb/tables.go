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

	// PluginFolder is the name of the plugin's folder where it was renamed, or
	// MustUse; empty: one of those that its editions have.
	PluginFolder string

	// Flags is how a command is told of this site, as a shell reads it; remedies
	// repeat it. It has no secrets.
	Flags string

	MaxConnections int // how many connections are open at most; 0: no limit
}

// MustUse as PluginFolder says that the plugin is in mu-plugins, where nobody can
// deactivate it.
const MustUse = "must-use"

// Tables are the full names of the tables that the server works on.
type Tables struct {
	Clients, Codes, AccessTokens, RefreshTokens string
	Users, Usermeta, Options, Keys              string
	Rotated                                     string // the server's own

	// These are empty where there is no network. capabilities is the meta_key that
	// the members of the main blog have.
	Capabilities, Blogs, Sitemeta string

	Plugin string // regular expression of the plugin in a list of active plugins; empty: it always is
}

// validTableName says if a name may stand in a table's name without being quoted.
// WordPress asks the same of $table_prefix: letters, digits and underscores.
// Some hosts put the name of another database before the users table.
func validTableName(name string) bool {
	return regexp.MustCompile(`^[0-9A-Za-z_$-]{1,64}(\.[0-9A-Za-z_$-]{1,64})?$`).MatchString(name)
}

// tables builds the names once; everything after relies on their being safe
// to stand in a statement.
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

// plugin is the regular expression of tables.plugin, in what every server and Go
// understand. Other plugins of the same maker have a main file of the same name.
func (c Config) plugin() (string, error) {
	folder := `[^"/]*oauth[^"/]*server[^"/]*`
	switch {
	case c.PluginFolder == MustUse:
		return "", nil
	case c.PluginFolder != "":
		if !regexp.MustCompile(`^[0-9A-Za-z._-]+$`).MatchString(c.PluginFolder) {
			return "", errors.New("plugin_folder is not the name of a plugin's folder: use letters, digits, dots, underscores and hyphens")
		}
		folder = strings.ReplaceAll(c.PluginFolder, ".", "[.]")
	}
	return `"` + folder + `/mo_oauth_settings[.]php"`, nil
}

// BlogOptions is the options table of a blog of a multisite installation. The
// main blog has the plain prefix.
func (c Config) BlogOptions(blog int64) string {
	if blog <= 1 {
		return c.Prefix + "options"
	}
	return fmt.Sprintf("%s%d_options", c.Prefix, blog)
}

// BlogCapabilities is the meta_key that the members of another blog than the
// main one have.
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

// QuoteName quotes a name that validTableName has accepted, with or without the
// name of a database before it.
func QuoteName(name string) string {
	return "`" + strings.ReplaceAll(name, ".", "`.`") + "`"
}

// KindTable is where the codes or tokens of a kind are, and the column that
// has their value.
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
