package store

import (
	"sync/atomic"
	"time"
)

// absence is how long a table that was not there is not asked for again. It is
// what a table that was made just now may have to wait to be used.
const absence = time.Minute

// availability remembers for a while that a table cannot be used, which spares
// each request the round trip that would say so again.
type availability struct{ missed atomic.Pointer[time.Time] }

// expected says if the table is worth a try.
func (a *availability) expected() bool {
	missed := a.missed.Load()
	return missed == nil || time.Since(*missed) >= absence
}

// missing notes that the table cannot be used, and says if that is news.
func (a *availability) missing() (news bool) {
	now := time.Now()
	return a.missed.Swap(&now) == nil
}

// there notes that the table was used.
func (a *availability) there() {
	if a.missed.Load() != nil {
		a.missed.Store(nil)
	}
}
