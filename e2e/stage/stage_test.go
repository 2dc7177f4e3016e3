package stage_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestRun: outside of a test Fatal ends f, what is left for Cleanup is done all
// the same, the last first, and all that went wrong is returned.
func TestRun(t *testing.T) {
	var done []string
	var dir string
	err := sandboxtest.Run(func(s stage.T) {
		s.Cleanup(func() { done = append(done, "first") })
		s.Cleanup(func() {
			done = append(done, "second")
			s.Fatal("in a cleanup")
		})
		dir = s.TempDir()
		s.Errorf("one %d", 1)
		stage.ReadFile(s, filepath.Join(dir, "nowhere"))
		done = append(done, "not reached")
	})
	if got := strings.Join(done, " "); got != "second first" {
		t.Errorf("done: %s", got)
	}
	for _, text := range []string{"one 1", "nowhere", "in a cleanup"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q: %v", text, err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if err := sandboxtest.Run(func(stage.T) {}); err != nil {
		t.Error(err)
	}
}

// TestRequire: what is missing is told in one line, by Debian's names.
func TestRequire(t *testing.T) {
	if err := stage.Require("mariadbd", "nginx", "php-fpm"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	err := stage.Require("php", "curl", "php")
	if err == nil || err.Error() != "these tests need other programs; on Debian: apt-get install php-cli curl" {
		t.Errorf("got %v", err)
	}
}

// TestAnswerString: a failure shows enough of an answer, and no token whole.
func TestAnswerString(t *testing.T) {
	a := stage.Answer{Status: 200, Text: `{"access_token":"0123456789abcdef0123456789abcdef","id_token":"eyJ0eXAi.eyJzdWIiOiIyIiwiYXVkIjoi.c2lnbmF0dXJl","error":"unsupported_grant_type"}`}
	want := `200 {"access_token":"01234567…","id_token":"eyJ0eXAi…","error":"unsupported_grant_type"}`
	if got := a.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestKillWithChildren: a process that is killed takes its own with it, as
// nginx and php-fpm have some.
func TestKillWithChildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "alive")
	p := stage.Start(t, nil, "sh", "-c", "(while :; do echo x >>"+file+"; sleep 0.01; done) & echo started >&2; wait")
	p.Await("started")
	size := func() int64 {
		info, err := os.Stat(file)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	stage.Eventually(t, stage.Patience, "the child writes", func() bool { return size() > 0 })
	p.Kill()
	last, unchanged := size(), 0
	stage.Eventually(t, stage.Patience, "the child writes no more", func() bool {
		if now := size(); now == last {
			unchanged++
		} else {
			last, unchanged = now, 0
		}
		return unchanged == 15 // a third of a second; the child writes each hundredth
	})
}
