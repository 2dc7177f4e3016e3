package e2e_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestGrants: an account made by what check --grants prints, before migrate and without
// a database to ask, does everything that the server does, and nothing else.
func TestGrants(t *testing.T) {
	t.Parallel()
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	t.Run("site", func(t *testing.T) {
		s := newSite(t, server)
		s.grant(false)
		s.wantSuccess("ok: ", "check")
		t.Run("serve", s.servesAll)
		t.Run("commands", s.commandsWork)
		t.Run("nothing else", s.deniesRest)
	})
	t.Run("network with tables of its own for users", func(t *testing.T) {
		s := newSite(t, server)
		if err := server.MakeNetwork(t.Context(), s.Prefix); err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{
			"CREATE DATABASE people", "CREATE TABLE people.users LIKE {}users", "INSERT INTO people.users SELECT * FROM {}users", "DROP TABLE {}users",
			"RENAME TABLE {}usermeta TO people.meta", "CREATE TABLE {}2_options LIKE {}options", "INSERT INTO {}2_options SELECT * FROM {}options",
			"UPDATE {}moos_oauth_clients SET active_oauth_server_id = 2 WHERE client_id = '" + s.odd.ID + "'",
			"INSERT INTO people.meta (user_id, meta_key, meta_value) SELECT ID, '{}2_capabilities', '' FROM people.users",
			"INSERT INTO people.meta (user_id, meta_key, meta_value) SELECT ID, '{}capabilities', '' FROM people.users",
		} {
			s.Exec(statement)
		}
		text := stage.ReadFile(t, s.WPConfig) + "define('CUSTOM_USER_TABLE', 'people.users'); define('CUSTOM_USER_META_TABLE', 'people.meta'); define('MULTISITE', true);\n"
		stage.WriteFile(t, s.WPConfig, strings.Replace(text, "require_once", "//", 1))
		s.grant(false)
		t.Run("serve", s.servesAll)
	})
	t.Run("migrate", func(t *testing.T) {
		s := newSite(t, server)
		s.grant(true)
		s.wantSuccess("ok: ", "migrate")
	})
}

// grant makes the account, and has the site use it. lent gives it what is printed for
// migrate too.
func (s *site) grant(lent bool) {
	s.t.Helper()
	// The address says that there is no database to ask.
	r := command(s.t, nil, "check", "--grants", "--wp-config", s.WPConfig, "--db-host", "localhost:/nonexistent/db.sock")
	r.want(s.t, 0, "IDENTIFIED BY '"+wpdb.PasswordPlace+"'")
	if strings.Contains(r.stdout, stage.DBPassword) {
		s.t.Error("it tells WordPress's own password")
	}
	s.Exec("DROP USER IF EXISTS moserver@localhost")
	for line := range strings.Lines(r.stdout) {
		statement, comment := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "-- ")
		ofSite2 := strings.Contains(statement, "2_options")
		if !comment || strings.HasPrefix(statement, "GRANT ") && (lent || ofSite2) {
			s.Exec(strings.ReplaceAll(statement, wpdb.PasswordPlace, stage.DBPassword))
		}
	}
	text := strings.Replace(stage.ReadFile(s.t, s.WPConfig), "'DB_USER', 'root'", "'DB_USER', 'moserver'", 1)
	stage.WriteFile(s.t, s.WPConfig, text)
}

// servesAll runs each grant and each route. The tables get their indexes from root.
func (s *site) servesAll(t *testing.T) {
	s.Account("admin", stage.DBPassword, "GRANT ALL ON *.* TO admin@localhost")
	s.wantSuccess("ok: ", "migrate", "--db-user", "admin")
	server := s.Serve()
	s.Put("code", "c1", s.app, stage.Row{Scope: "openid profile email"})
	a := server.Redeem(s.app, "c1", "redirect_uri", s.app.Redirect)
	if a.Status != http.StatusOK || a.Member("id_token") == "" || a.Member("refresh_token") == "" {
		t.Fatalf("a code: %s", a)
	}
	s.Put("refresh", "of-odd", s.odd, stage.Row{})
	server.Refresh(s.odd, "of-odd").WantTokens(t, "profile email")
	s.Put("refresh", "of-pub", s.pub, stage.Row{})
	next := rotated(t, server, s.pub, "of-pub")
	if again := server.Refresh(s.pub, "of-pub"); again.Member("refresh_token") != next {
		t.Errorf("the rotation is not on record: %s", again)
	}
	introspect := stage.FormRequest(server.Base+"/wp-json/moserver/introspect", append(stage.Credentials(s.app), "token", a.Member("refresh_token"))...)
	if answer := server.Send(introspect); answer.Body["active"] != true {
		t.Errorf("introspection: %s", answer)
	}
	resource := stage.NewRequest(http.MethodGet, server.Base+"/wp-json/moserver/resource", "")
	resource.Header.Set("Authorization", "Bearer "+a.Member("access_token"))
	if answer := server.Send(resource); answer.Status != http.StatusOK {
		t.Errorf("resource: %s", answer)
	}
	for _, document := range []string{"openid-configuration", "keys"} {
		if answer := server.Get("/wp-json/moserver/" + s.app.ID + "/.well-known/" + document); answer.Status != http.StatusOK {
			t.Errorf("%s: %s", document, answer)
		}
	}
	server.Post(append(stage.Credentials(s.app), "token", a.Member("refresh_token"))...).WantRevoked(t)
	server.Refresh(s.app, a.Member("refresh_token")).WantError(t, http.StatusBadRequest, "invalid_grant")
	if answer := server.Get("/readyz"); answer.Status != http.StatusOK {
		t.Errorf("readyz: %s", answer)
	}
	if strings.Contains(server.Stderr.String(), "level=ERROR") || strings.Contains(server.Stderr.String(), "denied") {
		t.Errorf("the log:\n%s", stage.Tail(server.Stderr.String()))
	}
}

// commandsWork runs those that are not migrate.
func (s *site) commandsWork(t *testing.T) {
	s.Put("access", "long-expired", s.app, stage.Row{Expires: "2001-02-03 04:05:06"})
	s.wantSuccess("1 rows of "+s.Prefix+"moos_oauth_access_tokens deleted", "purge")
	s.Put("refresh", "to-revoke", s.app, stage.Row{User: sandbox.Bob})
	s.wantSuccess("bob (ID 3)", "tokens", "list")
	s.wantSuccess("refresh_token", "tokens", "count")
	s.wantSuccess(s.app.Name, "tokens", "count", "--by", "client")
	s.wantSuccess(s.app.Name, "clients")
	s.wantSuccess("Revoked 1 refresh token", "tokens", "revoke", "--user", "bob", "--yes")
	r := command(t, nil, "doctor", "--wp-config", s.WPConfig)
	if strings.Contains(r.stdout, "privilege") || strings.Contains(r.stdout, "may not") || !strings.Contains(r.stdout, ": 0 broken") && !strings.Contains(r.stdout, "ok: ") {
		t.Errorf("doctor:\n%s%s", r.stdout, r.stderr)
	}
}

// deniesRest: what the server does not do is refused by the database.
func (s *site) deniesRest(t *testing.T) {
	c := mysql.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd, c.DBName = "unix", s.Server.Socket, "moserver", stage.DBPassword, s.Server.Name()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.Exec(s.SQL("SELECT user_pass FROM {}users LIMIT 1")); err != nil {
		t.Errorf("what it may do: %v", err)
	}
	for _, statement := range []string{
		"UPDATE {}users SET user_pass = 'x'", "INSERT INTO {}users (ID) VALUES (9)", "DELETE FROM {}users", "UPDATE {}options SET option_value = 'x'",
		"INSERT INTO {}usermeta (user_id) VALUES (2)", "UPDATE {}moos_oauth_clients SET client_secret = ''", "DELETE FROM {}moos_oauth_clients",
		"INSERT INTO {}moos_oauth_authorization_codes (authorization_code) VALUES ('x')", "UPDATE {}moos_oauth_access_tokens SET user_id = 1",
		"UPDATE {}moserver_rotated_tokens SET successor = 'x'", "DROP TABLE {}moserver_rotated_tokens", "CREATE TABLE {}moserver_rotated_tokens (x INT)",
		"CREATE TABLE {}x (x INT)", "ALTER TABLE {}moos_oauth_access_tokens ADD COLUMN x INT", "TRUNCATE {}moos_oauth_access_tokens",
		"SELECT * FROM {}moos_oauth_authorized_apps", "CREATE USER x@localhost", "SELECT * FROM mysql.user",
	} {
		if _, err := db.Exec(s.SQL(statement)); !wpdb.Denied(err) && wpdb.ErrorNumber(err) != 1044 && wpdb.ErrorNumber(err) != 1227 {
			t.Errorf("%s: want it refused, got %v", statement, err)
		}
	}
}
