package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// doctorReport is what doctor --json prints. To rename a member breaks somebody's
// monitor.
type doctorReport struct {
	Status         string
	Error          string
	Settings       []struct{ Where, Problem string }
	Broken, Advice []struct{ ID, Problem, Remedy string }
	Notes          []struct{ ID, Problem, Remedy string }
	Accepted       []string
	SealKey        string `json:"seal_key"`
	Facts          *struct {
		Server struct {
			Kind, Version    string
			Galera           bool
			GroupReplication bool    `json:"group_replication"`
			TimeZone         string  `json:"time_zone"`
			UTCOffsetSeconds int     `json:"utc_offset_seconds"`
			SummerTime       bool    `json:"summer_time"`
			ClockDifference  float64 `json:"clock_difference_seconds"`
			MaxConnections   int     `json:"max_connections"`
		}
		WordPress struct {
			Version      string
			VersionRange string `json:"version_range"`
			DBVersion    int64  `json:"db_version"`
			Multisite    bool
			Blogs        *int
		}
		Plugin struct {
			Version      string
			VersionRange string `json:"version_range"`
			Active       *bool
		}
		Database, Account, Prefix string
		Clients                   *struct{ Total, Confidential, Public, MCP int }
		Tables                    []struct {
			Name, Engine, Collation string
			Bytes, Rows             *int64
			RowsExact               bool `json:"rows_exact"`
			Live, Expired, Never    *int64
			AtLimit                 *int64 `json:"at_limit"`
		}
		LeastPrivilege []string `json:"least_privilege"`
		Notes          []string
	}
}

// doctor runs doctor with and without --json, which must agree, and checks that
// neither tells a secret.
func (s *site) doctor(code int, flags ...string) (doctorReport, string) {
	s.t.Helper()
	flags = append([]string{"doctor"}, flags...)
	people, machines := command(s.t, nil, flags...), command(s.t, nil, append(flags, "--json")...)
	var r doctorReport
	decoder := json.NewDecoder(strings.NewReader(machines.stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		s.t.Fatalf("%v:\n%s%s", err, machines.stdout, machines.stderr)
	}
	status := map[int]string{0: "ok", 1: "advice", 2: "broken", 3: "unknown"}[code]
	if people.code != code || machines.code != code || r.Status != status || people.stderr+machines.stderr != "" {
		s.t.Errorf("want exit status %d, got %d and, with --json, %d (%s):\n%s%s", code, people.code, machines.code, r.Status, people.stdout, people.stderr)
	}
	f := readFixtures(s.t)
	for _, secret := range []string{stage.DBPassword, s.app.Secret, "stored-token-4711", "PRIVATE KEY", strings.Split(f.PrivateKey, "\n")[1], strings.Split(f.PublicKey, "\n")[1]} {
		if strings.Contains(people.stdout+machines.stdout, secret) {
			s.t.Errorf("it tells %.6q…", secret)
		}
	}
	return r, people.stdout
}

// wantFinding checks that a finding is there for machines and for people.
func wantFinding(t *testing.T, findings []struct{ ID, Problem, Remedy string }, people, problem, remedy string) {
	t.Helper()
	for _, f := range findings {
		if strings.Contains(f.Problem, problem) && strings.Contains(f.Remedy, remedy) {
			if !strings.Contains(people, f.Problem) {
				t.Errorf("people are not told of %q:\n%s", f.Problem, people)
			}
			return
		}
	}
	t.Errorf("no finding says %q, remedy %q: %+v", problem, remedy, findings)
}

// TestDoctor leads a site, as its owner does, from the state that the plugin leaves
// it in to one that nothing is to be said of, and then breaks it.
func TestDoctor(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("")
	s.Put("access", "stored-token-4711", s.app, stage.Row{})

	r, people := s.doctor(1, "--wp-config", s.WPConfig)
	wantFinding(t, r.Advice, people, "There is no index on", "Run: moserver-sidecar migrate --wp-config "+s.WPConfig)
	wantFinding(t, r.Notes, people, "may do more than the server needs", "CREATE USER 'moserver'@'localhost'")
	wantFinding(t, r.Notes, people, "id_token", "ALTER TABLE `wordpress`.")
	for _, words := range []string{s.serverKind() + " " + s.Strings("SELECT VERSION()")[0], s.Prefix + "moos_oauth_access_tokens", "confidential", "advice: 0 broken"} {
		if !strings.Contains(people, words) {
			t.Errorf("nothing is said of %s:\n%s", words, people)
		}
	}
	if r.Facts == nil || r.Facts.Prefix != s.Prefix || r.Facts.Clients.Total == 0 || len(r.Facts.LeastPrivilege) == 0 {
		t.Fatalf("facts: %+v", r.Facts)
	}

	s.mend(r.Facts.LeastPrivilege)
	well := stage.WriteWPConfig(t, s.Server, s.Prefix, "moserver", stage.DBPassword)
	if r, people = s.doctor(0, "--wp-config", well); !strings.HasSuffix(people, "\nok: nothing to mend\n") || len(r.Advice)+len(r.Broken) > 0 {
		t.Errorf("want nothing to mend:\n%s", people)
	}
	r, people = s.doctor(1, "--wp-config", well, "--db-max-connections", "900")
	wantFinding(t, r.Advice, people, "db_max_connections is 900", "Lower")

	s.Exec("ALTER TABLE {}moos_oauth_access_tokens DROP COLUMN scope")
	r, people = s.doctor(2, "--wp-config", well)
	wantFinding(t, r.Broken, people, "no column scope", "restore")
}

// TestDoctorAsInstalled: a site as the README has it, with WordPress's own account and
// the plugin's own columns, has nothing to mend after migrate.
func TestDoctorAsInstalled(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("")
	s.Exec("DELETE FROM {}moos_oauth_clients WHERE client_id <> ?", s.app.ID)
	s.PutOption("mo_oauth_server_site_keys_generated", "1")
	r, _ := s.doctor(1, "--wp-config", s.WPConfig, "--table-prefix", s.Prefix)
	if len(r.Advice) != 2 || r.Advice[0].Remedy != "Run: moserver-sidecar migrate --wp-config "+s.WPConfig+" --table-prefix "+s.Prefix {
		t.Errorf("advice %+v", r.Advice)
	}
	if r, _ = s.doctor(0, "--wp-config", s.WPConfig, "--accept", "index-missing,rotations-missing"); len(r.Accepted) != 2 || len(r.Advice) > 0 {
		t.Errorf("accepted %q, advice %+v", r.Accepted, r.Advice)
	}
	s.wantSuccess("ok: ", "migrate")
	if r, _ = s.doctor(0, "--wp-config", s.WPConfig); len(r.Notes) != 4 || r.Notes[1].ID != "privileges-wide" || r.Notes[2].ID != "upstream-off" || r.Notes[3].ID != "route-unknown" {
		t.Errorf("notes %+v", r.Notes)
	}
	if wrong := command(t, nil, "doctor", "--accept", "index"); wrong.code != 3 || !strings.Contains(wrong.stderr, "docs/findings.md") {
		t.Errorf("an id that is none: %+v", wrong)
	}
	s.PutOption("mo_oauth_server_master_switch", "off")
	s.wantSuccess("ok: ", "check", "--accept", "switched-off")
	s.Exec("DROP TABLE {}moos_oauth_refresh_tokens")
	if r := command(t, nil, "check", "--wp-config", s.WPConfig, "--accept", "table-missing"); r.code != 1 {
		t.Errorf("what keeps the server from working was accepted: %+v", r)
	}
}

// serverKind is the name of the server that these tests run on, as it says itself.
func (s *site) serverKind() string {
	s.t.Helper()
	says := s.Strings("SELECT CONCAT(VERSION(), ' ', @@version_comment)")[0]
	for _, kind := range []string{"MariaDB", "Percona Server"} {
		if strings.Contains(says, kind) {
			return kind
		}
	}
	return "MySQL"
}

// mend does what doctor says of a site as the plugin leaves it.
func (s *site) mend(leastPrivilege []string) {
	s.t.Helper()
	s.wantSuccess("ok: ", "migrate")
	s.Exec("ALTER TABLE {}moos_oauth_authorization_codes MODIFY id_token TEXT")
	s.Exec("DELETE FROM {}moos_oauth_clients WHERE client_id <> ?", s.app.ID)
	s.PutOption("mo_oauth_server_site_keys_generated", "1")
	for _, statement := range leastPrivilege {
		s.Exec(strings.ReplaceAll(statement, wpdb.PasswordPlace, stage.DBPassword))
	}
}

// TestDoctorCannotLook: what cannot be looked at is unknown to a monitor, and not
// broken.
func TestDoctorCannotLook(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.Exec("CREATE USER wp@localhost IDENTIFIED BY '" + stage.DBPassword + "'")
	stranger, known := stage.WriteWPConfig(t, s.Server, s.Prefix, "stranger", stage.DBPassword), stage.WriteWPConfig(t, s.Server, s.Prefix, "wp", stage.DBPassword)
	for sentence, flags := range map[string][]string{
		"refuses the user":                              {"--wp-config", stranger},
		"there is no database of that name":             {"--wp-config", known, "--db-name", "nowhere"},
		"nothing usable answers at":                     {"--wp-config", known, "--db-host", stage.FreeAddress(t)},
		"the settings do not say where the database is": {},
	} {
		r, people := s.doctor(3, flags...)
		if !strings.Contains(people, sentence) || !strings.Contains(r.Error, sentence) || r.Facts != nil {
			t.Errorf("want %q, got %q:\n%s", sentence, r.Error, people)
		}
	}
	wrong := command(t, nil, "doctor", "--jsno")
	if wrong.code != 3 || !strings.Contains(wrong.stderr, "did you mean --json? see moserver-sidecar doctor --help") {
		t.Errorf("a flag that is not there: %+v", wrong)
	}
	wantHelp(t, []string{"doctor", "--help"}, "moserver-sidecar doctor --wp-config", "--json", "Exit status", "least_privilege")
}

// TestDoctorProgress: on a terminal doctor says what it waits for.
func TestDoctorProgress(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	unlock := s.lock("{}moos_oauth_access_tokens")
	const waiting = "looking for what keeps the server from working …"
	p := stage.Start(t, nil, "script", "--quiet", "--return", "--command", binary+" doctor --wp-config "+s.WPConfig, "/dev/null")
	stage.Eventually(t, stage.Patience, "progress on the terminal", func() bool { return strings.Contains(p.Stdout.String(), waiting) })
	unlock()
	code := p.Exit()
	if text := p.Stdout.String(); !strings.Contains(text, "advice: 0 broken") || code != 1 {
		t.Errorf("exit status %d:\n%s", code, text)
	}
	if r := command(t, nil, "doctor", "--wp-config", s.WPConfig); strings.Contains(r.stdout+r.stderr, "\x1b") {
		t.Errorf("codes of terminals in a pipe: %q", r.stdout+r.stderr)
	}
}
