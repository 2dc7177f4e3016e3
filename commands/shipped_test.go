package commands

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestShipped: each file that a remedy names is in the repository, and is named by the
// path where the packages put it, if it is there.
func TestShipped(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bshipped\("([^"]+)"\)`).FindAllStringSubmatch(string(text), -1) {
			named[m[1]] = true
		}
	}
	for path, installed := range map[string]string{
		"docker/moserver-token.conf":     "/usr/share/moserver-sidecar/nginx/moserver-token.conf",
		"docker/moserver-namespace.conf": "/usr/share/moserver-sidecar/nginx/moserver-namespace.conf",
		"docker/moserver-door.conf":      "/usr/share/moserver-sidecar/nginx/moserver-door.conf",
		"packaging/":                     "/usr/share/moserver-sidecar/",
		"docs/door.md":                   "/usr/share/doc/moserver-sidecar/docs/door.md",
		"docs/proxies.md":                "/usr/share/doc/moserver-sidecar/docs/proxies.md",
	} {
		if _, err := os.Stat("../" + path); err != nil || !named[path] {
			t.Errorf("%s: named by a remedy %v, in the repository %v", path, named[path], err)
		}
		delete(named, path)
		root := t.TempDir()
		if got := shippedBelow(root, path); got != path {
			t.Errorf("%s: without the package %s", path, got)
		}
		if err := os.MkdirAll(root+installed, 0o755); err != nil {
			t.Fatal(err)
		}
		if got := shippedBelow(root, path); got != installed {
			t.Errorf("%s: want %s, got %s", path, installed, got)
		}
	}
	if len(named) > 0 {
		t.Errorf("where the packages put these is not tested: %v", named)
	}
}
