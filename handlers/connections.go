package handlers

import (
	"container/list"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// spareConnections are open beyond max_connections, so that a probe gets in
	// while all others are at work.
	spareConnections = 16
	// patience is how long a connection may wait for its client while others need
	// its place. An honest request is here at once, or comes in a few milliseconds.
	patience = 250 * time.Millisecond
)

// connections bounds how many connections are open. When as many are open as may
// be, those that have waited longest for their client (to send a request, or the
// rest of one) make room. Otherwise anybody who only connects and is silent would
// keep everybody else out.
type connections struct {
	limit   int
	log     *slog.Logger
	changed chan struct{} // one has ended, or waits for its client

	mu        sync.Mutex
	open      int
	waiting   *list.List // of *connection, the longest wait first
	refused   int        // whose request waits to be refused
	closed    int        // since the last line of the log
	sometimes rate.Sometimes
}

// connection is one of them. It is in waiting, or at work.
type connection struct {
	net.Conn
	all   *connections
	place *list.Element // in waiting; nil while at work, and once it is closed
	since time.Time     // when it began to wait
	ended bool

	refused bool // its request waits to be refused, after which it is closed
}

func newConnections(limit int, log *slog.Logger) *connections {
	return &connections{limit: limit, log: log, changed: make(chan struct{}, 1), waiting: list.New(), sometimes: rate.Sometimes{Interval: time.Second}}
}

// connectionListener accepts connections as far as there is room.
type connectionListener struct {
	net.Listener
	all  *connections
	done chan struct{}
	once sync.Once
}

// Accept implements net.Listener.
func (l *connectionListener) Accept() (net.Conn, error) {
	if err := l.awaitRoom(); err != nil {
		return nil, err
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, all: l.all}
	l.all.mu.Lock()
	defer l.all.mu.Unlock()
	l.all.open++
	l.all.wait(c)
	return c, nil
}

// Close implements net.Listener.
func (l *connectionListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

func (l *connectionListener) awaitRoom() error {
	for {
		after, free := l.all.makeRoom()
		if free {
			return nil
		}
		timer := time.NewTimer(after)
		select {
		case <-l.all.changed:
		case <-timer.C:
		case <-l.done:
			timer.Stop()
			return net.ErrClosed
		}
		timer.Stop()
	}
}

// makeRoom closes as many connections as are open beyond the limit, of those that
// have waited too long. If there is still no place free, not even of the spare
// ones, it says when to look again.
func (cs *connections) makeRoom() (after time.Duration, free bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	after = time.Minute
	for cs.open > cs.limit && cs.waiting.Len() > 0 {
		longest := cs.waiting.Front().Value.(*connection)
		if after = patience - time.Since(longest.since); after > 0 {
			break
		}
		cs.end(longest)
		_ = longest.Conn.Close() // nothing was to be sent
		cs.closed++
		cs.sometimes.Do(func() {
			cs.log.Warn("max_connections reached; closing those that have been idle longest", "closed", cs.closed)
			cs.closed = 0
		})
	}
	return max(after, time.Millisecond), cs.open < cs.limit+spareConnections
}

// wait puts a connection behind all that wait for their client. The lock is held.
func (cs *connections) wait(c *connection) {
	if c.ended {
		return
	}
	cs.leave(c)
	c.since = time.Now()
	c.place = cs.waiting.PushBack(c)
	cs.signal()
}

// end counts a connection out. The lock is held.
func (cs *connections) end(c *connection) {
	if c.ended {
		return
	}
	c.ended = true
	cs.leave(c)
	cs.open--
	if c.refused {
		cs.refused--
	}
	cs.signal()
}

// leave takes a connection out of those that wait. The lock is held.
func (cs *connections) leave(c *connection) {
	if c.place != nil {
		cs.waiting.Remove(c.place)
		c.place = nil
	}
}

func (cs *connections) signal() {
	select {
	case cs.changed <- struct{}{}:
	default:
	}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.all.mu.Lock()
	c.all.end(c)
	c.all.mu.Unlock()
	return c.Conn.Close()
}

// onState is told by http.Server when a request begins to arrive, and when its
// answer has been sent. The first begins the wait anew.
func onState(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*connection); ok && (state == http.StateActive || state == http.StateIdle) {
		c.all.mu.Lock()
		defer c.all.mu.Unlock()
		c.all.wait(c)
	}
}

type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// atWork says that a request has arrived as a whole: until it is answered, its
// connection makes no room for others.
func atWork(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.all.mu.Lock()
		defer c.all.mu.Unlock()
		c.all.leave(c)
	}
}

// atRefusal says that the request that has arrived waits to be refused. That makes room
// for others only at its end, but it is no work that would get them refused too.
func atRefusal(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.all.mu.Lock()
		defer c.all.mu.Unlock()
		c.all.leave(c)
		if !c.refused && !c.ended {
			c.refused = true
			c.all.refused++
		}
	}
}

// crowded reports whether as many connections are at work as may be open. The spare
// ones are for probes then; other requests are refused.
func crowded(ctx context.Context) bool {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return false
	}
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return c.all.open-c.all.waiting.Len()-c.all.refused >= c.all.limit
}
