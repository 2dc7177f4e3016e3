// Package sandboxtest starts a private database for tests: MariaDB, or what the
// environment variable MOSERVER_TEST_SERVER is the path of, a mariadbd or mysqld.
package sandboxtest

import (
	"context"
	"os"
	"testing"

	"moserver-sidecar/wpdb/sandbox"
)

// Open is sandbox.Start of the server that the tests are to run on.
func Open(o sandbox.Options) (*sandbox.Server, error) {
	if o.Program == "" {
		o.Program = os.Getenv("MOSERVER_TEST_SERVER")
	}
	return sandbox.Start(context.Background(), o)
}

// Start starts a server that ends with the test. A test that cannot have one
// fails, and so does one whose server does not stop.
func Start(t testing.TB, o sandbox.Options) *sandbox.Server {
	t.Helper()
	server, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}
