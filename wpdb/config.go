package wpdb

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
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

	MaxConnections int // how many connections are open at most; 0: no limit
}

// tables are the full names of the tables that the server works on.
type tables struct {
	clients, codes, accessTokens, refreshTokens string
	users, usermeta, options, keys              string
	rotated                                     string // the server's own

	// capabilities is the meta_key that the members of the main blog have;
	// empty where there is no network.
	capabilities string
}

// validTableName says if a name may stand in a table's name without being quoted.
// WordPress asks the same of $table_prefix: letters, digits and underscores.
// Some hosts put the name of another database before the users table.
func validTableName(name string) bool {
	return regexp.MustCompile(`^[0-9A-Za-z_$-]{1,64}(\.[0-9A-Za-z_$-]{1,64})?$`).MatchString(name)
}

// tables builds the names once; everything after relies on their being safe
// to stand in a statement.
func (c Config) tables() (tables, error) {
	users := c.UsersTable
	if users == "" {
		users = c.Prefix + "users"
	}
	if c.Prefix != "" && (!validTableName(c.Prefix) || strings.Contains(c.Prefix, ".")) {
		return tables{}, errors.New("the table prefix is not one that WordPress allows: use letters, digits and underscores")
	}
	usermeta := c.UsermetaTable
	if usermeta == "" {
		usermeta = c.Prefix + "usermeta"
	}
	for _, name := range []string{users, usermeta} {
		if !validTableName(name) {
			return tables{}, errors.New("the name of the users or usermeta table is none: use letters, digits and underscores")
		}
	}
	capabilities := ""
	if c.Multisite {
		capabilities = c.Prefix + "capabilities"
	}
	return tables{
		capabilities:  capabilities,
		clients:       c.Prefix + "moos_oauth_clients",
		codes:         c.Prefix + "moos_oauth_authorization_codes",
		accessTokens:  c.Prefix + "moos_oauth_access_tokens",
		refreshTokens: c.Prefix + "moos_oauth_refresh_tokens",
		keys:          c.Prefix + "moos_oauth_public_keys",
		users:         users,
		usermeta:      usermeta,
		options:       c.Prefix + "options",
		rotated:       c.Prefix + "moserver_rotated_tokens",
	}, nil
}

// blogOptions is the options table of a blog of a multisite installation. The
// main blog has the plain prefix.
func (c Config) blogOptions(blog int64) string {
	if blog <= 1 {
		return c.Prefix + "options"
	}
	return fmt.Sprintf("%s%d_options", c.Prefix, blog)
}

// blogCapabilities is the meta_key that the members of another blog than the
// main one have.
func (c Config) blogCapabilities(blog int64) string {
	return fmt.Sprintf("%s%d_capabilities", c.Prefix, blog)
}

// split is the database and the name of a table.
func (c Config) split(table string) (schema, name string) {
	if schema, name, qualified := strings.Cut(table, "."); qualified {
		return schema, name
	}
	return c.Name, table
}

// quoteName quotes a name that validTableName has accepted, with or without the
// name of a database before it.
func quoteName(name string) string {
	return "`" + strings.ReplaceAll(name, ".", "`.`") + "`"
}
