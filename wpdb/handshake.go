package wpdb

import (
	"context"
	"database/sql/driver"
	"slices"
	"sync"
	"time"
)

// connectTimeout is how long it may take to open a connection and to prepare its
// session. It is the server's own default, connect_timeout: what is broken off
// sooner the server counts, and after max_connect_errors it takes no more
// connections from this host, WordPress's PHP included.
const connectTimeout = 10 * time.Second

// handshakes opens connections for whoever waits for one. Who stops waiting, at
// the end of a request, does not break a handshake off: the connection goes to
// the next who waits, or is closed in order.
type handshakes struct {
	connector
	limit int // how many are under way at once; 0: no limit

	mu       sync.Mutex
	underway int
	waiting  []chan opened // the longest first; each has room for its outcome
}

// opened is what came of a handshake.
type opened struct {
	conn driver.Conn
	err  error
}

// Connect implements driver.Connector.
func (h *handshakes) Connect(ctx context.Context) (driver.Conn, error) {
	place := make(chan opened, 1)
	h.mu.Lock()
	h.waiting = append(h.waiting, place)
	if h.limit == 0 || h.underway < h.limit {
		h.underway++
		go h.run()
	}
	h.mu.Unlock()
	select {
	case o := <-place:
		return o.conn, o.err
	case <-ctx.Done():
	}
	if h.leave(place) {
		return nil, ctx.Err()
	}
	o := <-place // it has come at the same moment
	return o.conn, o.err
}

// leave says if a place has still waited, which it then does no more.
func (h *handshakes) leave(place chan opened) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := len(h.waiting)
	h.waiting = slices.DeleteFunc(h.waiting, func(w chan opened) bool { return w == place })
	return len(h.waiting) < before
}

// run opens one connection and gives it away.
func (h *handshakes) run() {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	conn, err := h.connector.Connect(ctx)
	if place := h.next(err != nil); place != nil {
		place <- opened{conn, err}
	} else if err == nil {
		_ = conn.Close() // nobody misses it
	}
}

// next is who gets the outcome of a handshake, if anybody. A failure is nobody's
// while there are enough other handshakes for all who wait: those that were left
// alone by a silent server must not spoil what begins when it speaks again.
func (h *handshakes) next(failed bool) (place chan opened) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.underway--
	if len(h.waiting) == 0 || failed && h.underway >= len(h.waiting) {
		return nil
	}
	place, h.waiting = h.waiting[0], h.waiting[1:]
	return place
}
