// Package clients_test runs the software that people have on sites of its own:
// the samples of docs/clients, and the OAuth libraries of several languages.
// What was seen is in the tables of docs/clients/README.md and outage.md;
// go test ./e2e/clients -update writes them anew.
package clients_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

var update = flag.Bool("update", false, "write the tables of docs/clients/README.md and outage.md anew")

// What TestMain makes for all tests.
var (
	binary  string // moserver-sidecar, built with the race detector
	workdir string // a folder with the clients, built and installed
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == goClientName {
		runGoClient()
		return
	}
	sandboxtest.Main(m, 4, setUp)
}

func setUp(t stage.T) {
	err := stage.Require("chromium", "curl", "gcc", "javac", "jq", "mariadb", "mariadb-install-db", "mariadbd", "mcs", "newtonsoft-json",
		"mono", "nginx", "node", "npm", "php", "php-curl", "php-fpm", "php-mysql", "python3-authlib", "python3-requests",
		"requests-oauthlib", "ruby", "ruby-oauth2", "social-core", "wordpress")
	if err != nil {
		t.Fatal(err)
	}
	workdir = t.TempDir()
	if binary, err = stage.Build(workdir, "-race"); err != nil {
		t.Fatal(err)
	}
	if err := install(workdir); err != nil {
		t.Fatal(err)
	}
}
