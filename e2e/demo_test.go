package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestDemo does what a reader of the README does: starts the demo, pastes what
// it prints, and presses Ctrl-C. Nothing may be left behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	command(t, nil, "demo", "--listen", "unix:/x.sock").want(t, 1, "demo: --listen must be host:port") // it prints what curl takes
	dir := stage.ShortDir(t)                                                                           // the demo's /tmp
	demo, database := startDemo(t, dir)
	commands := regexp.MustCompile(`(?m)^  (curl .*|mariadb .*)$`).FindAllStringSubmatch(demo.Stdout.String(), -1)
	if len(commands) != 4 {
		t.Fatalf("want 3 curl commands and one of mariadb, got %q", commands)
	}
	for range 2 { // each line works alone, in any order and again
		if out := paste(t, commands[2][1]); !strings.Contains(out, "{\"revoked\":true}\n{\"error\":\"invalid_grant\"") || !strings.HasSuffix(out, "}\n") {
			t.Errorf("refresh after the revocation: %s", stage.Shorten(out))
		}
		if out := paste(t, commands[1][1]); out != "{\"revoked\":true}\n" {
			t.Errorf("revoke: %s", stage.Shorten(out))
		}
	}
	refreshed := paste(t, commands[0][1])
	token := regexp.MustCompile(`"access_token":"([0-9a-f]{52})"`).FindStringSubmatch(refreshed)
	if token == nil {
		t.Fatalf("refresh: %s", stage.Shorten(refreshed))
	}
	if rows := paste(t, commands[3][1]); !strings.Contains(rows, token[1]) {
		t.Errorf("the access token is not among the rows:\n%s", stage.Shorten(rows))
	}
	if !strings.HasSuffix(refreshed, "}\n") || paste(t, commands[0][1]) == refreshed {
		t.Errorf("it should end in a newline, and refresh once more: %s", stage.Shorten(refreshed))
	}

	demo.Signal(syscall.SIGINT)
	if code := demo.Exit(); code != 0 {
		t.Errorf("exit status %d after Ctrl-C", code)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if isRunning(database) {
		t.Errorf("mariadbd, process %d, still runs", database)
	}
}

// TestDemoKilled: even kill -9 ends the database with the demo.
func TestDemoKilled(t *testing.T) {
	t.Parallel()
	demo, database := startDemo(t, stage.ShortDir(t))
	demo.Kill()
	stage.Eventually(t, stage.Patience, "mariadbd ends", func() bool { return !isRunning(database) })
}

// startDemo starts the demo, and returns it with the process id of its
// database.
func startDemo(t *testing.T, dir string) (demo *stage.Process, database int) {
	t.Helper()
	demo = stage.Start(t, []string{"TMPDIR=" + dir}, binary, "demo", "--listen", "127.0.0.1:0")
	demo.AwaitThat("the demo is up", func() bool { return strings.Contains(demo.Stdout.String(), "Ctrl-C ends the demo") })
	files, err := filepath.Glob(filepath.Join(dir, "moserver-*", "server.pid"))
	if err != nil || len(files) != 1 {
		t.Fatalf("want one private MariaDB in %s, got %q, %v:\n%s", dir, files, err, demo.Stdout.String())
	}
	if !strings.Contains(demo.Stdout.String(), "a private MariaDB in "+filepath.Dir(files[0])) {
		t.Errorf("it does not say where its database is:\n%s", demo.Stdout.String())
	}
	database, err = strconv.Atoi(strings.TrimSpace(stage.ReadFile(t, files[0])))
	if err != nil || !isRunning(database) {
		t.Fatalf("process %d of the database: %v", database, err)
	}
	return demo, database
}

// paste runs a line as a shell does.
func paste(t *testing.T, line string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v", stage.Shorten(line), err)
	}
	return string(out)
}

func isRunning(pid int) bool { return syscall.Kill(pid, 0) == nil }
