package wpconfig

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mainPath = "/srv/www/wp-config.php"

// environment is an Env of maps.
func environment(files, variables map[string]string) Env {
	return Env{
		Getenv: func(name string) (string, bool) {
			value, ok := variables[name]
			return value, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			src, ok := files[path]
			switch {
			case !ok:
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			case src == "unreadable":
				return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
			}
			return []byte(src), nil
		},
		Exists: func(path string) error {
			if _, ok := files[path]; !ok {
				return fs.ErrNotExist
			}
			return nil
		},
		Realpath: func(path string) (string, error) { return filepath.Clean(path), nil },
	}
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// readSource reads src as the wp-config.php, beside no other files.
func readSource(src string) (Config, []Problem) {
	return Read(mainPath, environment(map[string]string{mainPath: src}, nil))
}

// complete has every required setting, for tests of what comes besides.
const complete = "<?php define('DB_NAME','n'); define('DB_USER','u'); define('DB_PASSWORD','p'); define('DB_HOST','h'); $table_prefix='t_';"

func checkProblems(t *testing.T, got []Problem, want []string) {
	t.Helper()
	for i, p := range got {
		if i < len(want) && !strings.Contains(p.String(), want[i]) {
			t.Errorf("Problem %d is %q, want %q in it", i, p, want[i])
		}
		if i >= len(want) {
			t.Errorf("unexpected Problem %q", p)
		}
	}
	for i := len(got); i < len(want); i++ {
		t.Errorf("no Problem with %q in it", want[i])
	}
}

// String is "file:line: text", or "file: text" without a line.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}
