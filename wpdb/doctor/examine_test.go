package doctor_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// wellSite is a site that Examine has nothing to say of: its root, and the store
// of an account that has the privileges that Examine itself prints.
func wellSite(t *testing.T, server *sandbox.Server) (root, s *site) {
	t.Helper()
	root = newSite(t, server)
	root.migrate(migrate.Options{Galera: true})
	root.Exec("ALTER TABLE {}moos_oauth_authorization_codes MODIFY id_token TEXT")
	root.PutOption("mo_oauth_server_site_keys_generated", "1")
	return root, root.leastPrivileged()
}

// leastPrivileged makes the account that Examine proposes.
func (s *site) leastPrivileged() *site {
	s.T.Helper()
	facts, _, err := doctor.Examine(within(s.T, patience), s.DB, week, func(string) {})
	if err != nil {
		s.T.Fatal(err)
	}
	s.Exec("DROP USER IF EXISTS moserver@localhost")
	for _, statement := range facts.LeastPrivilege {
		s.Exec(strings.ReplaceAll(statement, wpdb.PasswordPlace, sandboxtest.Password))
	}
	return s.reopen(func(c *wpdb.Config) { c.User, c.Password = "moserver", sandboxtest.Password })
}

// finding is what Examine says: words of the problem and of the remedy, and
// whether it is advice.
type finding struct {
	problem, remedy string
	advice          bool
}

// examine compares what Examine finds, each thing once, in any order, and returns
// the facts.
func (s *site) examine(want ...finding) doctor.Facts {
	s.T.Helper()
	facts, findings, err := doctor.Examine(within(s.T, patience), s.DB, week, func(string) {})
	if err != nil {
		s.T.Fatalf("Examine: %v", err)
	}
	for _, f := range findings {
		if !slices.Contains(wpdb.Kinds(), f.Kind) {
			s.T.Errorf("a finding of no kind: %+v", f)
		}
	}
	for _, w := range want {
		at := slices.IndexFunc(findings, func(f wpdb.Finding) bool {
			return strings.Contains(f.Problem, s.SQL(w.problem)) && strings.Contains(f.Remedy, s.SQL(w.remedy)) && f.Advice == w.advice
		})
		if at < 0 {
			s.T.Errorf("no finding says %q (remedy %q, advice %t); there are %+v", w.problem, w.remedy, w.advice, findings)
			continue
		}
		findings = slices.Delete(findings, at, at+1)
	}
	for _, f := range findings {
		s.T.Errorf("another finding: %+v", f)
	}
	return facts
}

// table is the facts of one table.
func (s *site) table(facts doctor.Facts, name string) doctor.TableFacts {
	s.T.Helper()
	for _, f := range facts.Tables {
		if f.Name == s.SQL("{}"+name) {
			return f
		}
	}
	s.T.Fatalf("there are no facts of the table %s", name)
	return doctor.TableFacts{}
}

func TestExamine(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	for name, test := range map[string]func(t *testing.T, root, s *site){
		"facts": factsOfSite, "network": factsOfNetwork, "network not set": networkNotSet, "what check finds": whatCheckFinds,
		"indexes": missingIndexes, "columns": olderColumns, "plugin not active": pluginNotActive,
		"rows": countedRows, "rows at the end": rowsAtTheEnd, "locked table": lockedTable, "other engine": otherEngine,
		"lifetimes": longLifetimes, "own table": noOwnTable,
		"privileges": widePrivileges, "session's time zone": sessionTimeZone,
		"durability": lazyFlush, "connections": fewConnections, "cluster": keylessCluster,
	} {
		t.Run(name, func(t *testing.T) {
			root, s := wellSite(t, server)
			s.examine()
			test(t, root, s)
		})
	}
}

func factsOfSite(t *testing.T, root, s *site) {
	root.PutOption("db_version", "53496")
	root.PutOption("_site_transient_update_core", `O:8:"stdClass":3:{s:7:"updates";a:0:{}s:12:"last_checked";i:1;s:15:"version_checked";s:5:"6.1.9";}`)
	root.PutOption("_site_transient_update_plugins", `O:8:"stdClass":2:{s:8:"response";a:1:{s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";`+
		`O:8:"stdClass":2:{s:6:"plugin";s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";s:11:"new_version";s:5:"9.9.9";}}`+
		`s:7:"checked";a:2:{s:33:"miniorange-login/mo_oauth_settings.php";s:3:"1.0";s:48:"miniorange-oauth-20-server/mo_oauth_settings.php";s:5:"6.2.0";}}`)
	root.putPair("public", "", "")
	facts := s.examine(finding{`no ID tokens: "public"`, "Choose RS256", true})
	kind := map[bool]string{true: "MariaDB", false: "MySQL"}[isMariaDB(root)]
	if f := facts.Server; f.Kind != kind || f.Version != root.Strings("SELECT VERSION()")[0] || f.Galera || f.GroupReplication || f.TimeZone != "SYSTEM (UTC)" || f.MaxConnections != 151 {
		t.Errorf("server: %+v", f)
	}
	if f := facts.WordPress; f.Version != "6.1.9" || f.VersionRange != "6.0 to 6.2" || f.DBVersion != 53496 || f.Multisite {
		t.Errorf("WordPress: %+v", f)
	}
	if f := facts.Plugin; f.Version != "6.2.0" || f.VersionRange != "5 or later" || f.Active == nil || !*f.Active {
		t.Errorf("plugin: %+v", f)
	}
	if facts.Prefix != s.Prefix || facts.Database != "wordpress" || facts.Account != "moserver@localhost" || facts.Clients.Public != 1 || len(facts.Notes) != 0 {
		t.Errorf("%+v", facts)
	}
	for version, want := range map[string]string{"1": "earlier than 4.4", "60421": "6.8", "60500": "between 6.8 and 6.9", "99999": "later than 7.1", "x": ""} {
		root.PutOption("db_version", version)
		if got := s.examine(finding{"no ID tokens", "", true}).WordPress.VersionRange; got != want {
			t.Errorf("db_version %s: %q, want %q", version, got, want)
		}
	}
}

func factsOfNetwork(t *testing.T, root, s *site) {
	root.network()
	root.Exec("CREATE TABLE {}2_options LIKE {}options")
	root.Exec("INSERT INTO {}2_options (option_name, option_value) VALUES ('mo_oauth_server_is_client_secret_encrypted', '1')")
	root.putPair("two", wpdb.EncryptSecret("the secret", "My App"), "")
	root.Exec("UPDATE {}moos_oauth_clients SET active_oauth_server_id = 2")
	network := func(c *wpdb.Config) { c.Multisite = true }
	facts := s.reopen(network).examine(finding{"may not SELECT on the table {}2_options", "GRANT SELECT ON `wordpress`.`{}2_options`", false},
		finding{"may not SELECT on the table {}blogs", "GRANT SELECT ON `wordpress`.`{}blogs`", false},
		finding{"may not SELECT on the table {}sitemeta", "GRANT SELECT ON `wordpress`.`{}sitemeta`", false})
	if facts.WordPress.Blogs != nil || len(facts.Notes) != 2 || !strings.Contains(facts.Notes[0], root.SQL("may not read {}blogs")) {
		t.Errorf("of what may not be read it says: %+v, %q", facts.WordPress, facts.Notes)
	}
	root.Exec(`INSERT INTO {}sitemeta (meta_key, meta_value) VALUES ('_site_transient_update_core', 's:15:"version_checked";s:3:"6.8";')`)
	facts = root.reopen(network).leastPrivileged().examine()
	if facts.WordPress.Version != "6.8" || facts.WordPress.Blogs == nil || *facts.WordPress.Blogs != 3 || len(facts.Notes) != 0 {
		t.Errorf("WordPress: %+v, %q", facts.WordPress, facts.Notes)
	}
	root.Exec("DROP TABLE {}2_options")
	s.reopen(network).examine(finding{"clients of blog 2, which has no table {}2_options", "Delete", true})
}

func networkNotSet(t *testing.T, root, s *site) {
	root.Exec("CREATE TABLE {}blogs (blog_id int)")
	s.examine() // it may not know
	root.Exec("GRANT SELECT ON {}blogs TO moserver@localhost")
	s.examine(finding{"There is a table {}blogs", "multisite: true", true})
}

// whatCheckFinds: Examine takes the looks of Diagnose too.
func whatCheckFinds(t *testing.T, root, s *site) {
	root.PutOption("mo_oauth_server_master_switch", "off")
	s.examine(finding{"switched off", "Master Switch", false})
	root.Exec("DROP TABLE {}moos_oauth_clients, {}moos_oauth_public_keys, {}options")
	_, findings, err := doctor.Examine(within(t, patience), root.DB, week, func(string) {})
	if err != nil || len(findings) != 2 || !findings[0].Fatal || !strings.Contains(findings[1].Problem, "may do more") {
		t.Errorf("without tables: %v, %+v", err, findings)
	}
}

func TestExamineCannotLook(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	_, well := wellSite(t, server)
	for name, change := range map[string]func(*wpdb.Config){
		"refuses the user":          func(c *wpdb.Config) { c.Password = "n0t-the-passw0rd" },
		"nothing usable answers at": func(c *wpdb.Config) { c.Address = server.Dir + "/none.sock" },
	} {
		_, findings, err := doctor.Examine(within(t, patience), well.reopen(change).DB, week, func(string) {})
		if !errors.Is(err, doctor.ErrCannotLook) || !strings.Contains(err.Error(), name) || len(findings) > 0 {
			t.Errorf("Examine returned %v, %v; want %q", findings, err, name)
		}
	}
	if _, _, err := doctor.Examine(within(t, -1), well.DB, week, func(string) {}); !errors.Is(err, doctor.ErrCannotLook) {
		t.Errorf("Examine returned %v", err)
	}
}

// In the zone of Berlin the spring leaves out an hour; in UTC none.
func TestExamineTimeZone(t *testing.T) {
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{TimeZone: "Europe/Berlin"}))
	facts, _, err := doctor.Examine(within(t, patience), s.DB, week, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().UTC().Truncate(time.Hour)
	offset := func() (seconds int) { _, seconds = hour.In(berlin).Zone(); return seconds }
	before := offset()
	for ; offset() <= before; hour = hour.Add(time.Hour) { // by Go's own zone
		before = offset()
	}
	want := "skips " + hour.Add(time.Duration(before)*time.Second).Format("2006-01-02 15:04") + " to 03:00:"
	if len(facts.Notes) != 1 || !strings.Contains(facts.Notes[0], want) || !facts.Server.SummerTime || facts.Server.UTCOffsetSeconds == 0 {
		t.Errorf("notes %q, server %+v; want %q", facts.Notes, facts.Server, want)
	}
	if _, findings, _ := doctor.Examine(within(t, patience), s.DB, week, func(string) {}); !slices.ContainsFunc(findings, func(f wpdb.Finding) bool {
		return strings.Contains(f.Problem, "skip-grant-tables") && f.Advice
	}) {
		t.Errorf("nothing is said of a server that checks no privileges: %+v", findings)
	}
}
