package commands

import (
	"bytes"
	"strings"
	"testing"

	"moserver-sidecar/config"
)

// complete is what a shell is told that may stand in place of the last argument.
func complete(t *testing.T, args ...string) []string {
	t.Helper()
	var out bytes.Buffer
	root := Tree(nil)
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(append([]string{"__completeNoDesc"}, args...))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(out.String(), "\n")
}

// TestCompletion: shells complete every setting of every command that takes them,
// and the values of those that have few.
func TestCompletion(t *testing.T) {
	for _, c := range append(commands(nil), tokensCommand().Commands()...) {
		args := []string{c.Name()}
		if c.HasParent() {
			args = []string{"tokens", c.Name()}
		} else if !takesSettings(c) {
			continue
		}
		names := strings.Join(complete(t, append(args, "--")...), "\n") + "\n"
		for _, f := range config.Flags() {
			if !strings.Contains(names, "--"+f.Name+"\n") {
				t.Errorf("%s: nothing completes --%s", args, f.Name)
			}
			if f.Switch {
				continue
			}
			values := complete(t, append(args, "--"+f.Name, "")...)
			for i, want := range f.Values {
				if values[i] != want {
					t.Errorf("%s --%s: %q", args, f.Name, values)
				}
			}
		}
	}
	if php := complete(t, "check", "--wp-config", ""); php[0] != "php" || php[1] != ":8" {
		t.Errorf("--wp-config is completed with %q, and not with files of PHP", php)
	}
}
