package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	exampleFile  = "../config.example.yaml"
	settingsPage = "../docs/settings.md"
)

var update = flag.Bool("update", false, "write config.example.yaml and the table of docs/settings.md anew")

// example is the file as the list of settings has it.
func example() string {
	var b strings.Builder
	b.WriteString("# Settings of moserver-sidecar, each with its default.\n" +
		"# Use: moserver-sidecar serve --config moserver.yaml\n")
	for _, s := range new(Settings).list() {
		value := s.value
		if value == "" || strings.ContainsAny(value, ":,") {
			value = fmt.Sprintf("%q", value)
		}
		fmt.Fprintf(&b, "\n%s\n%s: %s\n", Wrap(s.usage, "# ", 80), s.name, value)
	}
	return b.String()
}

func TestExampleFile(t *testing.T) {
	checkFile(t, exampleFile, func(string) string { return example() })
}

// TestEarlierReleases: the example file of each release in CHANGELOG.md is kept, and still
// loads. While the newest release is the top section, its file is today's; a section
// Unreleased above it ends that.
func TestEarlierReleases(t *testing.T) {
	changes, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := regexp.MustCompile(`(?m)^## (Unreleased$|\d+\.\d+\.\d+\b)`).FindAllStringSubmatch(string(changes), -1)
	for i, section := range sections {
		if section[1] == "Unreleased" {
			continue
		}
		path := filepath.Join("testdata", section[1]+".yaml")
		if i == 0 {
			checkFile(t, path, func(string) string { return example() })
		}
		if _, problems := Load(Sources{Flags: map[string]string{"config": path, "db_name": "wordpress"}}); len(problems) > 0 {
			t.Errorf("%s worked with its release: %v", path, problems)
		}
	}
	if len(sections) == 0 {
		t.Error("CHANGELOG.md has no releases")
	}
}

// TestSettingsPage: the table of docs/settings.md has every setting.
func TestSettingsPage(t *testing.T) {
	checkFile(t, settingsPage, func(page string) string {
		const start, end = "<!-- settings -->\n", "<!-- /settings -->"
		before, rest, _ := strings.Cut(page, start)
		_, after, found := strings.Cut(rest, end)
		if !found {
			t.Fatal("the page has no place for the table of settings")
		}
		return before + start + table() + end + after
	})
}

// checkFile holds a file to what it should be, given what it is.
func checkFile(t *testing.T, path string, want func(string) string) {
	text, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	expected := want(string(text))
	if *update {
		if err := os.WriteFile(path, []byte(expected), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(expected, string(text)); diff != "" {
		t.Errorf("%s is not what the settings are (-want +got); run go test ./config -update\n%s", path, diff)
	}
}

// table is the settings as the table of docs/settings.md.
func table() string {
	var b strings.Builder
	b.WriteString("| Setting | Default | Meaning |\n|---|---|---|\n")
	for _, s := range new(Settings).list() {
		value := s.value
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.name, value, strings.ReplaceAll(s.usage, "$table_prefix", "`$table_prefix`"))
	}
	return b.String()
}

// TestExampleLoads: the file sets nothing but defaults, and has no problem of
// its own.
func TestExampleLoads(t *testing.T) {
	got, problems := Load(Sources{Flags: map[string]string{"config": exampleFile, "db_name": "wordpress"}})
	if len(problems) > 0 {
		t.Errorf("problems: %v", problems)
	}
	want := Defaults()
	want.DBName, want.DBNetwork, want.DBAddress = "wordpress", got.DBNetwork, got.DBAddress
	want.SiteFlags = "--config " + exampleFile + " --db-name wordpress"
	if diff := cmp.Diff(want, got, cmp.Comparer(samePrefix)); diff != "" {
		t.Errorf("settings (-default +example):\n%s", diff)
	}
}
