package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// unread is a server whose standard error is a pipe that the test reads when it
// likes.
type unread struct {
	*stage.Sidecar
	cmd     *exec.Cmd
	pipe    *os.File
	metrics string // address
}

func (s *site) serveUnread() *unread {
	s.t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	address, metrics := stage.FreeAddress(s.t), stage.FreeAddress(s.t)
	cmd := exec.Command(s.Binary, "serve", "--wp-config", s.WPConfig, "--listen", address, "--metrics-listen", metrics, "--log-format", "json", "--log-level", "debug")
	cmd.SysProcAttr, cmd.Stderr = sandbox.ChildAttributes(), writer
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	writer.Close()
	s.t.Cleanup(func() {
		reader.Close()
		_ = cmd.Process.Kill() // it has ended already where all is well
		_ = cmd.Wait()
		cmd.Stderr = nil
	})
	u := &unread{&stage.Sidecar{Base: "http://" + address, HTTP: stage.HTTPClient(address)}, cmd, reader, metrics}
	s.t.Cleanup(u.HTTP.CloseIdleConnections)
	u.HTTP.Timeout = 20 * time.Second
	stage.Eventually(s.t, stage.Patience, "the server listens", func() bool {
		_, err := u.Do(stage.NewRequest("GET", u.Base+"/healthz", ""))
		return err == nil
	})
	return u
}

// ask sends good requests, each of which is a line of the log. Only the last ones,
// honest many, are for the database: thousands of those would keep others from it.
func (u *unread) ask(t *testing.T, s *site, n, honest int) {
	t.Helper()
	for i := range n {
		r := stage.NewRequest("GET", u.Base+"/healthz", "")
		if i >= n-honest {
			r = stage.FormRequest(u.Base+stage.TokenPath, append(stage.Credentials(s.app), "token", "none")...)
		}
		r.Header.Set("X-Request-Id", fmt.Sprintf("%08d", i))
		a, err := u.Do(r)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if a.Status != 200 {
			t.Fatalf("request %d: %s", i, a)
		}
	}
}

// TestLogNobodyReads: all requests are answered; a late reader finds whole lines
// in their order, and how many were lost.
func TestLogNobodyReads(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	u := s.serveUnread()
	const requests = 9_000 // the queue has place for 8,192 lines, and the pipe for 300
	u.ask(t, s, requests, 300)
	lost, lines := 0, make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(u.pipe); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	written, last := 0, ""
	for lost == 0 {
		select {
		case line := <-lines:
			if !strings.HasPrefix(line, `{"time":`) || !strings.HasSuffix(line, "}") {
				t.Fatalf("not a whole line: %q", line)
			}
			if m := regexp.MustCompile(`"lines of the log were lost[^"]*","lines":(\d+)`).FindStringSubmatch(line); m != nil {
				_, _ = fmt.Sscan(m[1], &lost) // digits
			} else if strings.Contains(line, `"request_id"`) {
				written++
				id := regexp.MustCompile(`"request_id":"(\d+)"`).FindString(line)
				if id <= last {
					t.Fatalf("%s comes after %s", id, last)
				}
				last = id
			}
		case <-time.After(stage.Patience):
			t.Fatalf("after %d lines nothing says how many were lost", written)
		}
	}
	if n := value(newScraped(t, u.Sidecar, u.metrics).scrape(), "moserver_log_lines_dropped_total"); n != float64(lost) {
		t.Errorf("%v lost lines are counted, want %d", n, lost)
	}
	if err := u.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for line := range lines {
		if strings.Contains(line, `"request_id"`) {
			written++
		}
	}
	if written+lost != requests {
		t.Errorf("%d lines and %d lost, of %d requests", written, lost, requests)
	}
	if err := u.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// TestLogNobodyReadsAtTheEnd: the end does not wait for a reader for ever.
func TestLogNobodyReadsAtTheEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	u := s.serveUnread()
	u.ask(t, s, 600, 300) // twice what the pipe holds
	if err := u.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- u.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(stage.Patience):
		t.Fatal("it does not end")
	}
}

// TestLogReaderGone: a reader that has gone, as of a pipe to head, does not take the
// server with it.
func TestLogReaderGone(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	u := s.serveUnread()
	u.pipe.Close()
	u.ask(t, s, 100, 100)
	if err := u.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var ended *exec.ExitError
	if err := u.cmd.Wait(); errors.As(err, &ended) || errors.Is(err, io.EOF) {
		t.Errorf("it ended with %v", err)
	}
}
