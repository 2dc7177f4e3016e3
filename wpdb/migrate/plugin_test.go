package migrate_test

import (
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"slices"
	"testing"
)

// The plugin's own statements go on as before: those of a login, of wp-admin and
// of an activation.
func (s *site) actsAsPlugin() {
	s.T.Helper()
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS `{}moos_oauth_access_tokens` (access_token VARCHAR(255), client_id VARCHAR(255), user_id INT, expires TIMESTAMP, scope VARCHAR(255))",
		"ALTER TABLE {}moos_oauth_clients DROP COLUMN active_oauth_server_id",
		"ALTER TABLE {}moos_oauth_clients ADD active_oauth_server_id INT DEFAULT 1", // after an update of the plugin
		"ALTER TABLE {}moos_oauth_clients MODIFY active_oauth_server_id INT",        // as newer versions make it
		"INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) VALUES ('n', 'c', 's', 'u', 1)",
		"INSERT INTO {}moos_oauth_authorization_codes (authorization_code, client_id, user_id, redirect_uri, expires, scope, id_token) VALUES ('a', 'c', 2, 'u', '2037-01-01 00:00:00', 'email', 'i')",
		"INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, expires, user_id, scope) VALUES ('a', 'c', '2037-01-01 00:00:00', 2, 'email'), ('a', 'c', NULL, 2, 'email')",
		"UPDATE {}moos_oauth_access_tokens SET client_id = 'd', expires = '2037-01-01 00:00:01', user_id = 3, scope = '' WHERE access_token = 'A '",
		"INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, client_id, user_id, expires, scope) VALUES ('r', 'c', 2, '2037-01-01 00:00:00', 'email')",
		"DELETE FROM {}moos_oauth_authorization_codes WHERE authorization_code = 'a'",
		"UPDATE {}moos_oauth_clients SET redirect_uri = 'v' WHERE client_name = 'n' AND active_oauth_server_id = 1",
	} {
		s.Exec(statement)
	}
	rows, err := s.Root.Queryx(s.SQL("SELECT * FROM {}moos_oauth_access_tokens WHERE access_token = 'a'"))
	if err != nil {
		s.T.Fatal(err)
	}
	defer rows.Close()
	if columns, err := rows.Columns(); err != nil || len(columns) != 5 {
		s.T.Errorf("SELECT * has the columns %q, %v", columns, err)
	}
	if n := s.Count("access_tokens"); n != 2 {
		s.T.Errorf("%d access tokens are stored", n)
	}
	if got := s.Strings("SELECT DISTINCT client_id FROM {}moos_oauth_access_tokens"); !slices.Equal(got, []string{"d"}) {
		s.T.Errorf("the access tokens are those of %q", got)
	}
}

func TestMigratedBesidePHP(t *testing.T) {
	s := newSite(t, database)
	s.migrate(migrate.Options{})
	s.actsAsPlugin()
}

// Servers of old have made expires so that an UPDATE moves it, and tables whose
// keys are short.
func TestMigrateOldTables(t *testing.T) {
	s := newSite(t, database)
	s.MakeTablesOld()
	for kind, table := range sandboxtest.GrantTables() {
		s.Exec("INSERT INTO {}moos_oauth_" + table + " (" + string(kind) + ", expires) VALUES ('a', '2030-01-01 12:00:00'), ('b', '0000-00-00 00:00:00')")
	}
	before := s.schema()
	s.migrate(migrate.Options{})
	s.migrate(migrate.Options{Undo: true})
	s.wantSame(before)
	for _, table := range sandboxtest.GrantTables() {
		got := s.Strings("SELECT CAST(expires AS CHAR) FROM {}moos_oauth_" + table + " ORDER BY expires")
		if !slices.Equal(got, []string{"0000-00-00 00:00:00", "2030-01-01 12:00:00"}) {
			t.Errorf("%s: expires has become %q", table, got)
		}
	}
}
