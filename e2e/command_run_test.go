package e2e_test

import (
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// result is what a program that has ended left behind.
type result struct {
	code           int
	stdout, stderr string
}

// ended waits for the end of a program.
func ended(p *stage.Process) result {
	return result{p.Exit(), p.Stdout.String(), p.Stderr.String()}
}

// command runs moserver-sidecar to its end.
func command(t testing.TB, environment []string, args ...string) result {
	t.Helper()
	return ended(stage.Start(t, environment, binary, args...))
}

// want fails the test unless a command ended with this status and said these
// words.
func (r result) want(t testing.TB, code int, words ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit status %d, want %d:\n%s%s", r.code, code, r.stdout, r.stderr)
	}
	for _, word := range words {
		if !strings.Contains(r.stdout+r.stderr, word) {
			t.Errorf("no %q in:\n%s%s", word, r.stdout, r.stderr)
		}
	}
}
