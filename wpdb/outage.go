package wpdb

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// quiet is how long nothing may fail until an outage is over. A database that accepts
// some connections and refuses others also succeeds now and then.
const quiet = time.Second

// outage logs one line when the database begins to refuse work and one when that is
// over, however many requests meet it.
type outage struct {
	log  *slog.Logger
	down atomic.Bool // spares the lock while all is well

	mu      sync.Mutex
	writes  bool        // the last failure was one that only writes meet
	waiting *time.Timer // until the outage is over; nil: nothing has succeeded since the last failure
}

// failed notes that work has to wait for the database.
func (o *outage) failed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes = writesOnly(err)
	if o.waiting != nil {
		o.waiting.Stop()
		o.waiting = nil
	}
	if !o.down.Swap(true) {
		o.log.Error("the database is not available; requests wait for it", "error", Describe(err))
	}
}

// succeeded notes that the database has done its work. A read does not end an outage
// of writes.
func (o *outage) succeeded(wrote bool) {
	if !o.down.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == nil && (wrote || !o.writes) {
		var timer *time.Timer
		timer = time.AfterFunc(quiet, func() { o.over(&timer) })
		o.waiting = timer
	}
}

// over ends the outage, unless something has failed meanwhile.
func (o *outage) over(timer **time.Timer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting != nil && o.waiting == *timer {
		o.waiting = nil
		o.down.Store(false)
		o.log.Info("the database is available again")
	}
}

// Succeeded notes a write that was done without Again, which may end an outage.
func (db *DB) Succeeded() { db.outage.succeeded(true) }
