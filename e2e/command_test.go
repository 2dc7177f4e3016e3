package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// wantFailure checks that a command ended with status 1, and said why for
// people.
func wantFailure(t testing.TB, r result, sentence string) {
	t.Helper()
	if r.code != 1 || !strings.Contains(r.stderr, sentence) {
		t.Errorf("want exit status 1 and %q, got %d:\n%s%s", sentence, r.code, r.stdout, r.stderr)
	}
	for _, text := range []string{"goroutine ", "panic", stage.DBPassword} {
		if strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("it printed %q:\n%s%s", text, r.stdout, r.stderr)
		}
	}
}

// TestStartErrors: what can never work ends the server at once, with a
// sentence of its own.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.Account("wp", "the right one")
	s.Account("reader", "the right one", "GRANT SELECT ON wordpress.* TO reader@localhost")
	s.Exec("CREATE DATABASE bare")
	for _, name := range []string{"users", "usermeta", "options"} {
		s.Exec("CREATE TABLE bare.{}" + name + " LIKE wordpress.{}" + name)
	}
	s.Exec("GRANT ALL ON bare.* TO wp@localhost")
	right := stage.WriteWPConfig(t, s.Server, s.Prefix, "wp", "the right one")
	for _, c := range []struct {
		name, wpConfig string
		flags          []string
		sentence       string
	}{
		{"wrong password", stage.WriteWPConfig(t, s.Server, s.Prefix, "wp", stage.DBPassword), nil, "refuses the user"},
		{"wrong prefix", stage.WriteWPConfig(t, s.Server, "other_", "wp", "the right one"), nil, "no tables of the OAuth server plugin with the prefix"},
		{"no such database", right, []string{"--db-name", "nowhere"}, "there is no database of that name"},
		{"plugin not activated", right, []string{"--db-name", "bare"}, "Activate"},
		{"no network", right, []string{"--multisite"}, "Do not set multisite"},
		{"read-only user", stage.WriteWPConfig(t, s.Server, s.Prefix, "reader", "the right one"), nil, "may not INSERT"},
		{"no wp-config.php", "/nowhere/wp-config.php", nil, "/nowhere/wp-config.php"},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := append([]string{"serve", "--wp-config", c.wpConfig, "--listen", stage.FreeAddress(t)}, c.flags...)
			wantFailure(t, command(t, nil, flags...), c.sentence)
		})
	}
	stage.Serve(t, binary, nil, "--wp-config", right, "--listen", stage.FreeAddress(t)).Stop() // and what is right works

	s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens ENGINE=MyISAM")
	myISAM := command(t, nil, "serve", "--wp-config", right, "--listen", stage.FreeAddress(t))
	wantFailure(t, myISAM, "uses the engine MyISAM")
}

// TestPortTaken: two servers cannot have one port.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	address := strings.TrimPrefix(server.Base, "http://")
	wantFailure(t, command(t, nil, "serve", "--wp-config", s.WPConfig, "--listen", address), "is another server already using it?")
	alive(t, server)
}

// TestCheck: check says all that is wrong at once, for people and for
// machines.
func TestCheck(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	flags := []string{"check", "--wp-config", s.WPConfig}
	good := command(t, nil, flags...)
	if good.code != 0 || !strings.HasPrefix(good.stdout, "ok: ") || good.stderr != "" {
		t.Errorf("a good site: %+v", good)
	}
	type report struct {
		OK       bool
		Settings []struct{ Where, Problem string }
		Database []struct{ Problem, Remedy string }
	}
	read := func(r result) (parsed report) {
		if err := json.Unmarshal([]byte(r.stdout), &parsed); err != nil {
			t.Errorf("%v: %s", err, r.stdout)
		}
		return parsed
	}
	if r := read(command(t, nil, append(flags, "--json")...)); !r.OK || len(r.Settings)+len(r.Database) > 0 {
		t.Errorf("a good site: %+v", r)
	}

	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ENGINE=MyISAM")
	s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens DROP COLUMN scope")
	environment := []string{"MOSERVER_NO_SUCH_SETTING=1"}
	flags = append(flags, "--listen", "everywhere")
	bad := command(t, environment, flags...)
	for _, text := range []string{"MOSERVER_NO_SUCH_SETTING", "--listen", "MyISAM", "no column scope"} {
		if !strings.Contains(bad.stdout, text) {
			t.Errorf("nothing is said of %s:\n%s", text, bad.stdout)
		}
	}
	if n := strings.Count(bad.stdout, "problem: "); bad.code != 1 || n != 4 || strings.Contains(bad.stdout, stage.DBPassword) {
		t.Errorf("want exit status 1 and 4 problems, got %d and %d:\n%s", bad.code, n, bad.stdout)
	}
	if r := command(t, environment, append(flags, "--json")...); r.code != 1 {
		t.Errorf("--json: exit status %d", r.code)
	} else if p := read(r); p.OK || len(p.Settings) != 2 || len(p.Database) != 2 || p.Database[0].Remedy == "" {
		t.Errorf("--json: %+v", p)
	}
}

// TestHelp: the help names all that there is.
func TestHelp(t *testing.T) {
	t.Parallel()
	names := append([]string{"  serve ", "  check ", "  doctor ", "  migrate ", "  purge ", "  tokens ", "  healthcheck ", "  demo ", "  completion ", "  version ", "--config"}, settingFlags()...)
	for _, args := range [][]string{{"--help"}, {"help"}, {"-h"}, {}} {
		wantHelp(t, args, names...)
	}
	wantHelp(t, []string{"serve", "--help"}, "moserver-sidecar serve --wp-config", "SIGTERM", "Exit status")
	wantHelp(t, []string{"check", "-h"}, "moserver-sidecar check --wp-config", "--json", "Exit status")
	wantHelp(t, []string{"migrate", "--help"}, "moserver-sidecar migrate --wp-config", "--dry-run", "--undo", "--galera", "--allow-blocking", "--json", "Exit status")
	wantHelp(t, []string{"purge", "--help"}, "moserver-sidecar purge --wp-config", "--dry-run", "--purge-after", "--json", "Exit status")
	wantHelp(t, []string{"demo", "--help"}, "moserver-sidecar demo", "--listen", "Exit status")
	wantHelp(t, []string{"help", "check"}, "moserver-sidecar check --wp-config", "--json", "Exit status")
	wantHelp(t, []string{"help", "tokens", "list"}, "moserver-sidecar tokens list", "--limit", "Exit status")
	if v := command(t, nil, "--version"); v.code != 0 || v != command(t, nil, "version") {
		t.Errorf("--version: %+v", v)
	}
	if v := command(t, nil, "version"); v.code != 0 || !strings.HasPrefix(v.stdout, "moserver-sidecar ") {
		t.Errorf("version: %+v", v)
	}
}

// wantHelp runs a command that prints help with these words.
func wantHelp(t *testing.T, args []string, words ...string) {
	t.Helper()
	help := command(t, nil, args...)
	if help.code != 0 || help.stderr != "" {
		t.Errorf("%q: exit status %d, %s", args, help.code, help.stderr)
	}
	for _, word := range words {
		if !strings.Contains(help.stdout, word) {
			t.Errorf("%q does not mention %s", args, word)
		}
	}
}

// settingFlags are the settings as users know them: to rename one breaks
// somebody's start script.
func settingFlags() []string {
	return strings.Fields(`--listen --socket-mode --wp-config --host --db-host --db-name --db-user --db-password
		--db-password-file --db-charset --db-tls --db-max-connections --table-prefix --users-table --usermeta-table
		--home --multisite --plugin-folder --rotate-refresh-tokens --rotation-grace --openid-refresh-token --revoke-access-tokens
		--error-status --resource-sub --purge-after --request-timeout --shutdown-timeout --max-body-bytes
		--max-in-flight --max-connections --trusted-proxies --auth-failures --log-level --log-format`)
}

// TestWrongUse: what is mistyped is told, with where to look.
func TestWrongUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, sentence string }{
		{"chek", "unknown command chek; did you mean check? see moserver-sidecar --help"},
		{"chek --client x", "unknown command chek; did you mean check? see moserver-sidecar --help"},
		{"--wp-config x chek --help", "unknown command chek; did you mean check? see moserver-sidecar --help"},
		{"help chek", "unknown command chek; did you mean check? see moserver-sidecar --help"},
		{"nosuch", "unknown command nosuch; see moserver-sidecar --help"},
		{"--wp-config x", "need a command"},
		{"tokens lits", "unknown command lits; did you mean list? see moserver-sidecar tokens --help"},
		{"serve --lisen 127.0.0.1:1", "serve: unknown flag --lisen; did you mean --listen? see moserver-sidecar serve --help"},
		{"check --wpconfig x", "check: unknown flag --wpconfig; did you mean --wp-config? see moserver-sidecar check --help"},
		{"migrate --dryrun", "migrate: unknown flag --dryrun; did you mean --dry-run? see moserver-sidecar migrate --help"},
		{"check -wp-config x", "did you mean --wp-config, with two dashes?"},
		{"check -home=x", "did you mean --home, with two dashes?"},
		{"check html/wp-config.php", `check: unexpected argument "html/wp-config.php"; did you mean --wp-config html/wp-config.php?`},
		{"check moserver.yaml", `did you mean --config moserver.yaml?`},
		{"check wp-config x", `unexpected argument "wp-config"; did you mean --wp-config?`},
		{"demo --port 1", "demo: unknown flag --port; see moserver-sidecar demo --help"},
		{"demo --wp-config x", "demo: unknown flag --wp-config; see moserver-sidecar demo --help"},
		{"tokens list --limit few", "tokens list: --limit must be a whole number; see moserver-sidecar tokens list --help"},
		{"completion bsh", "bash, zsh, fish or powershell"},
		{"serve", "--wp-config /path/to/wp-config.php"},
	} {
		r := command(t, nil, strings.Fields(c.args)...)
		wantFailure(t, r, c.sentence)
		if strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: more than one line:\n%s", c.args, r.stderr)
		}
	}
}
