package e2e_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// indexes are the names of those that the site's tables have.
func (s *site) indexes() []string {
	s.t.Helper()
	return s.Strings("SELECT DISTINCT CONCAT(TABLE_NAME, '.', INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_NAME LIKE '{}%' ORDER BY 1")
}

// wantSuccess runs a command on the site that ends well, and says so.
func (s *site) wantSuccess(sentence string, args ...string) result {
	s.t.Helper()
	r := command(s.t, nil, append(args, "--wp-config", s.WPConfig)...)
	if r.code != 0 || !strings.Contains(r.stdout, sentence) || r.stderr != "" {
		s.t.Errorf("%q: want %q, got %+v", args, sentence, r)
	}
	return r
}

// TestMigrate: indexes come and go, and the token endpoint works all the while.
func TestMigrate(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	before := s.indexes()
	printed := s.wantSuccess("ADD INDEX `moserver_access_token` (`access_token`(64))", "migrate", "--dry-run")
	if !slices.Equal(s.indexes(), before) {
		t.Error("--dry-run has changed something")
	}
	s.wantSuccess("ok: ", "migrate")
	after := s.indexes()
	if len(after) != len(before)+10 { // eight indexes, and two of the table of its own
		t.Errorf("there are the indexes %q", after)
	}
	alive(t, server)
	s.wantSuccess("changes made: 0", "migrate")
	s.wantSuccess("changes made: 9", "migrate", "--undo")
	if !slices.Equal(s.indexes(), before) {
		t.Errorf("--undo leaves the indexes %q", s.indexes())
	}

	// What --dry-run prints is for the mysql client.
	client := exec.Command("mariadb", "--no-defaults", "--socket="+s.Server.Socket, "--user=root", s.Server.Name())
	client.Stdin = strings.NewReader(printed.stdout)
	if out, err := client.CombinedOutput(); err != nil || !slices.Equal(s.indexes(), after) {
		t.Errorf("by hand: %v, %s; there are the indexes %q", err, out, s.indexes())
	}
	alive(t, server)

	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ENGINE=MyISAM")
	refused := command(t, nil, "migrate", "--wp-config", s.WPConfig)
	if refused.code != 1 || !strings.Contains(refused.stdout, "problem: ") || !strings.Contains(refused.stdout, "ENGINE=InnoDB") {
		t.Errorf("MyISAM: %+v", refused)
	}
	var parsed struct {
		OK       bool
		Findings []struct{ Problem, Remedy string }
	}
	machine := command(t, nil, "migrate", "--json", "--wp-config", s.WPConfig)
	if err := json.Unmarshal([]byte(machine.stdout), &parsed); err != nil || machine.code != 1 || parsed.OK || len(parsed.Findings) != 1 {
		t.Errorf("--json: %v, %+v", err, machine)
	}
}

// TestMigrateStopped: Ctrl-C stops the statement on the server too.
func TestMigrateStopped(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{}))
	before := s.indexes()
	tx, err := s.Root.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("INSERT INTO " + s.Prefix + "moos_oauth_access_tokens (access_token) VALUES ('held')"); err != nil {
		t.Fatal(err)
	}
	p := stage.Start(t, nil, binary, "migrate", "--wp-config", s.WPConfig)
	const waiting = "SELECT INFO FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock%'"
	p.AwaitThat("it waits for the table", func() bool { return len(s.Strings(waiting)) > 0 })
	p.Signal(syscall.SIGINT)
	if code := p.Exit(); code != 1 || !strings.Contains(p.Stderr.String(), "nothing is half done") {
		t.Errorf("exit status %d, %s", code, p.Stderr.String())
	}
	if left := s.Strings(waiting); len(left) > 0 {
		t.Errorf("on the server goes on: %q", left)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	s.wantSuccess("ok: ", "migrate")
	s.wantSuccess("ok: ", "migrate", "--undo")
	if !slices.Equal(s.indexes(), before) {
		t.Errorf("there are the indexes %q", s.indexes())
	}
}

// TestPurge: what has expired goes, once there are indexes.
func TestPurge(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) VALUES ('old', '2020-01-01 00:00:00'), ('older', '2019-01-01 00:00:00'), ('never', '0000-00-00 00:00:00'), ('lives', '2037-01-01 00:00:00')")
	refused := command(t, nil, "purge", "--wp-config", s.WPConfig)
	if refused.code != 1 || !strings.Contains(refused.stdout, "moserver-sidecar migrate") {
		t.Errorf("without indexes: %+v", refused)
	}
	s.wantSuccess("2 rows of "+s.Prefix+"moos_oauth_access_tokens would be deleted", "purge", "--dry-run")
	s.wantSuccess("ok: ", "migrate")
	machine := s.wantSuccess("", "purge", "--json", "--purge-after", "30d")
	var parsed struct {
		Tables []struct {
			Table string
			Rows  int
		}
	}
	if err := json.Unmarshal([]byte(machine.stdout), &parsed); err != nil || len(parsed.Tables) != 4 || parsed.Tables[0].Rows != 2 {
		t.Errorf("--json: %v, %s", err, machine.stdout)
	}
	if left := s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens ORDER BY access_token"); !slices.Equal(left, []string{"lives", "never"}) {
		t.Errorf("left is %q", left)
	}
	wantFailure(t, command(t, nil, "purge", "--purge-after", "0", "--wp-config", s.WPConfig), "give --purge-after 7d")
}
