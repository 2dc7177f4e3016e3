package config

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func samePrefix(a, b netip.Prefix) bool { return a == b }

// file writes a file of a test and returns its path.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads settings that must have no problem.
func load(t *testing.T, s Sources) Settings {
	t.Helper()
	settings, problems := Load(s)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return settings
}

const wpConfig = `<?php
define( 'DB_NAME', 'site' );
define( 'DB_USER', 'site_user' );
define( 'DB_PASSWORD', 'from wp-config' );
define( 'DB_HOST', 'db.example.com:3307' );
define( 'DB_CHARSET', 'utf8' );
define( 'MULTISITE', true );
$table_prefix = 'blog_';
require_once ABSPATH . 'wp-settings.php';
`

func TestWPConfig(t *testing.T) {
	got := load(t, Sources{Flags: map[string]string{"wp_config": file(t, "wp-config.php", wpConfig)}})
	want := Defaults()
	want.WPConfig = got.WPConfig
	want.DBHost, want.DBNetwork, want.DBAddress = "db.example.com:3307", "tcp", "db.example.com:3307"
	want.DBName, want.DBUser, want.DBPassword = "site", "site_user", "from wp-config"
	want.DBCharset = "utf8mb4" // as WordPress itself reads utf8
	want.TablePrefix, want.Multisite = "blog_", true
	want.SiteFlags = "--wp-config " + got.WPConfig
	if diff := cmp.Diff(want, got, cmp.Comparer(samePrefix)); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// TestWPConfigEnvironment: the official Docker image's file takes what it says
// out of the environment, which is this process's.
func TestWPConfigEnvironment(t *testing.T) {
	path := file(t, "wp-config.php", `<?php
define('DB_NAME', getenv_docker('WORDPRESS_DB_NAME', 'wordpress'));
define('DB_USER', getenv_docker('WORDPRESS_DB_USER', 'example username'));
define('DB_PASSWORD', getenv_docker('WORDPRESS_DB_PASSWORD', 'example password'));
define('DB_HOST', getenv_docker('WORDPRESS_DB_HOST', 'mysql'));
$table_prefix = getenv_docker('WORDPRESS_TABLE_PREFIX', 'wp_');
`)
	got := load(t, Sources{
		Flags: map[string]string{"wp_config": path},
		Environment: []string{
			"WORDPRESS_DB_HOST=db", "WORDPRESS_DB_USER=wp",
			"WORDPRESS_DB_PASSWORD_FILE=" + file(t, "password", "secret of a file\n"),
		},
	})
	if got.DBAddress != "db:3306" || got.DBUser != "wp" || got.DBPassword != "secret of a file" || got.DBName != "wordpress" {
		t.Errorf("settings: %+v", got)
	}
}

// TestOrder: a flag counts before the environment, that before the file, and
// that before wp-config.php.
func TestOrder(t *testing.T) {
	s := Sources{
		Flags: map[string]string{
			"config":    file(t, "moserver.yaml", "db_name: of file\ndb_user: of file\ntable_prefix: of_file_\nlog_format: json\n"),
			"wp_config": file(t, "wp-config.php", wpConfig),
			"db_name":   "of flag",
		},
		Environment: []string{"MOSERVER_DB_NAME=of environment", "MOSERVER_DB_USER=of environment", "PATH=/bin"},
	}
	got := load(t, s)
	if got.DBName != "of flag" || got.DBUser != "of environment" || got.TablePrefix != "of_file_" || got.DBPassword != "from wp-config" {
		t.Errorf("settings: %+v", got)
	}
	if got.LogFormat != LogJSON {
		t.Errorf("log_format is %q", got.LogFormat)
	}
}

// TestOverrideMends: what another source sets need not be understood in
// wp-config.php.
func TestOverrideMends(t *testing.T) {
	path := file(t, "wp-config.php", strings.Replace(wpConfig, "'from wp-config'", "decrypt('x')", 1))
	if _, problems := Load(Sources{Flags: map[string]string{"wp_config": path}}); len(problems) != 1 ||
		!strings.Contains(problems[0].String(), "wp-config.php:4: ") {
		t.Errorf("problems: %v", problems)
	}
	got := load(t, Sources{
		Flags:       map[string]string{"wp_config": path},
		Environment: []string{"MOSERVER_DB_PASSWORD_FILE=" + file(t, "password", "from a file\r\n")},
	})
	if got.DBPassword != "from a file" {
		t.Errorf("db_password is %q", got.DBPassword)
	}
}

// TestValues reads each type of setting from a file.
func TestValues(t *testing.T) {
	got := load(t, Sources{Flags: map[string]string{"config": file(t, "moserver.yaml", `
listen: unix:/run/moserver/token.sock
socket_mode: 0660
db_name: wordpress
db_host: localhost:/run/other.sock
db_password: 1234
request_timeout: 1m30s
max_body_bytes: 2048
trusted_proxies: [10.0.0.0/8, 192.0.2.1]
revoke_access_tokens: true
log_level: warn
users_table:
`)}})
	if got.Listen != "unix:/run/moserver/token.sock" || got.SocketMode != fs.FileMode(0o660) || got.RequestTimeout != 90*time.Second ||
		got.MaxBodyBytes != 2048 || got.RevokeAccessTokens != RevokeAll || got.LogLevel != slog.LevelWarn || got.DBPassword != "1234" ||
		got.DBNetwork != "unix" || got.DBAddress != "/run/other.sock" {
		t.Errorf("settings: %+v", got)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
	if diff := cmp.Diff(proxies, got.TrustedProxies, cmp.Comparer(samePrefix)); diff != "" {
		t.Errorf("trusted_proxies (-want +got):\n%s", diff)
	}
}

// TestRevokeAccessTokens: the setting was a boolean once, and old files have that.
func TestRevokeAccessTokens(t *testing.T) {
	for text, want := range map[string]string{"": "grant", "grant": "grant", "all": "all", "none": "none", "true": "all", "1": "all", "false": "none", "False": "none"} {
		if got := load(t, Sources{Flags: map[string]string{"db_name": "x", "revoke_access_tokens": text}}); got.RevokeAccessTokens != want {
			t.Errorf("%q is %s, want %s", text, got.RevokeAccessTokens, want)
		}
	}
	_, problems := Load(Sources{Flags: map[string]string{"db_name": "x", "revoke_access_tokens": "yes"}})
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "must be one of grant, all, none") {
		t.Errorf("problems: %v", problems)
	}
}

// TestSpan: days, hours, and 0.
func TestSpan(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 7 * 24 * time.Hour, "0": 0, "0d": 0, "1d": 24 * time.Hour, "36h": 36 * time.Hour, "2h30m": 150 * time.Minute, "3650d": 87600 * time.Hour} {
		if got := load(t, Sources{Flags: map[string]string{"db_name": "x", "purge_after": text}}); got.PurgeAfter != want {
			t.Errorf("%q is %s", text, got.PurgeAfter)
		}
	}
	for _, text := range []string{"d", "7", "-1d", "1.5d", "1h", "3651d", "99999999999d", "-9h", "7 d"} {
		_, problems := Load(Sources{Flags: map[string]string{"db_name": "x", "purge_after": text}})
		if len(problems) != 1 || !strings.Contains(problems[0].Text, "such as 7d or 36h") {
			t.Errorf("%q: problems: %v", text, problems)
		}
	}
}

// TestProblems: all are reported at once, each with its place, and none repeats
// a value, which may be a password in the wrong place.
func TestProblems(t *testing.T) {
	yaml := file(t, "moserver.yaml", "listen: hunter2\nlistn: hunter2\nlog_level: hunter2\nlog_level: info\nmultisite: {a: 1}\n"+
		"socket_mode: hunter2\nrequest_timeout: hunter2\ntrusted_proxies: hunter2\nerror_status: hunter2\ndb_max_connections: hunter2\n")
	_, problems := Load(Sources{
		Flags: map[string]string{"config": yaml, "db_host": "a:b:c"},
		Environment: []string{
			"MOSERVER_MULTISITE=hunter2", "MOSERVER_DB_PASSWRD=hunter2",
			"MOSERVER_DB_PASSWORD=hunter2", "MOSERVER_DB_PASSWORD_FILE=/nowhere/hunter2",
		},
	})
	var all []string
	for _, p := range problems {
		all = append(all, p.String())
	}
	text := strings.Join(all, "\n")
	for _, want := range []string{
		"moserver.yaml:1: listen must be host:port",
		"moserver.yaml:2: unknown setting listn; did you mean listen?",
		"moserver.yaml:3: log_level must be one of debug",
		"moserver.yaml:4: log_level is set a second time",
		"moserver.yaml:5: multisite must be a single value",
		"moserver.yaml:6: socket_mode must be octal",
		"moserver.yaml:7: request_timeout must be a time",
		"moserver.yaml:8: trusted_proxies must be networks",
		"moserver.yaml:9: error_status must be one of rfc6749, 200",
		"moserver.yaml:10: db_max_connections must be a whole number",
		"MOSERVER_MULTISITE: multisite must be one of true, false",
		"MOSERVER_DB_PASSWRD: unknown setting db_passwrd; did you mean db_password?",
		"MOSERVER_DB_PASSWORD_FILE: db_password and db_password_file are both set",
		"MOSERVER_DB_PASSWORD_FILE: the password file cannot be read: no such file",
		"--db-host: db_host",
		"settings: nothing says where WordPress's database is",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing problem %q", want)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Error("a problem repeats a value")
	}
	if t.Failed() {
		t.Logf("problems:\n%s", text)
	}
}

func TestBrokenFile(t *testing.T) {
	for name, content := range map[string]string{"text": "hunter2", "list": "- hunter2\n", "no YAML": "a: [hunter2\n"} {
		_, problems := Load(Sources{Flags: map[string]string{"config": file(t, "moserver.yaml", content), "db_name": "x"}})
		if len(problems) != 1 || !strings.Contains(problems[0].Where, "moserver.yaml") || strings.Contains(problems[0].Text, "hunter2") {
			t.Errorf("%s: problems: %v", name, problems)
		}
	}
	if _, problems := Load(Sources{Flags: map[string]string{"config": "/nowhere.yaml", "db_name": "x"}}); len(problems) != 1 {
		t.Errorf("no file: problems: %v", problems)
	}
	load(t, Sources{Flags: map[string]string{"config": file(t, "moserver.yaml", ""), "db_name": "x"}})
}

// TestFlags: each setting is a flag, those with few values know them, and no name
// that is near to another is taken for it.
func TestFlags(t *testing.T) {
	values, names := map[string][]string{}, []string{}
	for _, f := range Flags() {
		values[f.Setting], names = f.Values, append(names, f.Name)
		if f.Usage == "" || f.Switch != slices.Equal(f.Values, []string{"true", "false"}) {
			t.Errorf("%+v", f)
		}
	}
	if len(values) != len(new(Settings).list())+1 {
		t.Errorf("%d flags", len(values))
	}
	for name, want := range map[string][]string{
		"config": nil, "listen": nil, "db_name": nil, "db_tls": {"off", "preferred", "skip-verify", "on"},
		"log_level": {"debug", "info", "warn", "error"}, "multisite": {"true", "false"},
	} {
		if diff := cmp.Diff(want, values[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for word, want := range map[string]string{
		"wpconfig": "wp-config", "lisen": "listen", "ilsten": "listen", "db-passwrd": "db-password",
		"hom": "home", "hunter2": "", "": "", "x": "", "wp-config": "wp-config",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: nearest is %q", word, got)
		}
	}
}

// TestHelp: every setting is in the help, in lines that fit a terminal.
func TestHelp(t *testing.T) {
	var b strings.Builder
	PrintSettings(&b)
	for _, s := range new(Settings).list() {
		if !strings.Contains(b.String(), "--"+strings.ReplaceAll(s.name, "_", "-")+"\n") {
			t.Errorf("the help has no %s", s.name)
		}
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if len(line) > 80 {
			t.Errorf("too long: %s", line)
		}
	}
}

// TestFolder: a folder stands for its wp-config.php or, by WordPress's rule, the
// one above; without wp_config and db_name it is the working directory.
func TestFolder(t *testing.T) {
	above := t.TempDir()
	here := filepath.Join(above, "html")
	if err := os.Mkdir(here, 0o755); err != nil {
		t.Fatal(err)
	}
	put := func(path, name string) {
		t.Helper()
		src := "<?php define('DB_NAME','" + name + "'); define('DB_USER','u'); define('DB_PASSWORD','p'); define('DB_HOST','h'); $table_prefix='w_';"
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(flags map[string]string, name string) {
		t.Helper()
		s, problems := Load(Sources{Flags: flags})
		if s.DBName != name || (len(problems) == 0) != (name != "") {
			t.Errorf("DB_NAME is %q, want %q; problems: %v", s.DBName, name, problems)
		}
	}
	t.Chdir(here)
	want(nil, "")
	put(filepath.Join(above, "wp-config.php"), "above")
	want(map[string]string{"wp_config": here}, "above")
	want(nil, "above")
	put(filepath.Join(above, "wp-settings.php"), "another WordPress")
	want(map[string]string{"wp_config": here}, "")
	put(filepath.Join(here, "wp-config.php"), "here")
	want(map[string]string{"wp_config": here}, "here")
	want(nil, "here")
	want(map[string]string{"db_name": "given"}, "given")
}
