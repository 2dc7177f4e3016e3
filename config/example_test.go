package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleFile = "../config.example.yaml"

var update = flag.Bool("update", false, "write config.example.yaml anew")

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
		fmt.Fprintf(&b, "\n%s\n%s: %s\n", wrap(s.usage, "# ", 80), s.name, value)
	}
	return b.String()
}

func TestExampleFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(exampleFile, []byte(example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), string(text)); diff != "" {
		t.Errorf("config.example.yaml is not what the settings are (-want +got); run go test ./config -update\n%s", diff)
	}
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
	if diff := cmp.Diff(want, got, cmp.Comparer(samePrefix)); diff != "" {
		t.Errorf("settings (-default +example):\n%s", diff)
	}
}
