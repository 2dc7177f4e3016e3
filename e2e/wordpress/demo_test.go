package wordpress_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestDockerDemo runs docker/demo.php as "wp eval-file" does, twice, and the command that
// it prints.
func TestDockerDemo(t *testing.T) {
	t.Parallel()
	w := stage.StartWordPress(t, binary, stage.WordPressOptions{Door: true})
	for range 2 {
		c := exec.Command("php", "-r", `require $argv[1]; require ABSPATH . 'wp-load.php'; ( function ( $args ) use ( $argv ) { require $argv[2]; } )( array( $argv[3] ) );`,
			filepath.Join(w.Nginx.Dir, "prepend.php"), stage.ProjectFile(t, "docker/demo.php"), w.Route("moserver/token"))
		out, err := c.CombinedOutput()
		_, curl, found := strings.Cut(string(out), "Ask for the next:\n")
		if err != nil || !found {
			t.Fatalf("%v: %s", err, out)
		}
		answer, err := exec.Command("sh", "-c", strings.TrimSpace(curl)+" -sS").Output()
		if err != nil {
			t.Fatal(err)
		}
		var tokens struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(answer, &tokens); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		if a := w.Resource(tokens.AccessToken); a.Member("username") != "admin" {
			t.Errorf("%s", a)
		}
	}
}
