package wpconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		config, problems := Read(mainPath, env)
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

// telling says whether a password is one that no Problem could contain by
// chance, as it would a word.
func telling(password string) bool {
	return len(password) > 3 && strings.ContainsFunc(password, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" _$'()<>,.;:/[]=-…`{}*+\"", c)
	})
}
