// Package wordpress_test tests the server beside a real WordPress: PHP and the
// server work on the same tables, behind one nginx.
package wordpress_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// binary is moserver-sidecar, built with the race detector.
var binary string

func TestMain(m *testing.M) {
	// These tests wait for other processes most of the time, so all sites run at
	// once, whatever the number of processors.
	_ = flag.Set("test.parallel", "4") // the flag is there; the command line counts after this
	flag.Parse()
	os.Exit(run(m))
}

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
