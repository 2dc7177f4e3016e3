package store

import (
	"testing"
	"testing/synctest"
	"time"
)

// A table that cannot be used is asked for again after a while, and no sooner;
// only the first miss is news, until the table has been used.
func TestAvailability(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a availability
		for range 2 {
			if !a.expected() || !a.missing() {
				t.Error("the first miss: it is not expected, or no news")
			}
			for range 3 {
				if a.expected() {
					t.Error("it is expected right after a miss")
				}
				time.Sleep(absence)
				if !a.expected() {
					t.Errorf("it is not expected after %s", absence)
				}
				if a.missing() {
					t.Error("another miss is news")
				}
			}
			a.there()
		}
	})
}
