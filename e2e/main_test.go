// Package e2e_test tests the server from outside, as its users meet it: the
// program that go build makes, a real MariaDB, a wp-config.php, and HTTP.
package e2e_test

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// What TestMain makes for all tests.
var (
	binary   string          // moserver-sidecar, built with the race detector
	database *sandbox.Server // for the tests that do it no harm; each has a site of its own in it
)

func TestMain(m *testing.M) {
	// These tests wait for other processes most of the time, so more of them
	// run at once than there are processors.
	_ = flag.Set("test.parallel", "8") // the flag is there; the command line counts after this
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	err := stage.Require("ca-certificates", "curl", "gcc", "make", "mariadb", "mariadb-install-db", "mariadbd", "nginx", "script", "zoneinfo")
	if err != nil {
		return fail(err)
	}
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	// The tests' own connections break when a test kills the database.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		return fail(err)
	}
	if binary, err = stage.Build(dir, "-race"); err != nil {
		return fail(err)
	}
	if database, err = sandboxtest.Open(sandbox.Options{}); err != nil {
		return fail(err)
	}
	defer database.Stop()
	return m.Run()
}

func fail(reason any) int {
	fmt.Fprintln(os.Stderr, reason)
	return 1
}
