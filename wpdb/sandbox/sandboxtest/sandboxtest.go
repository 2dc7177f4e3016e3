// Package sandboxtest is what tests and benchmarks have a database from: a private
// server, MariaDB or what the environment variable MOSERVER_TEST_SERVER is the path
// of, a mariadbd or mysqld, and in it WordPress sites.
//
// Everything takes a T, which tests and benchmarks have. A program that is
// neither gets one from Run.
package sandboxtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync/atomic"

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

// ports counts the addresses that were given out, so that two tests that run at
// once never get the same.
var ports atomic.Int64

// FreeAddress is an address that nothing listens on. Its port is below those
// that the kernel gives to outgoing connections: another test's client could
// take one of these between now and the server's start.
func FreeAddress(t T) string {
	t.Helper()
	first := int64(os.Getpid()) * 101
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+(first+ports.Add(1))%10000)
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
