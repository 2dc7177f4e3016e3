//go:build !linux

package main

import "time"

// sleepUntil sleeps for as long as the system makes of it.
func sleepUntil(at time.Time) { time.Sleep(time.Until(at)) }
