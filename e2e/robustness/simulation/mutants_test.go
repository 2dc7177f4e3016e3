package simulation_test

import (
	"os/exec"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestMutants: stories find the mistakes of a protocol that has one.
func TestMutants(t *testing.T) {
	for name, m := range map[string]struct{ file, old, new string }{
		"a code sent twice at once ends its tokens": {"oauth/family.go", "replay.Age >= reloadTime && ", ""},
		"a replaced refresh token is good for ever": {"oauth/rotation.go", " && rotation.Age <= x.Policy.RotationGrace", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.Command("go", "test", ".", stage.Replace(t, m.file, m.old, m.new), "-run", "^TestSimulation$", "-count=1", "-minutes=0.5").CombinedOutput()
			if err == nil || !strings.Contains(string(out), again) {
				t.Errorf("it was not found: %v\n%s", err, out)
			}
		})
	}
}
