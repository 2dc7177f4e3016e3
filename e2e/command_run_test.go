package e2e_test

import (
	"testing"

	"moserver-sidecar/e2e/stage"
)

// result is what a program that has ended left behind.
type result struct {
	code           int
	stdout, stderr string
}

// command runs moserver-sidecar to its end.
func command(t testing.TB, environment []string, args ...string) result {
	t.Helper()
	p := stage.Start(t, environment, binary, args...)
	return result{p.Exit(), p.Stdout.String(), p.Stderr.String()}
}
