package main

import (
	"syscall"
	"time"
)

// sleepUntil sleeps to within some 60 µs. time.Sleep may take a millisecond
// more, which would be all that is measured of a fast server.
func sleepUntil(at time.Time) {
	if d := time.Until(at); d > 50*time.Microsecond {
		t := syscall.NsecToTimespec(d.Nanoseconds())
		_ = syscall.Nanosleep(&t, nil) // a signal makes it early, which does no harm
	}
}
