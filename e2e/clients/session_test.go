package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// said is what a library's program says after a step: the tokens that it holds
// then, and in a few words what a program can know of an error.
type said struct {
	OK           bool   `json:"ok"`
	Version      string `json:"version"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	User         string `json:"user"`
	Subject      string `json:"subject"` // of an ID token
	Error        string `json:"error"`
	ClientID     string `json:"client_id"` // of a client that registers itself
	Login        string `json:"login"`     // where the user is sent
}

// session is a running program of a library. It reads a step a line ("code
// 1f2e…", "refresh", "resource", "revoke"), and writes a line of JSON for each.
type session struct {
	t       testing.TB
	name    string
	version string
	steps   io.Writer
	lines   chan string // closed when the program has ended
	stderr  *stage.Buffer
}

// environment is what the clients of a site are told.
func environment(t testing.TB, base string, app stage.Client, more ...string) []string {
	t.Helper()
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8",
		"SITE=" + base, "CLIENT_ID=" + app.ID, "CLIENT_SECRET=" + app.Secret, "REDIRECT_URI=" + app.Redirect,
	}, more...)
}

// open starts a library's program.
func open(t testing.TB, c client, env []string) *session {
	t.Helper()
	s := &session{t: t, name: c.name, lines: make(chan string), stderr: &stage.Buffer{}}
	cmd := exec.Command(c.command[0], c.command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = workdir, env, s.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.steps = in
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(s.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			s.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close() // the program ends then
		_ = cmd.Process.Kill()
		for range s.lines { // what nobody waited for
		}
		<-read
		_ = cmd.Wait() // it was killed
	})
	s.version = s.hear("its version").Version
	return s
}

// hear reads what the program says of a step.
func (s *session) hear(step string) (heard said) {
	step, _, _ = strings.Cut(step, " ") // without a code
	s.t.Helper()
	select {
	case line := <-s.lines:
		if err := json.Unmarshal([]byte(line), &heard); err != nil {
			s.t.Fatalf("%s, %s: what it says is no JSON\n%s", s.name, step, stage.Tail(s.stderr.String()))
		}
	case <-time.After(stage.Patience):
		s.t.Fatalf("%s, %s: it says nothing", s.name, step)
	}
	return heard
}

// begin has the program begin a step.
func (s *session) begin(step string) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.steps, step); err != nil {
		s.t.Fatalf("%s: %v\n%s", s.name, err, stage.Tail(s.stderr.String()))
	}
}

// do has the program carry out a step.
func (s *session) do(step string) said {
	s.t.Helper()
	s.begin(step)
	return s.hear(step)
}

// must is do for a step that has to succeed.
func (s *session) must(step string) said {
	s.t.Helper()
	heard := s.do(step)
	if !heard.OK {
		name, _, _ := strings.Cut(step, " ") // without a code
		s.t.Fatalf("%s, %s: %s", s.name, name, heard.Error)
	}
	return heard
}

// ran is what a sample's program left behind.
type ran struct {
	status         int
	stdout, stderr string
}

// runSample runs a sample to its end.
func runSample(t testing.TB, c client, env []string) ran {
	t.Helper()
	var out, problems bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 2*stage.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.command[0], c.command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = workdir, env, &out, &problems
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), problems.String()}
}

// versionOf asks a program.
func versionOf(t testing.TB, c client) string {
	t.Helper()
	cmd := exec.Command(c.version[0], c.version[1:]...)
	cmd.Dir = workdir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", c.name, err, out)
	}
	return shortVersion(string(out))
}

// shortVersion is the first version in a text, without its patch level: of a
// distribution's program that changes any day.
func shortVersion(text string) string { return regexp.MustCompile(`\d+\.\d+`).FindString(text) }
