package wpconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
)

// secret stands for a password in the fuzzed files and is the value of every
// environment variable. Its signs occur in no Problem by chance.
const secret = "§hush§"

func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("testdata", "*.php"))
	if err != nil || len(paths) == 0 {
		f.Fatal("no testdata", err)
	}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src), "<?php return ['k' => 'v'];")
	}
	f.Add("<?php $p = '"+secret+"'; define('DB_PASSWORD', $p); require \"$p.php\"; include 'x';", "<?php define('DB_NAME', $p());")
	f.Add("<?php if ($_GET['x']) { define('DB_PASSWORD', '"+secret+"'); } else eval(DB_PASSWORD);", "<?php require __FILE__ . $x;")
	for _, src := range killers() {
		f.Add(src, "<?php include 'x' . $i; include 'y';")
	}
	f.Fuzz(func(t *testing.T, src, included string) {
		env := environment(nil, nil)
		env.Getenv = func(name string) (string, bool) { return secret, !strings.HasSuffix(name, "_FILE") }
		env.ReadFile = func(path string) ([]byte, error) {
			if path == mainPath {
				return []byte(src), nil
			}
			if len(path)%2 == 0 {
				return nil, os.ErrNotExist
			}
			return []byte(included), nil
		}
		env.Exists = func(path string) error {
			_, err := env.ReadFile(path)
			return err
		}
		r := newReader(mainPath, env.withDefaults())
		config, problems := r.readAll(nil)
		if r.steps > maxSteps || r.bytes > maxBytes {
			t.Errorf("%d steps and %d bytes are over the budget", r.steps, r.bytes)
		}
		checkFuzzed(t, config, problems)
	})
}

func checkFuzzed(t *testing.T, config Config, problems []Problem) {
	for _, p := range problems {
		if telling(config.DBPassword) && strings.Contains(p.Text, config.DBPassword) || strings.Contains(config.DBPassword, secret) && strings.Contains(p.Text, secret) {
			t.Errorf("Problem %q has the password %q in it", p, config.DBPassword)
		}
		if p.File == "" || !strings.Contains(p.Text, ";") {
			t.Errorf("Problem %q does not say where it is or what to do", p)
		}
	}
	for _, name := range []string{DBName, DBUser, DBPassword, DBHost, TablePrefix} {
		if _, found := config.Found[name]; !found && len(problems) == 0 {
			t.Errorf("%s is not found, without a Problem", name)
		}
	}
}

// killers are files that once kept the reader busy for minutes or for ever.
func killers() map[string]string {
	nested, coalesced := "$a", "$b"
	for range 40 {
		nested, coalesced = "$a["+nested+" .= 'x']", "$b["+coalesced+" ??= 'x']"
	}
	long := "$s = 'xxxxxxxxxxxxxxxx';" + strings.Repeat("$s .= $s;", 12)
	return map[string]string{
		"appending":  "<?php " + nested + " .= 'x';",
		"coalescing": "<?php " + coalesced + " ??= 'x';",
		"trimming":   "<?php " + long + strings.Repeat("trim($s, 'y' . $s);", 20000),
		"comparing":  "<?php " + long + strings.Repeat("$s == $s;", 50000),
		"patterns":   "<?php " + long + strings.Repeat("preg_replace('/(x*)*(x|y{90}){9}z/', '', $s);", 20000),
		"including":  "<?php " + strings.Repeat("include 'x.php';", 40000),
		"looking":    "<?php " + strings.Repeat("file_exists('x.php');", 40000),
		"conditions": "<?php " + strings.Repeat("if (foo()) { $a = 1; ", 150) + strings.Repeat("$a = 1;", 50000) + strings.Repeat("}", 150),
	}
}

// TestKillers: such a file ends within the budget, and the person hears of it.
func TestKillers(t *testing.T) {
	for name, src := range killers() {
		t.Run(name, func(t *testing.T) {
			before := processorTime(t)
			included := "<?php $x = 1;" + strings.Repeat(" ", 20000)
			r := newReader(mainPath, environment(map[string]string{mainPath: src, "/srv/www/x.php": included}, nil).withDefaults())
			_, problems := r.readAll(nil)
			if took := processorTime(t) - before; took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if r.steps > maxSteps || r.bytes > maxBytes {
				t.Errorf("%d steps and %d bytes", r.steps, r.bytes)
			}
			if len(problems) == 0 {
				t.Error("no Problem")
			}
		})
	}
}

// telling says whether a password is one that no Problem could contain by
// chance, as it would a word.
func telling(password string) bool {
	return len(password) > 3 && strings.ContainsFunc(password, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" _$'()<>,.;:/[]=-…`{}*+\"", c)
	})
}
