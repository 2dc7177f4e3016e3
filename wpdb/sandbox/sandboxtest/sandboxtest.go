// Package sandboxtest starts a private MariaDB for a single test.
package sandboxtest

import (
	"context"
	"testing"

	"moserver-sidecar/wpdb/sandbox"
)

// Start starts a server that ends with the test. A test that cannot have one
// fails, and so does one whose server does not stop.
func Start(t testing.TB, o sandbox.Options) *sandbox.Server {
	t.Helper()
	server, err := sandbox.Start(context.Background(), o)
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
