package wpconfig

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadShapes(t *testing.T) {
	tests := map[string]struct {
		file      string
		files     map[string]string
		variables map[string]string
		want      Config
		problems  []string
	}{
		"sample": {file: "sample.php", want: Config{DBName: "shop", DBUser: "shop_user", DBHost: "localhost",
			DBPassword: `it's "a" \ secret; // not a comment`, DBCharset: "utf8mb4", TablePrefix: "wp_"}},
		"docker without an environment": {file: "docker.php", want: Config{DBName: "wordpress", DBUser: "example username",
			DBPassword: "example password", DBHost: "mysql", DBCharset: "utf8mb4", TablePrefix: "wp_"}},
		"docker with variables, secrets and extra configuration": {file: "docker.php",
			files: map[string]string{"/run/secrets/password": "pass word\r\n\n"},
			variables: map[string]string{"WORDPRESS_DB_NAME": "blog", "WORDPRESS_DB_USER": "", "WORDPRESS_DB_PASSWORD": "not this",
				"WORDPRESS_DB_PASSWORD_FILE": "/run/secrets/password", "WORDPRESS_DB_HOST": "db:3307", "WORDPRESS_TABLE_PREFIX": "b_",
				"WORDPRESS_CONFIG_EXTRA": "define('WP_ALLOW_MULTISITE', true);\ndefine('MULTISITE', true);"},
			want: Config{DBName: "blog", DBPassword: "pass word", DBHost: "db:3307", DBCharset: "utf8mb4", TablePrefix: "b_", Multisite: true}},
		"docker with a broken extra configuration": {file: "docker.php",
			variables: map[string]string{"WORDPRESS_CONFIG_EXTRA": "\ndefine('MULTISITE', maybe());\ndefine('A'"},
			want: Config{DBName: "wordpress", DBUser: "example username", DBPassword: "example password",
				DBHost: "mysql", DBCharset: "utf8mb4", TablePrefix: "wp_"},
			problems: []string{"WORDPRESS_CONFIG_EXTRA:3: the bracket ( is never closed; add its )"}},
		"debian given directly": {file: "debian-config.php",
			want:     Config{DBName: "wordpress", DBUser: "wordpress", DBPassword: "debian secret", DBHost: "localhost"},
			problems: []string{"wp-config.php: $table_prefix is not set in this file or in one that it includes; set table_prefix instead"}},
		"multisite": {file: "multisite.php", want: Config{DBName: "network", DBUser: "network", DBPassword: "p$ss!Aé",
			DBHost: "db.example.net:3307", DBCharset: "utf8mb4", TablePrefix: "net_", Multisite: true, CustomUserTable: "net_people",
			CustomUserMeta: "net_peoplemeta", WPHome: "https://example.net"}},
		"managed": {file: "managed.php",
			files: map[string]string{
				"/srv/www/gd-config.php": "<?php\ndefine('DB_NAME', 'hosted'); define('DB_USER', 'hosted_user');",
				"/srv/www/db.php":        "<?php return ['default' => ['password' => 'arr', 'host' => 'h1', 'port' => 3306]];",
				"/srv/www/relative.php":  "<?php if (!isset($table_prefix)) { $table_prefix = 'rel_'; } return; $table_prefix = 'x';",
			},
			want: Config{DBName: "hosted", DBUser: "hosted_user", DBPassword: "arr", DBHost: "h1:3306", TablePrefix: "rel_"}},
		"messy": {file: "messy.php", variables: map[string]string{},
			want:     Config{DBUser: "ab", DBPassword: "xy\"$z\\n", DBHost: "db:3306", DBCharset: "utf8", TablePrefix: "new_"},
			problems: []string{"wp-config.php:6: DB_NAME is set from a heredoc, which this program does not evaluate; set db_name instead"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{mainPath: testdata(t, test.file)}
			for path, src := range test.files {
				files[path] = src
			}
			got, problems := Read(mainPath, environment(files, test.variables))
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(Config{}, "Found", "Salts")); diff != "" {
				t.Errorf("Read (-want +got):\n%s", diff)
			}
			checkProblems(t, problems, test.problems)
		})
	}
}

// TestGiven: what is known from elsewhere need not be found, nor understood,
// and an include that cannot be followed matters only to the rest.
func TestGiven(t *testing.T) {
	const src = "<?php define('DB_NAME', pick()); include choose(); define('DB_USER','u'); define('DB_HOST','h'); define('DB_PASSWORD','p');"
	files := environment(map[string]string{mainPath: src}, nil)
	c, problems := Read(mainPath, files, DBName, TablePrefix)
	checkProblems(t, problems, nil)
	if c.DBUser != "u" || c.DBName != "" {
		t.Errorf("read %+v", c)
	}
	_, problems = Read(mainPath, files, DBName)
	checkProblems(t, problems, []string{"1: includes a file"})
}

// TestSalts: a salt that the reader cannot rely on is empty, and no Problem.
func TestSalts(t *testing.T) {
	files := map[string]string{mainPath: complete + `
		define('AUTH_KEY', 'S7<?php $x = "}{)( /* ?>'); define('SECURE_AUTH_KEY', vault('x'));
		if (foo()) define('LOGGED_IN_KEY', 'doubtful');
		foreach ($a as $b) { define('NONCE_KEY', $b); } define('NONCE_KEY', 'too late');
		define('AUTH_SALT', getenv('AUTH_SALT')); define('SECURE_AUTH_SALT', getenv('UNSET'));
		define('NONCE_SALT', 'put your unique phrase here');`}
	config, problems := Read(mainPath, environment(files, map[string]string{"AUTH_SALT": "of the environment"}))
	checkProblems(t, problems, nil)
	want := []string{`S7<?php $x = "}{)( /* ?>`, "", "", "", "of the environment", "", "", "put your unique phrase here"}
	if diff := cmp.Diff(want, config.Salts); diff != "" {
		t.Errorf("Salts (-want +got):\n%s", diff)
	}
	config, _ = readSource("no PHP")
	if len(config.Salts) != len(want) {
		t.Errorf("%d salts of a file that is no PHP", len(config.Salts))
	}
}
