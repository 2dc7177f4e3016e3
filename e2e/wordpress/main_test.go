// Package wordpress_test tests the server beside a real WordPress: PHP and the
// server work on the same tables, behind one nginx.
package wordpress_test

import (
	"fmt"
	"os"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// binary is moserver-sidecar, built with the race detector.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if err := stage.RequireWordPress(); err != nil {
		return fail(err)
	}
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if binary, err = stage.Build(dir, "-race"); err != nil {
		return fail(err)
	}
	return m.Run()
}

func fail(reason any) int {
	fmt.Fprintln(os.Stderr, reason)
	return 1
}
