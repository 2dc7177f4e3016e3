package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// marker stands for a secret that was written in a wrong place.
const marker = "hUnt3r2sEcret"

// malformed are values that no setting but a password can have, each around the marker.
func malformed() []string {
	return []string{"[" + marker + "\t;", marker + "\n:a:b@", "https://" + marker + ":" + marker + "@x y\x01/"}
}

// wantUntold runs a command, and finds the marker nowhere in what it prints, which it
// returns.
func wantUntold(t *testing.T, what string, environment []string, args ...string) string {
	t.Helper()
	r := command(t, environment, args...)
	if r.code == 0 || r.stdout+r.stderr == "" {
		t.Errorf("%s: %v: exit status %d, and it printed %q", what, args[0], r.code, r.stdout+r.stderr)
	}
	if strings.Contains(r.stdout+r.stderr, marker) {
		t.Errorf("%s: %v tells it:\n%s%s", what, args[0], r.stdout, r.stderr)
	}
	return r.stdout + r.stderr
}

// looking are commands that read the settings and look at the database.
func looking() [][]string {
	return [][]string{{"check"}, {"check", "--json"}, {"serve", "--log-level=debug"}, {"serve", "--log-format=json"}, {"doctor"}, {"doctor", "--json"}}
}

// TestNoValueTold: a value that could not be understood is never printed, wherever
// it was set. All problems are told at once; only a setting that is no problem beside
// the others is tried alone.
func TestNoValueTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for i, value := range malformed() {
		var flags, environment, lines []string
		for _, flag := range settingFlags() {
			name := strings.ReplaceAll(strings.TrimPrefix(flag, "--"), "-", "_")
			flags = append(flags, flag+"="+value)
			environment = append(environment, "MOSERVER_"+strings.ToUpper(name)+"="+value)
			lines = append(lines, fmt.Sprintf("%s: %q\n", name, value))
		}
		together := wantUntold(t, "all flags", nil, append([]string{"check"}, flags...)...)
		for _, flag := range settingFlags() {
			if i == 0 && flag != "--db-password" && flag != "--host" && !strings.Contains(together, "problem: "+flag+":") { // in the two anything may stand
				wantUntold(t, flag, nil, "check", "--wp-config", s.WPConfig, flag+"="+value)
				wantUntold(t, flag, nil, "doctor", "--wp-config", s.WPConfig, flag+"="+value)
			}
		}
		yaml := filepath.Join(t.TempDir(), "moserver.yaml")
		stage.WriteFile(t, yaml, strings.Join(lines, ""))
		for j, c := range looking() {
			if j > 0 && j%3 != i { // each command says the same of every value, in a form of its own
				continue
			}
			wantUntold(t, "all flags", nil, append(c, flags...)...)
			wantUntold(t, "all of the environment", environment, c...)
			wantUntold(t, "a whole file", nil, append(c, "--config", yaml)...)
			wantUntold(t, "--config", nil, append(c, "--config="+value)...)
		}
	}
}

// TestNoFileTold: nor is a line of a file that could not be read.
func TestNoFileTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "moserver.yaml")
	for _, text := range []string{
		"db_password: \"M", "db_password: *M", "db_password: {M: x}", "db_password: @M", "\tdb_password: M", "db_password: !!int M",
		"- M", "M", "M: x", "db_name: x\nM", "a: [M", "db_password: x\n  M: y", "db_tls: \"\\M\"", "%M", "db_name: x\ndb_name: M",
	} {
		stage.WriteFile(t, path, strings.ReplaceAll(text, "M", marker))
		wantUntold(t, text, nil, "check", "--config", path)
		wantUntold(t, text, nil, "serve", "--config", path)
	}
	path = filepath.Join(filepath.Dir(path), "wp-config.php")
	const right = "<?php\ndefine('DB_NAME', 'x');\ndefine('DB_USER', 'x');\ndefine('DB_PASSWORD', 'x');\ndefine('DB_HOST', '127.0.0.1:1');\n$table_prefix = 'wp_';\n"
	for _, constant := range []string{"DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_CHARSET", "CUSTOM_USER_TABLE", "CUSTOM_USER_META_TABLE", "WP_HOME", "MULTISITE"} {
		for _, value := range []string{"'[¤\t;@:a:b'", "decrypt('¤')", "'¤", "¤", "array('¤')"} {
			stage.WriteFile(t, path, strings.ReplaceAll("<?php\ndefine('"+constant+"', "+value+");\n"+strings.TrimPrefix(right, "<?php\n"), "¤", marker))
			wantUntold(t, constant+" "+value, nil, "check", "--wp-config", path)
		}
	}
	stage.WriteFile(t, path, strings.Replace(right, "'wp_'", "'["+marker+"'", 1))
	for _, c := range looking() {
		wantUntold(t, "$table_prefix", nil, append(c, "--wp-config", path)...)
	}
}

// TestNoArgumentTold: nor is an argument of the command line.
func TestNoArgumentTold(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"M", "check M", "check -pM", "check -M", "check --db-passwrd=M", "check --M", "check --=M", "check ---M", "check --json=M",
		"check --db-password= M", "--db-password= M check", "tokens list --limit M", "tokens M", "help M", "completion M",
		"doctor M", "doctor --jsno=M", "serve --listen M:a:b", "healthcheck --listen M", "tokens list --kind M --db-name x", "purge --dry-run=M",
	} {
		wantUntold(t, args, nil, strings.Fields(strings.ReplaceAll(args, "M", marker))...)
	}
	r := command(t, nil, "check", "--db-name", "x", "--db-host", "127.0.0.1:1", "--db-password", marker)
	if strings.Contains(r.stdout+r.stderr, marker) || strings.Count(r.stderr, "use db_password_file") != 1 {
		t.Errorf("--db-password: %s%s", r.stdout, r.stderr)
	}
}

// TestOneProblem: what follows from a problem is not reported as another.
func TestOneProblem(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	broken := filepath.Join(t.TempDir(), "moserver.yaml")
	for text, args := range map[string][]string{
		"this is not YAML":               {"--config", broken},
		"there is no such file":          {"--wp-config", "/nowhere/wp-config.php"},
		"no such file":                   {"--config", "/nowhere/moserver.yaml"},
		"did you mean --wp-config x.php": nil,
		"table_prefix must be":           {"--wp-config", s.WPConfig, "--table-prefix", "a b"},
		"--db-host":                      {"--wp-config", s.WPConfig, "--db-host", "a:b:c"},
	} {
		stage.WriteFile(t, broken, "db_name: [x\n")
		if args == nil {
			args = []string{"x.php"}
		}
		r := command(t, nil, append([]string{"check"}, args...)...)
		if out := r.stdout + r.stderr; r.code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, text) {
			t.Errorf("%v: want one line with %q, got:\n%s", args, text, out)
		}
	}
	stage.WriteFile(t, broken, "db_nam: x\n")
	command(t, nil, "check", "--config", broken).want(t, 1, "moserver.yaml:1: unknown setting db_nam; did you mean db_name?")
}

// TestPortNotAllowed: a port that only root may have is a matter of permission.
func TestPortNotAllowed(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Fatal("this test needs root, to give that up")
	}
	copied := filepath.Join("/tmp", fmt.Sprintf("moserver-port-%d", os.Getpid()))
	stage.WriteFile(t, copied, stage.ReadFile(t, binary))
	t.Cleanup(func() { os.Remove(copied) })
	if err := os.Chmod(copied, 0o755); err != nil {
		t.Fatal(err)
	}
	r := ended(stage.Start(t, nil, "setpriv", "--reuid=33", "--regid=33", "--clear-groups", copied, "serve", "--db-name", "x",
		"--db-host", "127.0.0.1:1", "--listen", "127.0.0.1:443"))
	r.want(t, 1, "permission denied", "port below 1024")
	if strings.Contains(r.stderr, "another server") {
		t.Errorf("it speaks of another server:\n%s", r.stderr)
	}
}
