package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
)

// dbPassword is in each wp-config.php; it must not appear in any log.
const dbPassword = "wp-db-Pa55word-4711"

// client is one of the clients in testdata/contract/fixtures.json.
type client struct {
	Name, ID, Secret, Redirect, Alg string
}

// fixtures is testdata/contract/fixtures.json.
type fixtures struct {
	Comment    string
	Clients    map[string]client
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
}

func readFixtures(t testing.TB) fixtures {
	t.Helper()
	var f fixtures
	if err := json.Unmarshal(readFile(t, "testdata/contract/fixtures.json"), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func writeFile(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// site is a WordPress with the plugin, as far as the server can see it: its
// tables and its wp-config.php.
type site struct {
	t        testing.TB
	server   *sandbox.Server
	db       *sql.DB
	prefix   string
	wpConfig string // path

	app, odd, pub, hs client // of the fixtures: confidential, with an odd secret, public, another
}

var sites atomic.Int64

// newSite makes a site with the clients of the fixtures.
func newSite(t testing.TB, server *sandbox.Server) *site {
	t.Helper()
	s := &site{t: t, server: server, prefix: fmt.Sprintf("wp%d_", sites.Add(1))}
	if err := server.CreateSite(context.Background(), s.prefix); err != nil {
		t.Fatal(err)
	}
	s.db = open(t, server, "root")
	s.wpConfig = writeWPConfig(t, server, s.prefix, "root", dbPassword)
	f := readFixtures(t)
	for _, c := range f.Clients {
		s.putClient(c)
		s.putKey(c, f)
	}
	s.app, s.odd, s.pub, s.hs = f.Clients["app"], f.Clients["odd"], f.Clients["pub"], f.Clients["hs"]
	return s
}

// open connects as PHP does: without strict modes, and in the time zone that
// the server has.
func open(t testing.TB, server *sandbox.Server, user string) *sql.DB {
	t.Helper()
	dsn := strings.Replace(server.DSN("interpolateParams=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27"), "root", user, 1)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// writeWPConfig writes a wp-config.php as WordPress's installer does.
func writeWPConfig(t testing.TB, server *sandbox.Server, prefix, user, password string) string {
	t.Helper()
	return writeFile(t, filepath.Join(t.TempDir(), "wp-config.php"), fmt.Sprintf(`<?php
// ** Database settings ** //
define( 'DB_NAME', '%s' );
define( 'DB_USER', '%s' );
define( 'DB_PASSWORD', '%s' );
define( 'DB_HOST', 'localhost:%s' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );

$table_prefix = '%s';

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`, server.Name(), user, password, server.Socket, prefix))
}

// exec runs a statement in which {p} stands for the prefix of the tables.
func (s *site) exec(statement string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(strings.ReplaceAll(statement, "{p}", s.prefix), args...); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// strings is the one column that a query returns.
func (s *site) strings(query string, args ...any) (values []string) {
	s.t.Helper()
	rows, err := s.db.Query(strings.ReplaceAll(query, "{p}", s.prefix), args...)
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

func (s *site) putClient(c client) {
	s.t.Helper()
	stored := c.Secret
	if stored != "" {
		stored = wpdb.EncryptSecret(c.Secret, c.Name)
	}
	s.exec("INSERT INTO {p}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) "+
		"VALUES (?, ?, ?, ?, 1)", c.Name, c.ID, stored, c.Redirect)
}

// putKey stores the client's key as the plugin does: that of the secret's
// algorithm is the secret as it is stored.
func (s *site) putKey(c client, f fixtures) {
	s.t.Helper()
	public, private := f.PublicKey, f.PrivateKey
	if c.Alg == "HS256" {
		public, private = "", wpdb.EncryptSecret(c.Secret, c.Name)
	}
	s.exec("INSERT INTO {p}moos_oauth_public_keys VALUES (?, ?, ?, ?)", c.ID, public, private, c.Alg)
}

func (s *site) putOption(name, value string) {
	s.t.Helper()
	s.exec("REPLACE INTO {p}options (option_name, option_value) VALUES (?, ?)", name, value)
}

// The tables of tokens and codes, and their columns.
func table(kind string) (name, column string) {
	switch kind {
	case "code":
		return "{p}moos_oauth_authorization_codes", "authorization_code"
	case "refresh":
		return "{p}moos_oauth_refresh_tokens", "refresh_token"
	}
	return "{p}moos_oauth_access_tokens", "access_token"
}

// row is a token or code as PHP stores it. The zero values stand for what most
// tests need.
type row struct {
	user    int    // alice
	expires any    // "0000-00-00 00:00:00" for tokens: never; in ten minutes for codes
	scope   string // "profile email"
}

// put stores a token or code of a client.
func (s *site) put(kind, value string, c client, r row) {
	s.t.Helper()
	name, column := table(kind)
	if r.user == 0 {
		r.user = sandbox.Alice
	}
	if r.scope == "" {
		r.scope = "profile email"
	}
	if r.expires == nil {
		r.expires = "0000-00-00 00:00:00"
		if kind == "code" {
			r.expires = digits(time.Now().Add(10 * time.Minute))
		}
	}
	s.exec("INSERT INTO "+name+" ("+column+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)",
		value, c.ID, r.user, r.expires, r.scope)
}

// digits are those of UTC, as PHP's gmdate writes them.
func digits(t time.Time) string { return t.UTC().Format(time.DateTime) }

// has says if a token or code is in its table, byte for byte.
func (s *site) has(kind, value string) bool {
	s.t.Helper()
	name, column := table(kind)
	return len(s.strings("SELECT 'x' FROM "+name+" WHERE "+column+" = CAST(? AS BINARY)", value)) > 0
}

// wantRow fails the test if a token or code is not there, or is there.
func (s *site) wantRow(kind, value string, there bool) {
	s.t.Helper()
	if s.has(kind, value) != there {
		s.t.Errorf("the %s row %q: want there %v, it is %v", kind, value, there, !there)
	}
}
