package wpdb_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
)

// Without the table all goes on as if there were no such records, and a new
// process takes a new table into use.
func TestNoRotations(t *testing.T) {
	s := newSite(t, database)
	p := s.putRefreshToken("r0")
	rotate := func(s *site, suffix string) {
		t.Helper()
		if err := s.Redeem(within(t, patience), p, pair(suffix)...); err != nil {
			t.Fatal(err)
		}
		p = refreshToken("r" + suffix)
	}
	rotate(s, "1")
	s.checkPair("1")
	if got := s.successor("r0"); got != "" {
		t.Errorf("r0 was replaced by %q", got)
	}
	if err := s.Ready(within(t, patience)); err != nil {
		t.Error(err)
	}
	s.createRotations()
	rotate(s, "2") // this process looks again in a while
	s = s.reopen(sameConfig)
	rotate(s, "3")
	if got := s.successor("r2"); got != "r3" {
		t.Errorf("r2 was replaced by %q", got)
	}
	s.exec("DROP TABLE {}moserver_rotated_tokens")
	rotate(s, "4")
	r := oauth.Revocation{Presented: refreshToken("r0"), ClientID: clientID, UserID: alice}
	if ended, err := s.Revoke(within(t, patience), r); ended || err != nil || s.count("refresh_tokens") != 1 {
		t.Errorf("Revoke returned %v, %v; %d refresh tokens are left", ended, err, s.count("refresh_tokens"))
	}
}

// An account that may not use the table goes without it, and the log says so
// once.
func TestRotationsDenied(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	for name, c := range map[string]struct{ grant, damage string }{
		"no privilege": {"", ""},
		"read only":    {"GRANT SELECT ON {}moserver_rotated_tokens TO wp@localhost", ""},
		"a column":     {"GRANT SELECT, INSERT, DELETE ON {}moserver_rotated_tokens TO wp@localhost", "DROP COLUMN rotated"},
	} {
		t.Run(name, func(t *testing.T) {
			root := newRotatingSite(t, server)
			s := root.asUser(c.grant)
			if c.damage != "" {
				root.exec("ALTER TABLE {}moserver_rotated_tokens " + c.damage)
			}
			var log strings.Builder
			db, err := wpdb.Open(s.config, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			store := store.New(db)
			defer store.Close()
			s.putRefreshToken("r0")
			for i := range 3 {
				if err := store.Redeem(within(t, patience), refreshToken(fmt.Sprint("r", i)), pair(fmt.Sprint(i+1))...); err != nil {
					t.Fatal(err)
				}
				if r, err := store.FindRotation(within(t, patience), "r0"); r != nil || err != nil {
					t.Errorf("FindRotation returned %v, %v", r, err)
				}
			}
			if n := s.count("access_tokens"); n != 3 {
				t.Errorf("%d access tokens are stored, want 3", n)
			}
			if n := strings.Count(log.String(), "rotations are not recorded"); n != 1 || !strings.Contains(log.String(), "GRANT SELECT, INSERT, DELETE ON") {
				t.Errorf("the log says it %d times:\n%s", n, log.String())
			}
		})
	}
}

// asUser opens the site as a user who may use the plugin's tables and, with
// grant, more.
func (s *site) asUser(grant string) *site {
	s.t.Helper()
	s.exec("DROP USER IF EXISTS wp@localhost")
	s.exec("CREATE USER wp@localhost IDENTIFIED BY '" + dbPassword + "'")
	for _, table := range []string{"options", "users", "usermeta", "moos_oauth_public_keys", "moos_oauth_clients",
		"moos_oauth_authorization_codes", "moos_oauth_access_tokens", "moos_oauth_refresh_tokens"} {
		s.exec("GRANT SELECT, INSERT, DELETE ON {}" + table + " TO wp@localhost")
	}
	if grant != "" {
		s.exec(grant)
	}
	return s.reopen(func(c *wpdb.Config) { c.User, c.Password = "wp", dbPassword })
}

// rotationsUnusable: the table of rotations need not be there, but what is there
// should be of use.
func rotationsUnusable(t *testing.T, server *sandbox.Server) {
	root := newSite(t, server)
	s := root.asUser("")
	s.check() // no table and no privilege cannot be told apart, and no table is no problem
	advises := func(words, remedy string) {
		t.Helper()
		_, findings, err := doctor.Examine(within(t, patience), s.DB, week, func(string) {})
		if err != nil || !slices.ContainsFunc(findings, func(f wpdb.Finding) bool {
			return f.Advice && strings.Contains(f.Problem, words+" "+s.sql("{}moserver_rotated_tokens")) && strings.Contains(f.Remedy, s.sql(remedy))
		}) {
			t.Errorf("%v; no advice says %q, remedy %q: %v", err, words, remedy, findings)
		}
	}
	advises("may not SELECT on the table", "moserver-sidecar migrate")
	root.createRotations()
	advises("may not SELECT on the table", "GRANT SELECT, INSERT, DELETE ON `wordpress`.`{}moserver_rotated_tokens`")
	for _, privileges := range []string{"SELECT", "INSERT"} {
		s.exec("GRANT " + privileges + " ON {}moserver_rotated_tokens TO wp@localhost")
		advises("may not INSERT or DELETE on the table", "GRANT SELECT, INSERT, DELETE")
	}
	s.exec("GRANT DELETE ON {}moserver_rotated_tokens TO wp@localhost")
	s.check()
	s.exec("ALTER TABLE {}moserver_rotated_tokens DROP COLUMN successor")
	s.check(expectation{"{}moserver_rotated_tokens lacks columns", "moserver-sidecar migrate", false})
}
