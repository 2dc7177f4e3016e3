package handlers

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTroubleshootingPage holds docs/troubleshooting.md to the code: it has every
// reason that a log can have and every code that a client can get, and no other.
func TestTroubleshootingPage(t *testing.T) {
	page, err := os.ReadFile("../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	in := regexp.MustCompile(`(?:Reason|Code) *= "([a-z_]+)"|code: "([a-z_]+)"|return "([a-z]+_[a-z_]+)"`)
	var known []string
	for _, folder := range []string{".", "../oauth"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, m := range in.FindAllStringSubmatch(string(text), -1) {
				known = append(known, m[1]+m[2]+m[3])
			}
		}
	}
	if len(known) < 50 {
		t.Fatalf("only %d reasons and codes were found", len(known))
	}
	for _, id := range known {
		if !strings.Contains(string(page), "`"+id+"`") && !strings.Contains(string(page), "reason="+id+"`") {
			t.Errorf("the page does not have %s", id)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\|.*\\|$|`reason=([a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if id := m[1] + m[2]; !slices.Contains(known, id) && !slices.Contains([]string{"outcome", "reason", "remote", "error", "duration_ms", "request_id", "client_id", "client_id_sent"}, id) {
			t.Errorf("the page has %s, which no request gets", id)
		}
	}
}

// TestExcerpts: nothing that may be a secret is in the log whole, and nothing
// that breaks a line.
func TestExcerpts(t *testing.T) {
	for sent, want := range map[string]string{
		"": "", "s": "…", "secret": "sec…", "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU": "VfixCmmq…", "a\nb\x00cdef": "a?b?…", "ééé": "??…",
	} {
		if got := excerpt(sent); got != want {
			t.Errorf("%q: %q, want %q", sent, got, want)
		}
	}
	for sent, want := range map[string]string{
		"client_credentials": "client_credentials", "urn:ietf:params:oauth:grant-type:device_code": "urn:ietf:params:oauth:grant-type:device_code",
		"0a1b2c3d4e5f6071": "0a1b2c3d…", strings.Repeat("a", 81): "aaaaaaaa…",
	} {
		if got := grantName(sent); got != want {
			t.Errorf("%q: %q, want %q", sent, got, want)
		}
	}
	for sent, want := range map[string]string{
		"7d3e2f1a7d3e2f1a7d3e2f1a7d3e2f1a": "7d3e2f1a7d3e2f1a7d3e2f1a7d3e2f1a", "2f1a7d3e\n2f1a": "", "short": "", strings.Repeat("a", 65): "", "token-of-somebody": "",
	} {
		if got := requestID(sent); got != want {
			t.Errorf("%q: %q, want %q", sent, got, want)
		}
	}
}
