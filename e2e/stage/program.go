package stage

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// Where Debian's packages have what is no program.
const (
	Newtonsoft     = "/usr/lib/cli/Newtonsoft.Json-5.0" // the folder of Newtonsoft.Json.dll
	pythonPackages = "/usr/lib/python3/dist-packages"
)

// program is what tests need of Debian: its package, which is in the Makefile's PACKAGES
// too, and where it is if it has no name of its own on the PATH, or is no program. Of
// Debian's PHP there may be several versions.
type program struct{ debian, place string }

func programs() map[string]program {
	return map[string]program{
		"apache2":                 {"apache2-bin", ""},
		"ca-certificates":         {"ca-certificates", "/etc/ssl/certs/ca-certificates.crt"}, // for the image
		"caddy":                   {"caddy", ""},
		"chromium":                {"chromium", ""},
		"curl":                    {"curl", ""},
		"gcc":                     {"gcc", ""}, // for the race detector
		"javac":                   {"default-jdk-headless", ""},
		"jq":                      {"jq", ""},
		"make":                    {"make", ""},
		"mariadb":                 {"mariadb-client-core", ""},
		"mariadb-install-db":      {"mariadb-server-core", ""},
		"mariadbd":                {"mariadb-server-core", ""},
		"mcs":                     {"mono-mcs", ""},
		"mono":                    {"mono-runtime", ""},
		"newtonsoft-json":         {"libnewtonsoft-json5.0-cil", Newtonsoft + "/Newtonsoft.Json.dll"},
		"nginx":                   {"nginx-light", ""},
		"node":                    {"nodejs", ""},
		"npm":                     {"npm", ""},
		"php":                     {"php-cli", ""},
		"php-curl":                {"php-curl", "/usr/lib/php/*/curl.so"},
		"php-fpm":                 {"php-fpm", "/usr/sbin/php-fpm[0-9]*"},
		"php-mysql":               {"php-mysql", "/usr/lib/php/*/mysqli.so"},
		"prometheus":              {"prometheus", ""},
		"promtool":                {"prometheus", ""},
		"python3-authlib":         {"python3-authlib", pythonPackages + "/authlib/__init__.py"},
		"python3-requests":        {"python3-requests", pythonPackages + "/requests/__init__.py"},
		"requests-oauthlib":       {"python3-requests-oauthlib", pythonPackages + "/requests_oauthlib/__init__.py"},
		"ruby":                    {"ruby", ""},
		"ruby-oauth2":             {"ruby-oauth2", "/usr/lib/ruby/vendor_ruby/oauth2.rb"},
		"script":                  {"bsdutils", ""}, // for a terminal
		"social-core":             {"python3-social-auth-core", pythonPackages + "/social_core/__init__.py"},
		"systemd-analyze":         {"systemd", ""},
		"systemd-socket-activate": {"systemd", ""},
		"wordpress":               {"wordpress", wordPressFiles + "/wp-load.php"},
		"zoneinfo":                {"tzdata", "/usr/share/zoneinfo/Europe/Berlin"},
	}
}

// Find returns the path of a program. It also looks where daemons are, which is
// often not on the PATH of a plain user.
func Find(name string) (string, error) {
	if pattern := programs()[name].place; pattern != "" {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			return "", fmt.Errorf("there is no %s", pattern)
		}
		return slices.Max(found), nil
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + name)
}

// Require returns an error of one line that names the Debian packages of the
// programs that are not on this machine, nil if all are.
func Require(names ...string) error {
	var missing []string
	for _, needed := range names {
		name := programs()[needed].debian
		if _, err := Find(needed); err != nil && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("these tests need other programs; on Debian: apt-get install %s", strings.Join(missing, " "))
}

// mustFind is Find, where a program that is missing ends the test.
func mustFind(t T, program string) string {
	t.Helper()
	sandboxtest.NoError(t, Require(program))
	path, err := Find(program)
	sandboxtest.NoError(t, err)
	return path
}

// Build builds moserver-sidecar into a folder, with flags for go build such as
// "-race", and returns its path.
func Build(dir string, flags ...string) (string, error) {
	binary := filepath.Join(dir, "moserver-sidecar")
	args := append([]string{"build", "-o", binary}, flags...)
	if out, err := exec.Command("go", append(args, "moserver-sidecar")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// Replace returns the flag with which go builds with old replaced by new in a file of the
// project, where old must be once.
func Replace(t T, file, old, new string) (flag string) {
	t.Helper()
	dir, path := t.TempDir(), ProjectFile(t, file)
	text := ReadFile(t, path)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%s has %q %d times, want once", file, old, strings.Count(text, old))
	}
	other := WriteFile(t, filepath.Join(dir, "other.go"), strings.Replace(text, old, new, 1))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: other}})
	sandboxtest.NoError(t, err)
	return "-overlay=" + WriteFile(t, filepath.Join(dir, "overlay.json"), string(overlay))
}

// ProjectFile returns the path of a file of the project, given by its path from
// the project's folder, wherever in the project the test is.
func ProjectFile(t T, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	sandboxtest.NoError(t, err)
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, path)
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("there is no go.mod in the folders above, where %s should be", path)
		}
	}
}

// ReadFile is the text of a file.
func ReadFile(t T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	sandboxtest.NoError(t, err)
	return string(text)
}

// WriteFile writes a file, and returns its path.
func WriteFile(t T, path, text string) string {
	t.Helper()
	sandboxtest.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
