// Package sandboxtest is what tests and benchmarks have a database from: a private
// server, MariaDB or what the environment variable MOSERVER_TEST_SERVER is the path
// of, a mariadbd or mysqld, and in it WordPress sites.
//
// Everything takes a T, which tests and benchmarks have. A program that is
// neither gets one from Run.
package sandboxtest

import (
	"context"
	"os"

	"moserver-sidecar/wpdb/sandbox"
)

// Start starts a server that ends with the test. A test that cannot have one
// fails, and so does one whose server does not stop.
func Start(t T, o sandbox.Options) *sandbox.Server {
	t.Helper()
	if o.Program == "" {
		o.Program = os.Getenv("MOSERVER_TEST_SERVER")
	}
	server, err := sandbox.Start(context.Background(), o)
	NoError(t, err)
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// ShortDir is a new folder whose path is short enough for a unix socket's.
func ShortDir(t T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stage-")
	NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
