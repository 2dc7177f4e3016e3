// Package clients_test runs the software that people have on sites of its own:
// the samples of docs/clients, and the OAuth libraries of several languages.
// What was seen is in the tables of README.md and docs/clients/outage.md;
// go test ./e2e/clients -update writes them anew.
package clients_test

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/e2e/stage"
)

var update = flag.Bool("update", false, "write the tables of README.md and docs/clients/outage.md anew")

// What TestMain makes for all tests.
var (
	binary  string // moserver-sidecar, built with the race detector
	workdir string // a folder with the clients, built and installed
)

func TestMain(m *testing.M) {
	// These tests wait for other processes most of the time.
	_ = flag.Set("test.parallel", "4") // the flag is there; the command line counts after this
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	err := stage.Require("curl", "gcc", "javac", "jq", "mariadb", "mariadb-install-db", "mariadbd", "mcs", "newtonsoft-json",
		"mono", "nginx", "node", "npm", "php", "php-curl", "php-fpm", "php-mysql", "python3-authlib", "python3-requests",
		"requests-oauthlib", "ruby", "ruby-oauth2", "social-core", "wordpress")
	if err != nil {
		return fail(err)
	}
	if workdir, err = os.MkdirTemp("", "clients-"); err != nil {
		return fail(err)
	}
	defer os.RemoveAll(workdir)
	// The tests' own connections break when a test kills the database.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		return fail(err)
	}
	if binary, err = stage.Build(workdir, "-race"); err != nil {
		return fail(err)
	}
	if err := install(workdir); err != nil {
		return fail(err)
	}
	return m.Run()
}

func fail(reason any) int {
	fmt.Fprintln(os.Stderr, reason)
	return 1
}
