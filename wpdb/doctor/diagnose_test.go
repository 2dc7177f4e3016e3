package doctor_test

import (
	"errors"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
	"slices"
	"strings"
	"testing"
)

// Lists of active plugins as PHP serializes them, of a blog without the plugin and of
// a network that has it.
const (
	otherPlugins    = `a:2:{i:0;s:25:"oauth-for-server/main.php";i:1;s:38:"miniorange-login/mo_oauth_settings.php";}`
	sitewidePlugins = `a:1:{s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";i:1700000000;}`
)

// expectation is what a finding says: words of its problem and of its remedy.
type expectation struct {
	problem, remedy string
	fatal           bool
}

// check compares what Diagnose finds, each thing once, in any order.
func (s *site) check(want ...expectation) {
	s.T.Helper()
	findings, err := doctor.Diagnose(within(s.T, patience), s.DB)
	if err != nil {
		s.T.Fatalf("Diagnose: %v", err)
	}
	matched := map[int]bool{}
	for _, w := range want {
		found := false
		for i, f := range findings {
			if strings.Contains(f.Problem, s.SQL(w.problem)) && strings.Contains(f.Remedy, s.SQL(w.remedy)) &&
				f.Fatal == w.fatal && !matched[i] {
				matched[i], found = true, true
				break
			}
		}
		if !found {
			s.T.Errorf("no finding says %q (remedy %q, fatal %t); there are %+v", w.problem, w.remedy, w.fatal, findings)
		}
	}
	for i, f := range findings {
		if !matched[i] {
			s.T.Errorf("another finding: %s", f)
		}
		if f.Problem == "" || f.Remedy == "" || !slices.Contains(wpdb.Kinds(), f.Kind) || f.String() != f.Problem+" "+f.Remedy {
			s.T.Errorf("a finding without its texts: %+v", f)
		}
		if strings.Contains(f.String(), s.DB.Config.Password) && s.DB.Config.Password != "" {
			s.T.Errorf("a finding tells the password: %s", f)
		}
	}
}

func TestDiagnose(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	for name, test := range map[string]func(*testing.T, *sandbox.Server){
		"healthy": func(t *testing.T, server *sandbox.Server) { diagnosed(t, server).check() },

		"wrong password": wrongPassword, "unknown database": unknownDatabase, "nobody answers": nobodyAnswers,
		"wrong prefix": wrongPrefix, "no plugin": noPlugin, "no WordPress": noWordPress, "lost table": lostTable, "lost keys": lostKeys,
		"lost users table": lostUsersTable,
		"engine":           wrongEngine, "lost column": lostColumn, "privileges": fewPrivileges,
		"no privilege at all on a table": noPrivilege, "rotations": rotationsUnusable,
		"read-only": readOnlyServer, "clock": wrongClock, "switched off": switchedOff, "switched off on a blog": switchedOffBlog,
		"no network": noNetwork, "all at once": allAtOnce, "paid edition": paidEdition,
	} {
		t.Run(name, func(t *testing.T) { test(t, server) })
	}
}

func wrongPassword(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server).reopen(func(c *wpdb.Config) { c.Password = "n0t-the-passw0rd" })
	s.check(expectation{server.Socket + ` refuses the user "wp" or the password`, "DB_PASSWORD", true})
}

func unknownDatabase(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	denied := expectation{`may not use the database "elsewhere" at`, "GRANT", true}
	s.reopen(func(c *wpdb.Config) { c.Name = "elsewhere" }).check(denied) // 1044: it may not know
	want := expectation{`no database "elsewhere" for the user "`, "DB_NAME", true}
	s.reopen(func(c *wpdb.Config) { c.Name, c.User, c.Password = "elsewhere", "root", "" }).check(want) // 1049
}

func nobodyAnswers(t *testing.T, server *sandbox.Server) {
	address := server.Dir + "/none.sock"
	s := diagnosed(t, server).reopen(func(c *wpdb.Config) { c.Address = address })
	findings, err := doctor.Diagnose(within(t, patience), s.DB)
	if !errors.Is(err, oauth.ErrUnavailable) || !strings.Contains(err.Error(), address) || len(findings) != 0 {
		t.Errorf("Diagnose returned %v, %v", findings, err)
	}
	if strings.Contains(err.Error(), sandboxtest.Password) {
		t.Error("the error tells the password")
	}
}

func wrongPrefix(t *testing.T, server *sandbox.Server) {
	right := diagnosed(t, server)
	s := right.reopen(func(c *wpdb.Config) { c.Prefix = "wordpress_" })
	s.check(expectation{`prefix "wordpress_"`, right.Prefix, true})
}

// noPlugin and noWordPress have a database without another site of the plugin.
func emptyDatabase(t *testing.T, server *sandbox.Server, tables ...string) *site {
	t.Helper()
	s := diagnosed(t, server, "GRANT ALL ON *.* TO wp@localhost")
	s.Exec("CREATE DATABASE vacant")
	t.Cleanup(func() { s.Exec("DROP DATABASE vacant") })
	for _, table := range tables {
		s.Exec("CREATE TABLE vacant.{}" + table + " LIKE {}" + table)
	}
	return s.reopen(func(c *wpdb.Config) { c.Name = "vacant" })
}

func noPlugin(t *testing.T, server *sandbox.Server) {
	emptyDatabase(t, server, "options", "users", "usermeta").check(
		expectation{`"vacant" has no tables of the OAuth server plugin`, "Activate", true})
}

func noWordPress(t *testing.T, server *sandbox.Server) {
	emptyDatabase(t, server).check(expectation{`no WordPress with the prefix "{}" in the database "vacant"`, "table_prefix", true})
}

func lostTable(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.Exec("DROP TABLE {}moos_oauth_access_tokens")
	s.Exec("DROP TABLE {}moos_oauth_authorization_codes")
	s.check(expectation{"{}moos_oauth_authorization_codes, {}moos_oauth_access_tokens", "activate the plugin", true})
}

func lostUsersTable(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server, "GRANT ALL ON *.* TO wp@localhost")
	for _, table := range []string{"people", "elsewhere.people"} {
		s.reopen(func(c *wpdb.Config) { c.UsersTable = table }).check(
			expectation{"no table of users named " + table, "CUSTOM_USER_TABLE", true})
	}
}

func wrongEngine(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens ENGINE=MyISAM")
	s.Exec("ALTER TABLE {}options ENGINE=MyISAM") // only read
	s.check(expectation{"{}moos_oauth_refresh_tokens uses the engine MyISAM",
		"ALTER TABLE `wordpress`.`{}moos_oauth_refresh_tokens` ENGINE=InnoDB;", true})
}

func lostColumn(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.Exec("ALTER TABLE {}moos_oauth_clients DROP COLUMN client_name")
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens DROP COLUMN access_token, DROP COLUMN scope")
	s.Exec("ALTER TABLE {}options DROP COLUMN option_value")
	s.check(
		expectation{"{}options has no column option_value", "restore", true},
		expectation{"{}moos_oauth_clients has no column client_name", "restore", true},
		expectation{"{}moos_oauth_access_tokens has no column access_token", "restore", true},
		expectation{"{}moos_oauth_access_tokens has no column scope", "restore", true})
}

func fewPrivileges(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server, "GRANT SELECT ON wordpress.* TO wp@localhost")
	missing := func(privilege, table string) expectation {
		return expectation{`"wp" may not ` + privilege + " on the table {}moos_oauth_" + table, "GRANT SELECT", true}
	}
	want := []expectation{
		missing("DELETE", "authorization_codes"),
		missing("INSERT", "access_tokens"), missing("DELETE", "access_tokens"),
		missing("INSERT", "refresh_tokens"), missing("DELETE", "refresh_tokens"),
	}
	s.check(want...)
	s.Exec("GRANT DELETE ON {}moos_oauth_authorization_codes TO wp@localhost")
	s.Exec("GRANT INSERT, DELETE ON {}moos_oauth_access_tokens TO wp@localhost")
	s.check(want[3:]...)
}

// lostKeys: without what only ID tokens need the server works all the same.
func lostKeys(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.Exec("DROP TABLE {}usermeta, {}moos_oauth_public_keys")
	s.check(
		expectation{"{}usermeta is missing, so no answer has an ID token", "Restore", false},
		expectation{"{}moos_oauth_public_keys is missing, so no answer has an ID token", "Restore", false})
}

// To a user without any privilege on it a table does not exist, except for the
// error on touching it.
func noPrivilege(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server, "GRANT USAGE ON *.* TO wp@localhost")
	for _, table := range []string{"options", "moos_oauth_clients", "moos_oauth_authorization_codes",
		"moos_oauth_access_tokens", "moos_oauth_refresh_tokens"} {
		s.Exec("GRANT SELECT, INSERT, DELETE ON {}" + table + " TO wp@localhost")
	}
	s.CreateRotations()
	s.Exec("GRANT SELECT, INSERT, DELETE ON {}moserver_rotated_tokens TO wp@localhost")
	s.check(
		expectation{"may not SELECT on the table {}users", "GRANT SELECT ON `wordpress`.`{}users`", true},
		expectation{"may not SELECT on the table {}usermeta", "GRANT SELECT ON `wordpress`.`{}usermeta`", false},
		expectation{"may not SELECT on the table {}moos_oauth_public_keys", "GRANT SELECT ON `wordpress`.`{}moos_oauth_public_keys`", false})
	s.Exec("GRANT SELECT ON {}moos_oauth_public_keys TO wp@localhost")
	s.network().check( // it says who is a member of the client's blog
		expectation{"may not SELECT on the table {}users", "GRANT SELECT ON `wordpress`.`{}users`", true},
		expectation{"may not SELECT on the table {}usermeta", "GRANT SELECT ON `wordpress`.`{}usermeta`", true},
		expectation{"may not SELECT on the table {}blogs", "GRANT SELECT ON `wordpress`.`{}blogs`", true},
		expectation{"may not SELECT on the table {}sitemeta", "GRANT SELECT ON `wordpress`.`{}sitemeta`", true})
	s.Exec("GRANT SELECT ON {}usermeta TO wp@localhost")
	s.check(expectation{"may not SELECT on the table {}users", "GRANT SELECT ON `wordpress`.`{}users`", true})

	elsewhere := s.reopen(func(c *wpdb.Config) { c.UsersTable = "elsewhere.people" })
	elsewhere.check(expectation{"may not SELECT on the table elsewhere.people", "`elsewhere`.`people`", true})

	misnamed := s.reopen(func(c *wpdb.Config) { c.Prefix = "wordpress_" })
	misnamed.check(expectation{`prefix "wordpress_"`, s.Prefix, true})
}

func readOnlyServer(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.Exec("SET GLOBAL read_only = 1")
	t.Cleanup(func() { s.Exec("SET GLOBAL read_only = 0") })
	s.check(expectation{server.Socket + " is read-only", "primary", true})
}

// wrongClock lets the sessions of the server live at another time.
func wrongClock(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	t.Cleanup(func() { s.Exec("SET GLOBAL init_connect = ''") })
	for offset, want := range map[string][]expectation{
		"-602": {{"differs from the database's by 60", "NTP", false}},
		"+597": {{"differs from the database's by -59", "NTP", false}},
		"+0":   nil,
	} {
		s.Exec("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP(NOW(6)) " + offset + "'")
		s.reopen(nil).check(want...)
	}
}

func switchedOff(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.PutOption("mo_oauth_server_master_switch", "off")
	s.check(expectation{"switched off", "Master Switch", false})
	s.PutOption("active_plugins", otherPlugins)
	s.check(expectation{"not active", "Activate", false})
}

// switchedOffBlog: each blog that has clients may be closed by itself.
func switchedOffBlog(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server).network()
	s.Exec("CREATE TABLE {}2_options LIKE {}options")
	s.Exec("INSERT INTO {}2_options (option_name, option_value) VALUES ('active_plugins', ?)", otherPlugins)
	s.check()
	s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, active_oauth_server_id) VALUES ('My App', 'two', 'secret', 2)")
	s.PutOption("active_plugins", otherPlugins) // of the main blog, which has no clients
	s.check(expectation{"not active on blog 2", "Activate", false})
	s.Exec("UPDATE {}sitemeta SET meta_value = ?", sitewidePlugins)
	s.check()
}

// noNetwork: multisite is set, and WordPress is a single site.
func noNetwork(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server).reopen(func(c *wpdb.Config) { c.Multisite = true })
	s.check(expectation{"no table {}blogs", "Do not set multisite", true})
	s.Exec("DROP TABLE {}moos_oauth_refresh_tokens")
	s.check(expectation{"no table {}blogs", "Do not set multisite", true},
		expectation{"missing: {}moos_oauth_refresh_tokens", "Restore", true})
}

// paidEdition: what a paid edition does besides is not done here.
func paidEdition(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server)
	s.PutOption("active_plugins", `a:1:{i:0;s:56:"miniorange-oauth-20-server-premium/mo_oauth_settings.php";}`)
	s.check(expectation{"(miniorange-oauth-20-server-premium). Clients with the grants password", "--accept paid-edition", false})
	s.PutOption("active_plugins", `a:1:{i:0;s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";}`)
	s.check()
	s.Exec("ALTER TABLE {}moos_oauth_clients ADD grant_types VARCHAR(80)")
	s.Exec("ALTER TABLE {}moos_oauth_authorization_codes ADD code_challenge VARCHAR(1000)")
	for id, grants := range map[string]string{"p": "authorization_code password", "c": "client_credentials", "a": "authorization_code passwordless"} {
		s.Exec("INSERT INTO {}moos_oauth_clients (client_id, client_name, grant_types) VALUES (?, 'My App', ?)", id, grants)
	}
	s.check(expectation{"{}moos_oauth_clients.grant_types, {}moos_oauth_authorization_codes.code_challenge. Clients with the grants password and client_credentials, " +
		"which only PHP serves, stop working once nginx sends token requests here, unless php_upstream passes them on to PHP; of the clients with a list of grants (grant_types), 2 have one of the two.",
		"--accept columns-unknown", false})
}

func allAtOnce(t *testing.T, server *sandbox.Server) {
	s := diagnosed(t, server, "GRANT SELECT, INSERT ON wordpress.* TO wp@localhost")
	s.PutOption("mo_oauth_server_master_switch", "off")
	s.Exec("DROP TABLE {}moos_oauth_authorization_codes")
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ENGINE=MyISAM, DROP COLUMN scope")
	s.check(
		expectation{"missing: {}moos_oauth_authorization_codes", "", true},
		expectation{"MyISAM", "", true},
		expectation{"no column scope", "", true},
		expectation{"DELETE on the table {}moos_oauth_access_tokens", "", true},
		expectation{"DELETE on the table {}moos_oauth_refresh_tokens", "", true},
		expectation{"switched off", "", false})
}

// A log of statements refuses every write of a READ COMMITTED transaction,
// Diagnose's own included.
func TestDiagnoseBinlog(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Args: []string{"--log-bin=x", "--binlog-format=STATEMENT", "--server-id=1"}})
	s := newSite(t, server)
	s.check(expectation{"binlog_format=STATEMENT", "binlog_format=MIXED", true})
	err := store.New(s.DB).Issue(within(t, patience), oauth.Token{Kind: oauth.AccessToken, Value: "a1"})
	if !errors.Is(err, oauth.ErrUnavailable) || !strings.Contains(err.Error(), "binlog_format") {
		t.Errorf("Issue returned %v", err)
	}
}

func TestDiagnoseStops(t *testing.T) {
	s := newSite(t, database)
	if err := s.DB.Ready(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := doctor.Diagnose(within(t, -1), s.DB); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("Diagnose returned %v", err)
	}
}
