package commands

import (
	"crypto/rand"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

// TestDemoInMemory runs the commands that the demo prints on a machine without
// MariaDB. The demo with it is tested in e2e, from outside.
func TestDemoInMemory(t *testing.T) {
	site := &demoSite{clientID: randomName(), clientSecret: randomName(), refreshToken: randomName(), otherToken: randomName()}
	site.useMemory()
	server := httptest.NewServer(handlers.New(&oauth.Server{Store: site.store, Now: time.Now, Random: rand.Reader}, site.store.Ready,
		handlers.Options{RequestTimeout: time.Minute, MaxBodyBytes: 1 << 16}, slog.New(slog.DiscardHandler)))
	defer server.Close()
	var text strings.Builder
	site.print(&text, server.Listener.Addr().String())

	if !strings.Contains(text.String(), "apt-get install mariadb-server-core") || strings.Contains(text.String(), "SELECT") {
		t.Errorf("it should say what there is instead of a database, and show no rows:\n%s", text.String())
	}
	commands := regexp.MustCompile(`(?m)^  curl .*$`).FindAllString(text.String(), -1)
	answers := []string{`"token_type":"Bearer"`, "{\"revoked\":true}\n", "{\"revoked\":true}\n{\"error\":\"invalid_grant\""}
	if len(commands) != len(answers) {
		t.Fatalf("want %d commands, got %q", len(answers), commands)
	}
	for _, i := range []int{2, 0, 1, 1, 2, 0, 2, 0} { // in any order, and again
		out, err := exec.Command("sh", "-c", commands[i]).CombinedOutput()
		if err != nil || !strings.Contains(string(out), answers[i]) || !strings.HasSuffix(string(out), "}\n") {
			t.Errorf("%s: want %s, got %s, %v", commands[i], answers[i], out, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	var without strings.Builder
	if site.print(&without, "127.0.0.1:1"); strings.Contains(text.String(), "no curl") || !strings.Contains(without.String(), "There is no curl") {
		t.Errorf("it should say when there is no curl:\n%s", without.String())
	}
	if err := site.close(); err != nil {
		t.Error(err)
	}
}
