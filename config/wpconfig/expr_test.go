package wpconfig

import (
	"strings"
	"testing"
)

// TestExpressions reads DB_NAME as the value of an expression.
func TestExpressions(t *testing.T) {
	tests := map[string]string{
		`'a' . "b" . 3`:                         "ab3",
		`"\n\t\\\$\"é\q"`:                       "\n\t\\$\"é\\q",
		`'a\n\'\\'`:                             `a\n'\`,
		`"$a-{$a}-{$arr[0]}-$"`:                 "A-A-zero-$",
		`"{$arr['k']} {$arr["n"]["m"]} \{$a"`:   "V deep \\{A",
		`$a ?: 'no'`:                            "A",
		`$none ?? 'd'`:                          "d",
		`$arr['none'] ?? $arr['k']`:             "V",
		`isset($a, $arr['k']) ? 1 : 2`:          "1",
		`isset($a, $none) ? 1 : 2`:              "2",
		`empty('0') ? 'e' : 'f'`:                "e",
		`false ? 1 : (true ? 2 : 3)`:            "2",
		`!$a ? 'no' : 'yes'`:                    "yes",
		`(true && false) || !null ? 'y' : 'n'`:  "y",
		`(1 == '1') . (0 == 'a') . ('1' === 1)`: "1",
		`('10' == '10') . (null == false) . ('a' !== 'b') . ('a' <> 'a')`: "111",
		`0x1F . 010 . 0b11 . 1_000`:                                       "31831000",
		`__DIR__ . DIRECTORY_SEPARATOR . 'x'`:                             "/srv/www/x",
		`__FILE__ . __LINE__`:                                             "/srv/www/wp-config.php2",
		`dirname(__FILE__, 2) . ABSPATH`:                                  "/srv/srv/www/",
		`getenv('SET') . $_ENV['SET'] . $_SERVER['SET']`:                  "sss",
		`getenv('UNSET') ?: 'd'`:                                          "d",
		`$_SERVER['UNSET'] ?? 'd'`:                                        "d",
		`isset($_ENV['SET']) ? $_ENV['SET'] : 'x'`:                        "s",
		`getenv('UNSET') === false ? 'f' : 't'`:                           "f",
		`getenv_docker('UNSET', 'd') . getenv_docker('SET', 'd') . getenv_docker('SECRET', 'd')`: "dsfile",
		`trim(file_get_contents('/run/secret'))`:                                                 "file",
		`rtrim('/a//', '/') . ltrim(' b') . trim("\tc\r\n")`:                                     "/abc",
		`StrToLower('AbC')`: "abc",
		`file_exists('/run/secret') && !is_readable('/none') ? 'y' : 'n'`:        "y",
		`defined('K') and !defined('NOPE')`:                                      "1",
		`\K . \strtolower('X')`:                                                  "kx",
		`($v = 'set') . $v`:                                                      "setset",
		`array(1, 'x' => [2, 'y'],)['x'][1]`:                                     "y",
		`(include '/inc.php')['db']`:                                             "included",
		`preg_replace('/:.*/', '', 'h.x:80') . str_replace('www.', '', 'www.x')`: "h.xx",
		`strpos('shop.x', 'shop') !== false ? 'y' : 'n'`:                         "y",
		`@$a`:                         "A",
		`$_SERVER['HTTP_HOST'] = 'h'`: "h",
	}
	const before = "<?php $a = 'A'; const K = 'k'; $arr = ['zero', 'k' => 'V', 'n' => ['m' => 'deep']];\n"
	for expr, want := range tests {
		t.Run(expr, func(t *testing.T) {
			src := before + "define('DB_NAME', " + expr + ");" + complete[5:]
			files := map[string]string{mainPath: src, "/run/secret": "file\r\n", "/inc.php": "<?php return ['db' => 'included'];"}
			config, problems := Read(mainPath, environment(files, map[string]string{"SET": "s", "SECRET": "x", "SECRET_FILE": "/run/secret"}))
			if config.DBName != want {
				t.Errorf("DB_NAME is %q, want %q", config.DBName, want)
			}
			checkProblems(t, problems, nil)
		})
	}
}

// TestStatements reads complete configurations with something before them that
// changes DB_NAME.
func TestStatements(t *testing.T) {
	tests := map[string]string{
		"if (true) define('DB_NAME', 'x'); else define('DB_NAME', 'y');":                                    "x",
		"if (0) {} elseif ('a') { define('DB_NAME', 'x'); } else if (1) {}":                                 "x",
		"if (0): elseif (0): else: define('DB_NAME', 'x'); endif;":                                          "x",
		"if (0): else: if (1) {} endif; if (0): if (1) {} endif; define('DB_NAME', 'x');":                   "x",
		"if (1) if (0) {} else define('DB_NAME', 'x');":                                                     "x",
		"define('DB_NAME', 'x'); define('DB_NAME', 'y');":                                                   "x",
		"$x = 'a'; $x .= 'b'; $y = $x; unset($x); define('DB_NAME', $y);":                                   "ab",
		"eval(\"define('DB_NAME', 'x');\");":                                                                "x",
		"eval('?> html <?php define(\"DB_NAME\", \"x\");');":                                                "x",
		"[$p, list($q)] = foo(); $i++; --$i; $$v = 1; ${'w'} = 2; define('DB_NAME', 'x');":                  "x",
		"namespace\\f(); use A\\{B, C}; global $g; declare(strict_types=1); define('DB_NAME', 'x');":        "x",
		"function &f(array $a = []): ?int { return 1; } interface I {} trait T {} define('DB_NAME', 'x');":  "x",
		"#[Attr] abstract class A { } enum E: string { case A = 'a'; } define('DB_NAME', 'x');":             "x",
		"$f = fn(int $x): int => $x + 1; $g = match(1) { 1 => 2 }; define('DB_NAME', 'x');":                 "x",
		"$o->p['x']->q(1)::$r = A::B; $o?->p(); new A; new ('B'); (clone $o)(...); define('DB_NAME', 'x');": "x",
		"$this is not PHP at all {;} define('DB_NAME', 'x');":                                               "x",
		"// a ?> b <?php define('DB_NAME', 'x') ?> c <?php":                                                 "x",
		"for (;;): break; endfor; while (0) continue; do ; while (0); define('DB_NAME', 'x');":              "x",
		"$GLOBALS['n'] = 'x'; define('DB_NAME', $n);":                                                       "x",
		"static $s = 1; print 'x'; echo 1, 2; define('DB_NAME', 'x');":                                      "x",
	}
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			for _, full := range []string{"<?php " + src + complete[5:], "\ufeff<?php\r\n" + strings.ReplaceAll(src+complete[5:], "; ", ";\r\n")} {
				config, problems := readSource(full)
				if config.DBName != want {
					t.Errorf("DB_NAME is %q, want %q", config.DBName, want)
				}
				checkProblems(t, problems, nil)
			}
		})
	}
}

// TestNotEvaluated: what no real file does is named, with the setting to give.
func TestNotEvaluated(t *testing.T) {
	for expr, what := range map[string]string{
		"<<<X\n$a\nX": "a heredoc", "<<<'X'\nx\n  X": "a heredoc", `"\x41"`: "a numeric escape", `"${a}"`: "a variable as ${…}",
		"`ls`": "a command", "getenv('N')": "the environment, which putenv() has changed", "$arr['n']": "$arr, of which elements are set one by one",
		"$b": "a calculation", "$p": "the elements of a list", "1 + 2": "an expression", "trim('x', 'a..z')": "a call of trim()",
		"match(1) { 1 => 2 }": "a", "$$a": "an expression", "(fn() => 1)()": "an expression", "$s": "a switch statement", "realpath('/x')": "a call of realpath()", "strtoupper('x')": "a call of strtoupper()",
		"function_exists('f') ? 1 : 2": "a call of function_exists()", `"$a[k]"`: "an element of $a in a string without braces", "PHP_EOL": "the constant PHP_EOL", "strtolower('É')": "a call of strtolower()",
		"'1e1' == '10'": "an expression", "trim(1, 'x', 2) . dirname('/a/b', 3)": "a call of dirname()", "preg_match('/^h/', 'hx')": "a call of preg_match()", "define('DB_USER', 'x')": "the result of define()", "chop('x')": "a call of chop()", "$u ?? 'x'": "$u, which is unset", "$f('x')": "a call of a function that a variable names",
	} {
		t.Run(expr, func(t *testing.T) {
			_, problems := readSource("<?php $a = 'a'; putenv('N=1'); $arr['n'] = 1; $b ??= 1; $u = 1; unset($u); list($p) = $a; switch (1) { case 1: $s = 1; }\ndefine('DB_NAME', " + expr + ");" + complete[5:])
			checkProblems(t, problems, []string{"DB_NAME is set from " + what})
			if len(problems) == 1 && !strings.Contains(problems[0].Text, "; set db_name instead") {
				t.Errorf("%q does not say what to set", problems[0])
			}
		})
	}
}
