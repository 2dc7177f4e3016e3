package wpconfig

import (
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	tests := map[string]struct {
		src  string
		want []string
	}{
		"function": {"<?php\n\n" + strings.TrimPrefix(strings.Replace(complete, "'n'", "vault('x')", 1), "<?php"),
			[]string{"/srv/www/wp-config.php:3: DB_NAME is set from a call of vault(), which this program does not evaluate; set db_name instead"}},
		"environment": {strings.Replace(complete, "'p'", "getenv('PW')", 1),
			[]string{"wp-config.php:1: DB_PASSWORD is set from the environment, where this program does not find PW; give this program the environment that PHP has, or set db_password"}},
		"variable":  {strings.Replace(complete, "'p'", "$pw . 'x'", 1), []string{"DB_PASSWORD is set from $pw, which is not set before this line"}},
		"array":     {strings.Replace(complete, "'p'", "['x']", 1), []string{"DB_PASSWORD is set from an expression that"}},
		"constant":  {strings.Replace(complete, "'p'", "PW", 1), []string{"DB_PASSWORD is set from the constant PW, which is not defined"}},
		"request":   {strings.Replace(complete, "'p'", "md5($_SERVER['HTTP_HOST'])", 1), []string{"DB_PASSWORD is set depending on $_SERVER['HTTP_HOST'], the host name that a web request asks for; set host (--host)"}},
		"missing":   {"<?php define('DB_NAME', 'n'); define('DB_HOST', ''); $table_prefix = '';", []string{": DB_USER and DB_PASSWORD are not set in this file"}},
		"no tag":    {"define('DB_NAME', 'n');", []string{"wp-config.php: has no <?php in it"}},
		"too large": {"<?php " + strings.Repeat(" ", maxFile), []string{"larger than 1 MiB"}},

		"string":         {complete + "\n\n$x = 'never", []string{":3: the string that begins here is never closed"}},
		"double quotes":  {complete + "\n$x = \"never\n\n", []string{":2: the string that begins here is never closed"}},
		"interpolation":  {complete + "\n$x = \"{$a[\n\n\"", []string{":4: the string that begins here is never closed"}},
		"comment":        {complete + "\n/* never\n", []string{":2: the comment that begins here is never closed"}},
		"heredoc":        {complete + "\n$x = <<<END\nnever ENDING", []string{":2: the heredoc that begins here is never closed; add a line with its label END"}},
		"bracket":        {complete + "\nif (true) {\nfoo();\n", []string{":2: the bracket { is never closed; add its }"}},
		"wrong bracket":  {complete + "\nfoo(\n]);", []string{":2: the bracket ( is never closed"}},
		"stray bracket":  {complete + "\n\n}", []string{":3: the bracket } closes nothing"}},
		"nested deep":    {complete + strings.Repeat("[", 1000) + strings.Repeat("]", 1000), []string{"nests brackets more than 200 deep"}},
		"no semicolon":   {"<?php\ndefine('DB_NAME', 'n')\n" + strings.TrimPrefix(complete, "<?php"), []string{":2: DB_NAME is set from a statement that this program does not understand"}},
		"strange value":  {strings.Replace(complete, "'n'", "new 5", 1), []string{":1: DB_NAME is set from an expression that this program does not understand"}},
		"unknown name":   {"<?php\ndefine($k, 'x');", []string{":2: defines a constant whose name"}},
		"reading ends":   {"<?php\nexit;" + complete[5:], []string{":2: reading ends at this exit"}},
		"unknown eval":   {"<?php\neval(base64_decode('eA=='));", []string{":2: passes code to eval() that this program cannot evaluate (it comes from a call of base64_decode()"}},
		"loader":         {"<?php loadEnv(__DIR__ . '/.env');\ndefine('DB_NAME', $_ENV['N'] ?? 'x');" + complete[5:], []string{":2: DB_NAME is set from a .env file, of which there is none"}},
		"loader object":  {"<?php (new DotEnv('.env'))->load();\ndefine('DB_NAME', getenv('N') ?: 'x');" + complete[5:], []string{":2: DB_NAME is set from a .env file"}},
		"loader library": {"<?php Dotenv\\Dotenv::createImmutable(__DIR__)->load();\ndefine('DB_NAME', getenv('N') ?: 'x');" + complete[5:], []string{":2: DB_NAME is set from a .env file"}},
		"loader loop":    {"<?php foreach (file('.env') as $l) { list($k, $v) = explode('=', $l); $_ENV[$k] = $v; }\ndefine('DB_NAME', $_ENV['N'] ?? 'x');" + complete[5:], []string{":2: DB_NAME is set from a foreach statement, which this program does not follow"}},
		"putenv loop":    {"<?php foreach (file('.env') as $l) putenv($l);\ndefine('DB_NAME', getenv('N') ?: 'x');" + complete[5:], []string{":2: DB_NAME is set from the environment, which putenv() has changed"}},
		"harmless":       {complete + "eval(base64_decode('eA==')); define($k, 1); include $_GET['x']; exit;", nil},
		"bedrock define": {"<?php use Roots\\WPConfig\\Config;\nConfig::define('DB_NAME', env('N'));" + complete[5:], []string{":2: DB_NAME is set from a .env file"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems := readSource(test.src)
			checkProblems(t, problems, test.want)
		})
	}
}

func TestProblemsOfConditions(t *testing.T) {
	const unknown = "$_SERVER['HTTP_HOST'] == 'x'"
	uncertain := func(line, setting string) []string {
		return []string{":" + line + ": " + setting + " is set under a condition that this program cannot evaluate ("}
	}
	asks := func(line, setting string) []string {
		return []string{":" + line + ": " + setting + " is set depending on $_SERVER['HTTP_HOST']"}
	}
	passed := func(setting, what string) []string {
		return []string{":2: " + setting + " is set from a " + what + " statement, which this program does not follow"}
	}
	tests := map[string]struct {
		src  string
		want []string
	}{
		"then":                 {"<?php if (" + unknown + ") {\ndefine('DB_NAME', 'a');\n}" + complete[5:], asks("2", "DB_NAME")},
		"else":                 {"<?php if (" + unknown + ") {\n} else\ndefine('DB_HOST', 'a');" + complete[5:], asks("3", "DB_HOST")},
		"certain before":       {complete + "if (" + unknown + ") { define('DB_NAME', 'a'); }", nil},
		"false and unknown":    {"<?php if (false && foo()) define('DB_NAME', 'a');" + complete[5:], nil},
		"unknown and false":    {"<?php if (foo() && false) define('DB_NAME', 'a');" + complete[5:], nil},
		"unknown or true":      {complete + "if (!(foo() || true)) $table_prefix = 'x';", nil},
		"variable":             {complete + "\nif (" + unknown + ") $table_prefix = 'x';", asks("2", "$table_prefix")},
		"variable set anew":    {complete + "\nif (" + unknown + ") $table_prefix = 'x'; $table_prefix = 'y_';", nil},
		"multisite":            {complete + "\nif (foo()) { define('MULTISITE', true); }", uncertain("2", "MULTISITE")},
		"multisite decided":    {complete + "\ndefine('MULTISITE', false); if (foo()) { define('SUNRISE', true); }", nil},
		"short circuit":        {"<?php\nfoo() && define('DB_USER', 'a');" + complete[5:], uncertain("2", "DB_USER")},
		"ternary":              {"<?php\nfoo() ? define('DB_USER', 'a') : 1;" + complete[5:], uncertain("2", "DB_USER")},
		"maybe defined":        {"<?php if (foo()) define('X', 1);\nif (!defined('X')) define('DB_USER', 'a');" + complete[5:], uncertain("2", "DB_USER")},
		"variable in branch":   {"<?php $n = 'a'; if (foo()) { $n = 'b'; }\ndefine('DB_NAME', $n);" + complete[5:], []string{":2: DB_NAME is set from $n, which is set under a condition"}},
		"switch":               {"<?php\nswitch (1) { case 1: define('DB_USER', 'a'); break; }" + complete[5:], passed("DB_USER", "switch")},
		"foreach":              {complete + "\nforeach ($a as $table_prefix) {}", passed("$table_prefix", "foreach")},
		"while":                {"<?php\nwhile (0): define('DB_USER', 'a'); endwhile;" + complete[5:], passed("DB_USER", "while")},
		"try":                  {"<?php\ntry { define('DB_USER', 'a'); } catch (E) {}" + complete[5:], passed("DB_USER", "try")},
		"function and class":   {"<?php function f(): array { define('DB_USER', 'a'); } final class C { const DB_NAME = 1; }" + complete[5:], nil},
		"matches":              {"<?php preg_match('/x/', 'x', $m); if ($m[0] ?? 0)\ndefine('DB_USER', 'a');" + complete[5:], uncertain("2", "DB_USER")},
		"exit under condition": {"<?php if (foo()) { exit; define('DB_USER', 'a'); } " + complete[5:], nil},
		"ABSPATH guards":       {"<?php defined('ABSPATH') || exit; if (!defined('ABSPATH')) die('no');" + complete[5:], nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config, problems := readSource(test.src)
			checkProblems(t, problems, test.want)
			if len(test.want) == 0 && len(config.Found) < 5 {
				t.Errorf("found %v", config.Found)
			}
		})
	}
}

// TestBedrock reads the nearest .env, and names one cause where there is none.
func TestBedrock(t *testing.T) {
	_, problems := readSource(testdata(t, "bedrock.php"))
	checkProblems(t, problems, []string{"wp-config.php:35: DB_NAME, DB_USER and DB_PASSWORD are set from a .env file, of which there is none"})

	files := map[string]string{mainPath: testdata(t, "bedrock.php"),
		"/srv/.env":       "# site\nDB_NAME='shop'\nexport DB_USER=\"shop_user\" # who\nDB_PASSWORD=pa$$w0rd\nDB_PREFIX=s_\nA=${DB_NAME}\n",
		"/srv/.env.local": "DB_USER=local\n"}
	config, problems := Read(mainPath, environment(files, map[string]string{"DB_HOST": "db:3307"}))
	checkProblems(t, problems, nil)
	if c := config; c.DBName != "shop" || c.DBUser != "local" || c.DBPassword != "pa$$w0rd" || c.DBHost != "db:3307" || c.TablePrefix != "s_" {
		t.Errorf("read %+v", c)
	}
}

// TestDotenv: what PHP's Dotenv may read differently is not guessed, and a .env
// that is broken shows nothing of itself.
func TestDotenv(t *testing.T) {
	for env, want := range map[string]string{
		"DB_NAME=a#b": "DB_NAME is set from the .env file of this site, in a line where", `DB_NAME="a\b"`: "DB_NAME is set from the .env file of this site, in a line where",
		"DB_NAME=${X}": "DB_NAME is set from the .env file of this site, in a line where", "X=1": "DB_NAME is set from a variable that neither the environment nor",
		"DB_NAME=x\nDB-PASSWORD=hunter2!": "DB_NAME is set from the .env file of this site, which this program cannot read or understand",
		"DB_NAME='a#b\\c${d}'":            "", "DB_NAME=x # y": "",
	} {
		t.Run(env, func(t *testing.T) {
			src := "<?php define('DB_NAME', env('DB_NAME'));" + complete[5:]
			config, problems := Read(mainPath, environment(map[string]string{mainPath: src, "/srv/.env": env}, nil))
			if want == "" {
				checkProblems(t, problems, nil)
				if name := config.DBName; name != "x" && name != `a#b\c${d}` {
					t.Errorf("DB_NAME is %q", name)
				}
				return
			}
			checkProblems(t, problems, []string{want})
			for _, p := range problems {
				if strings.Contains(p.Text, "hunter2!") {
					t.Errorf("%q shows a password", p)
				}
			}
		})
	}
}

// TestLoadedDotenv: after a loader, getenv() knows what the .env does not set.
func TestLoadedDotenv(t *testing.T) {
	src := "<?php Dotenv::load(__DIR__); define('DB_NAME', getenv('NAME')); $p = getenv('PREFIX') ? getenv('PREFIX') : 'd_';" + complete[5:] + "$table_prefix = $p;"
	config, problems := Read(mainPath, environment(map[string]string{mainPath: src, "/srv/www/.env": "NAME=shop"}, nil))
	checkProblems(t, problems, nil)
	if config.DBName != "shop" || config.TablePrefix != "d_" {
		t.Errorf("read %+v", config)
	}
}

// TestDebian is one Problem without a host, and none with one.
func TestDebian(t *testing.T) {
	files := map[string]string{mainPath: testdata(t, "debian.php")}
	want := []string{"wp-config.php:10: DB_NAME, DB_USER, DB_PASSWORD, DB_HOST and $table_prefix are set depending on $_SERVER['HTTP_HOST'], the host name that a web request asks for; set host (--host)"}
	_, problems := Read(mainPath, environment(files, nil))
	checkProblems(t, problems, want)
	files["/etc/wordpress/config-default.php"] = testdata(t, "debian-config.php")
	_, problems = Read(mainPath, environment(files, nil))
	checkProblems(t, problems, want)

	files["/etc/wordpress/config-example.com.php"] = "<?php define('DB_NAME', 'own'); define('DB_PASSWORD', 'x');"
	for host, name := range map[string]string{"Example.com:8443": "own", "blog.example.com": "own", "other.test": "wordpress"} {
		env := environment(files, nil)
		env.Host = host
		config, problems := Read(mainPath, env)
		checkProblems(t, problems, nil)
		if config.DBName != name || config.TablePrefix != "wp_" {
			t.Errorf("%s: read %+v", host, config)
		}
	}
}

func TestProblemsHideSecrets(t *testing.T) {
	for name, src := range map[string]string{
		"missing file":   "<?php define('DB_PASSWORD', 'hunter2!'); require \"/x/hunter2!.php\";",
		"unknown path":   "<?php $db_password = 'hunter2!'; include '/x/' . $db_password . foo();",
		"variable":       "<?php define('DB_PASSWORD', 'hunter2!'); define('DB_NAME', $GLOBALS[DB_PASSWORD]);",
		"environment":    "<?php define('DB_PASSWORD', 'hunter2!'); define('DB_NAME', getenv(DB_PASSWORD));",
		"included file":  "<?php define('DB_PASSWORD', 'hunter2!'); include '/x/' . DB_PASSWORD;",
		"under a doubt":  "<?php if (foo()) define('AUTH_KEY', 'hunter2!'); require 'hunter2!';",
		"syntax":         "<?php define('DB_PASSWORD', 'hunter2!); $x = 1;",
		"wrong function": "<?php define('DB_PASSWORD', decrypt('hunter2!'));",
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{mainPath: src, "/x/hunter2!": "<?php )"}
			_, problems := Read(mainPath, environment(files, nil))
			for _, p := range problems {
				if strings.Contains(p.String(), "hunter2!") {
					t.Errorf("Problem %q shows the password", p)
				}
			}
			if len(problems) == 0 {
				t.Error("no Problem")
			}
		})
	}
}
