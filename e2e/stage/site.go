package stage

import (
	"fmt"
	"path/filepath"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// DBPassword is in each wp-config.php; it must not appear in any log.
const DBPassword = sandboxtest.Password

// What the tests of the program and of the database have in common.
type (
	// Client is a client with its secret in plain text.
	Client = sandboxtest.Client
	// Row is a token or code as PHP stores it.
	Row = sandboxtest.Row
)

// Site is a WordPress with the plugin, as far as the server can see it: its
// tables and its wp-config.php.
type Site struct {
	*sandboxtest.Site
	Binary   string // path of moserver-sidecar
	WPConfig string // path
}

// NewSite makes the tables of a site, whose names begin with a prefix, in the
// database of a server. binary is what Build has built.
func NewSite(t T, binary string, server *sandbox.Server, prefix string) *Site {
	t.Helper()
	site := sandboxtest.NewSite(t, server, prefix)
	return &Site{site, binary, WriteWPConfig(t, server, site.Prefix, "root", DBPassword)}
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

// Kind is what the tests here call "code", "access" or "refresh".
func Kind(short string) oauth.Kind {
	if short == "code" {
		return oauth.AuthorizationCode
	}
	return oauth.Kind(short + "_token")
}

// Table is where codes ("code") or tokens ("access", "refresh") are, and the
// column that has their value.
func Table(kind string) (name, column string) {
	column = string(Kind(kind))
	return "{}moos_oauth_" + column + "s", column
}

// Put stores a token or code of a client.
func (s *Site) Put(kind, value string, c Client, r Row) {
	s.T.Helper()
	s.Site.Put(Kind(kind), value, c.ID, r)
}

// Has reports whether a token or code is in its table, byte for byte.
func (s *Site) Has(kind, value string) bool {
	s.T.Helper()
	return s.Site.Has(Kind(kind), value)
}

// WantRow fails the test if a token or code is not there, or is there.
func (s *Site) WantRow(kind, value string, there bool) {
	s.T.Helper()
	if s.Has(kind, value) != there {
		s.T.Errorf("the %s row %q: want there %v, it is %v", kind, Shorten(value), there, !there)
	}
}
