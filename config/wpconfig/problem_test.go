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
			[]string{"/srv/www/wp-config.php:3: DB_NAME is set from a call of vault(), which this program does not evaluate; write its value there as a string in quotes, or give"}},
		"environment": {strings.Replace(complete, "'p'", "getenv('PW')", 1),
			[]string{"wp-config.php:1: DB_PASSWORD is set from the environment variable PW, which is not set for this program; write"}},
		"variable":  {strings.Replace(complete, "'p'", "$pw . 'x'", 1), []string{"DB_PASSWORD is set from $pw, which is not set before this line"}},
		"array":     {strings.Replace(complete, "'p'", "['x']", 1), []string{"DB_PASSWORD is set from an expression that"}},
		"constant":  {strings.Replace(complete, "'p'", "PW", 1), []string{"DB_PASSWORD is set from the constant PW, which is not defined"}},
		"request":   {strings.Replace(complete, "'p'", "md5($_SERVER['HTTP_HOST'])", 1), []string{"DB_PASSWORD is set from $_SERVER['HTTP_HOST'], which only a web request has"}},
		"missing":   {"<?php define('DB_NAME', 'n'); define('DB_HOST', ''); $table_prefix = '';", []string{": DB_USER is not set in this file", ": DB_PASSWORD is not set"}},
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
		"unknown name":   {"<?php\ndefine($k, 'x');", []string{":2: defines a constant whose name", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "$table_prefix"}},
		"reading ends":   {"<?php\nexit;" + complete[5:], []string{":2: reading ends at this exit", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "$table_prefix"}},
		"unknown eval":   {"<?php\neval(base64_decode('eA=='));", []string{":2: passes code to eval() that this program cannot evaluate (it comes from a call of base64_decode()", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "$table_prefix"}},
		"loader":         {"<?php loadEnv(__DIR__ . '/.env');\ndefine('DB_NAME', $_ENV['N'] ?? 'x');" + complete[5:], []string{":2: DB_NAME is set from the environment variable N, which is not set for this program"}},
		"loader object":  {"<?php (new DotEnv('.env'))->load();\ndefine('DB_NAME', getenv('N') ?: 'x');" + complete[5:], []string{":2: DB_NAME is set from the environment variable N"}},
		"loader library": {"<?php Dotenv\\Dotenv::createImmutable(__DIR__)->load();\ndefine('DB_NAME', getenv('N') ?: 'x');" + complete[5:], []string{":2: DB_NAME is set from the environment variable N"}},
		"loader loop":    {"<?php foreach (file('.env') as $l) { list($k, $v) = explode('=', $l); $_ENV[$k] = $v; }\ndefine('DB_NAME', $_ENV['N'] ?? 'x');" + complete[5:], []string{":2: DB_NAME is set from $_ENV, which is set under a condition"}},
		"putenv loop":    {"<?php foreach (file('.env') as $l) putenv($l);\ndefine('DB_NAME', getenv('N') ?: 'x');" + complete[5:], []string{":2: DB_NAME is set from the environment, which putenv() changed"}},
		"harmless":       {complete + "eval(base64_decode('eA==')); define($k, 1); include $_GET['x']; exit;", nil},
		"bedrock define": {"<?php use Roots\\WPConfig\\Config;\nConfig::define('DB_NAME', env('N'));" + complete[5:], []string{":2: DB_NAME is set from a call of env()"}},
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
	tests := map[string]struct {
		src  string
		want []string
	}{
		"then":                 {"<?php if (" + unknown + ") {\ndefine('DB_NAME', 'a');\n}" + complete[5:], uncertain("2", "DB_NAME")},
		"else":                 {"<?php if (" + unknown + ") {\n} else\ndefine('DB_HOST', 'a');" + complete[5:], uncertain("3", "DB_HOST")},
		"certain before":       {complete + "if (" + unknown + ") { define('DB_NAME', 'a'); }", nil},
		"false and unknown":    {"<?php if (false && foo()) define('DB_NAME', 'a');" + complete[5:], nil},
		"unknown and false":    {"<?php if (foo() && false) define('DB_NAME', 'a');" + complete[5:], nil},
		"unknown or true":      {complete + "if (!(foo() || true)) $table_prefix = 'x';", nil},
		"variable":             {complete + "\nif (" + unknown + ") $table_prefix = 'x';", uncertain("2", "$table_prefix")},
		"variable set anew":    {complete + "\nif (" + unknown + ") $table_prefix = 'x'; $table_prefix = 'y_';", nil},
		"multisite":            {complete + "\nif (foo()) { define('MULTISITE', true); }", uncertain("2", "MULTISITE")},
		"multisite decided":    {complete + "\ndefine('MULTISITE', false); if (foo()) { define('SUNRISE', true); }", nil},
		"short circuit":        {"<?php\nfoo() && define('DB_USER', 'a');" + complete[5:], uncertain("2", "DB_USER")},
		"ternary":              {"<?php\nfoo() ? define('DB_USER', 'a') : 1;" + complete[5:], uncertain("2", "DB_USER")},
		"maybe defined":        {"<?php if (foo()) define('X', 1);\nif (!defined('X')) define('DB_USER', 'a');" + complete[5:], uncertain("2", "DB_USER")},
		"variable in branch":   {"<?php $n = 'a'; if (foo()) { $n = 'b'; }\ndefine('DB_NAME', $n);" + complete[5:], []string{":2: DB_NAME is set from $n, which is set under a condition"}},
		"switch":               {"<?php\nswitch (1) { case 1: define('DB_USER', 'a'); break; }" + complete[5:], uncertain("2", "DB_USER")},
		"foreach":              {complete + "\nforeach ($a as $table_prefix) {}", uncertain("2", "$table_prefix")},
		"while":                {"<?php\nwhile (0): define('DB_USER', 'a'); endwhile;" + complete[5:], uncertain("2", "DB_USER")},
		"try":                  {"<?php\ntry { define('DB_USER', 'a'); } catch (E) {}" + complete[5:], uncertain("2", "DB_USER")},
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

func TestBedrockProblems(t *testing.T) {
	_, problems := readSource(testdata(t, "bedrock.php"))
	checkProblems(t, problems, []string{
		"wp-config.php:35: DB_NAME is set from a call of env(), which this program does not evaluate",
		":36: DB_USER is set from", ":37: DB_PASSWORD is set from", ":38: DB_HOST is set from", ":40: $table_prefix is set from",
	})
}

func TestDebianProblems(t *testing.T) {
	want := []string{
		"wp-config.php:10: includes a file whose path depends on $_SERVER['HTTP_HOST'], which only a web request has; give this program the included file (/etc/wordpress/config-<host>.php) as the wp-config.php instead",
		"wp-config.php:29: DB_NAME is set under a condition that this program cannot evaluate (line 28: whether DB_NAME is set by line 10, which this program cannot follow)",
		":31: DB_USER is set under", ":33: DB_HOST is set under", ":35: $table_prefix is set under",
		"wp-config.php: DB_PASSWORD is not set in this file",
	}
	_, problems := readSource(testdata(t, "debian.php"))
	checkProblems(t, problems, want)

	files := map[string]string{mainPath: testdata(t, "debian.php"), "/etc/wordpress/config-default.php": testdata(t, "debian-config.php")}
	_, problems = Read(mainPath, environment(files, nil))
	checkProblems(t, problems, []string{":10: includes a file whose path depends on",
		"config-default.php:2: DB_NAME is set under a condition", "DB_USER is set under", "DB_PASSWORD is set under", "DB_HOST is set under", "$table_prefix"})
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
