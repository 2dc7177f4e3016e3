package stage

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
)

// DBPassword is in each wp-config.php; it must not appear in any log.
const DBPassword = "wp-db-Pa55word-4711"

// Client is a client with its secret in plain text. Alg is the algorithm of its
// ID tokens, RS256 or HS256.
type Client struct {
	Name, ID, Secret, Redirect, Alg string
}

// Site is a WordPress with the plugin, as far as the server can see it: its
// tables and its wp-config.php.
type Site struct {
	Binary   string // path of moserver-sidecar
	Server   *sandbox.Server
	DB       *sql.DB
	Prefix   string
	WPConfig string // path

	t T
}

// NewSite makes the tables of a site, whose names begin with a prefix, in the
// database of a server. binary is what Build has built.
func NewSite(t T, binary string, server *sandbox.Server, prefix string) *Site {
	t.Helper()
	s := &Site{t: t, Binary: binary, Server: server, Prefix: prefix}
	if err := server.CreateSite(context.Background(), prefix); err != nil {
		t.Fatal(err)
	}
	s.DB = Open(t, server, "root")
	s.WPConfig = WriteWPConfig(t, server, prefix, "root", DBPassword)
	return s
}

// StartDatabase starts a private MariaDB without a site, in a time zone as in
// TZ; empty is UTC.
func StartDatabase(t T, timeZone string) *sandbox.Server {
	t.Helper()
	server, err := sandbox.Start(context.Background(), sandbox.Options{TimeZone: timeZone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Open connects as PHP does: without strict modes, and in the time zone that
// the server has.
func Open(t T, server *sandbox.Server, user string) *sql.DB {
	t.Helper()
	dsn := strings.Replace(server.DSN("interpolateParams=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27"), "root", user, 1)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// WriteWPConfig writes a wp-config.php as WordPress's installer does.
func WriteWPConfig(t T, server *sandbox.Server, prefix, user, password string) string {
	t.Helper()
	return WriteFile(t, filepath.Join(t.TempDir(), "wp-config.php"), wpConfig(server, prefix, user, password))
}

// wpConfig is the text of a wp-config.php.
func wpConfig(server *sandbox.Server, prefix, user, password string) string {
	return fmt.Sprintf(`<?php
// ** Database settings ** //
define( 'DB_NAME', '%s' );
define( 'DB_USER', '%s' );
define( 'DB_PASSWORD', '%s' );
define( 'DB_HOST', 'localhost:%s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
%s
$table_prefix = '%s';

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`, server.Name(), user, password, server.Socket, salts(), prefix)
}

// salts are wp-config.php's keys and salts, the same for each site.
func salts() string {
	var b strings.Builder
	for _, name := range []string{"AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"} {
		fmt.Fprintf(&b, "define( '%s', '%s' );\n", name, strings.Repeat(name, 8))
	}
	return b.String()
}

// Exec runs a statement in which {p} stands for the prefix of the tables.
func (s *Site) Exec(statement string, args ...any) {
	s.t.Helper()
	if _, err := s.DB.Exec(strings.ReplaceAll(statement, "{p}", s.Prefix), args...); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// Strings is the one column that a query returns.
func (s *Site) Strings(query string, args ...any) (values []string) {
	s.t.Helper()
	rows, err := s.DB.Query(strings.ReplaceAll(query, "{p}", s.Prefix), args...)
	if err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var value sql.NullString
		if err := rows.Scan(&value); err != nil {
			s.t.Fatal(err)
		}
		values = append(values, value.String)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return values
}

// PutClient stores a client as the plugin does.
func (s *Site) PutClient(c Client) {
	s.t.Helper()
	stored := c.Secret
	if stored != "" {
		stored = wpdb.EncryptSecret(c.Secret, c.Name)
	}
	s.Exec("INSERT INTO {p}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) "+
		"VALUES (?, ?, ?, ?, 1)", c.Name, c.ID, stored, c.Redirect)
}

// PutKey stores the client's key as the plugin does: that of the secret's
// algorithm is the secret as it is stored.
func (s *Site) PutKey(c Client, publicKey, privateKey string) {
	s.t.Helper()
	if c.Alg == "HS256" {
		publicKey, privateKey = "", wpdb.EncryptSecret(c.Secret, c.Name)
	}
	s.Exec("INSERT INTO {p}moos_oauth_public_keys VALUES (?, ?, ?, ?)", c.ID, publicKey, privateKey, c.Alg)
}

// PutOption sets an option of the main blog.
func (s *Site) PutOption(name, value string) {
	s.t.Helper()
	s.Exec("REPLACE INTO {p}options (option_name, option_value) VALUES (?, ?)", name, value)
}

// Table is where codes ("code") or tokens ("access", "refresh") are, and the
// column that has their value.
func Table(kind string) (name, column string) {
	switch kind {
	case "code":
		return "{p}moos_oauth_authorization_codes", "authorization_code"
	case "refresh":
		return "{p}moos_oauth_refresh_tokens", "refresh_token"
	}
	return "{p}moos_oauth_access_tokens", "access_token"
}

// Row is a token or code as PHP stores it. The zero values stand for what most
// tests need.
type Row struct {
	User    int    // alice
	Expires any    // "0000-00-00 00:00:00" for tokens: never; in ten minutes for codes
	Scope   string // "profile email"
}

// Put stores a token or code of a client.
func (s *Site) Put(kind, value string, c Client, r Row) {
	s.t.Helper()
	name, column := Table(kind)
	if r.User == 0 {
		r.User = sandbox.Alice
	}
	if r.Scope == "" {
		r.Scope = "profile email"
	}
	if r.Expires == nil {
		r.Expires = "0000-00-00 00:00:00"
		if kind == "code" {
			r.Expires = Digits(time.Now().Add(10 * time.Minute))
		}
	}
	s.Exec("INSERT INTO "+name+" ("+column+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)",
		value, c.ID, r.User, r.Expires, r.Scope)
}

// Digits are those of UTC, as PHP's gmdate writes them.
func Digits(t time.Time) string { return t.UTC().Format(time.DateTime) }

// Has says if a token or code is in its table, byte for byte.
func (s *Site) Has(kind, value string) bool {
	s.t.Helper()
	name, column := Table(kind)
	return len(s.Strings("SELECT 'x' FROM "+name+" WHERE "+column+" = CAST(? AS BINARY)", value)) > 0
}

// WantRow fails the test if a token or code is not there, or is there.
func (s *Site) WantRow(kind, value string, there bool) {
	s.t.Helper()
	if s.Has(kind, value) != there {
		s.t.Errorf("the %s row %q: want there %v, it is %v", kind, Shorten(value), there, !there)
	}
}
