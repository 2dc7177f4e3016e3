// Package wordpress_test tests the server beside a real WordPress: PHP and the
// server work on the same tables, behind one nginx.
package wordpress_test

import (
	"errors"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// binary is moserver-sidecar, built with the race detector.
var binary string

func TestMain(m *testing.M) {
	sandboxtest.Main(m, 4, func(t stage.T) { // all sites at once
		err := errors.Join(stage.RequireWordPress(), stage.Require("apache2", "curl"))
		if err != nil {
			t.Fatal(err)
		}
		if binary, err = stage.Build(t.TempDir(), "-race"); err != nil {
			t.Fatal(err)
		}
	})
}
