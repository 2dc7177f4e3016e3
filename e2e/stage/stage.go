// Package stage sets up what the end-to-end tests and benchmarks run on, all of
// it real: the program that go build makes, a private MariaDB, nginx, php-fpm
// and WordPress, each in a folder of its own and gone when its test ends.
package stage

import (
	"time"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// T is what the functions here need of a test; a program that is none has one from
// sandboxtest.Run.
type T = sandboxtest.T

// Patience bounds every wait for another process; a loaded machine needs it.
const Patience = sandboxtest.Patience

// Eventually waits until done, at most for d.
func Eventually(t T, d time.Duration, what string, done func() bool) {
	t.Helper()
	sandboxtest.Eventually(t, d, what, done)
}

// ShortDir is a new folder whose path is short enough for a unix socket's.
func ShortDir(t T) string { return sandboxtest.ShortDir(t) }
