// Package e2e_test tests the server from outside, as its users meet it: the
// program that go build makes, a real MariaDB, a wp-config.php, and HTTP.
package e2e_test

import (
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// What TestMain makes for all tests.
var (
	binary   string          // moserver-sidecar, built with the race detector
	database *sandbox.Server // for the tests that do it no harm; each has a site of its own in it
)

func TestMain(m *testing.M) { sandboxtest.Main(m, 8, setUp) }

func setUp(t stage.T) {
	err := stage.Require("apache2", "ca-certificates", "caddy", "curl", "gcc", "make", "mariadb", "mariadb-install-db", "mariadbd", "nginx", "php-fpm", "prometheus", "promtool", "script", "systemd-analyze", "systemd-socket-activate", "zoneinfo")
	if err != nil {
		t.Fatal(err)
	}
	if binary, err = stage.Build(t.TempDir(), "-race"); err != nil {
		t.Fatal(err)
	}
	database = sandboxtest.Start(t, sandbox.Options{})
}
