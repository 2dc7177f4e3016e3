package wpdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// driverConn is what go-sql-driver's connections can do.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// connection keeps its prepared statements, and can be broken off from outside.
type connection struct {
	driverConn
	network  net.Conn
	prepared map[string]driver.Stmt // by their text; nil: not prepared yet
	all      *atomic.Int64          // how many all connections keep
}

// preparable is what connections prepare when they first need it.
type preparable struct {
	queries []string
	kept    atomic.Int64 // statements that are prepared, on all connections
}

// maxPrepared is how many statements all connections together keep prepared, each of which
// takes the server some 100 kB, and several times that if it reads for many requests. The
// pool prefers the connection that was used last, so the few that have most to do have them.
const maxPrepared = 128

// QueryContext implements driver.QueryerContext. What requests read is prepared once:
// parsing these long texts each time would take the server a third of the time.
func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	statement, worthwhile := c.prepared[query]
	if statement != nil || worthwhile && c.all.Load() < maxPrepared {
		rows, err := c.queryPrepared(ctx, statement, query, args)
		if !notPrepared(err) {
			return rows, err
		}
		c.forget(query) // nor is it tried again on this connection
	}
	return c.driverConn.QueryContext(ctx, query, args)
}

// forget takes a statement away.
func (c *connection) forget(query string) {
	if c.prepared[query] != nil {
		c.all.Add(-1)
	}
	delete(c.prepared, query)
}

// Close implements driver.Conn.
func (c *connection) Close() error {
	for query := range c.prepared {
		c.forget(query)
	}
	return c.driverConn.Close()
}

func (c *connection) queryPrepared(ctx context.Context, statement driver.Stmt, query string, args []driver.NamedValue) (driver.Rows, error) {
	if statement == nil {
		var err error
		if statement, err = c.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		c.prepared[query] = statement // it goes with the connection
		c.all.Add(1)
	}
	return statement.(driver.StmtQueryContext).QueryContext(ctx, args)
}

// notPrepared reports whether a server cannot prepare a statement that it may still
// run as text.
func notPrepared(err error) bool {
	return slices.Contains([]uint16{
		1243, // unknown statement: a proxy has switched to another server
		1295, // the proxy or server does not prepare this statement
		1461, // max_prepared_stmt_count is reached
		1615, // the tables change faster than it is prepared again
	}, ErrorNumber(err))
}

// dialed is the key of the place for the network connection in Connect's context.
type dialed struct{}

// dial opens a network connection for the driver, and tells Connect which.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if place, ok := ctx.Value(dialed{}).(*net.Conn); ok {
		*place = conn
	}
	return conn, err
}

// networkOf is the network connection below one to the database, and cannot be called
// while a statement runs. Closing it breaks the statement off, with a FaultLost.
// Contexts could do the same, but to watch one the driver and database/sql each wake a
// goroutine, which is as much work as the statement itself.
func networkOf(conn *sql.Conn) (network net.Conn, err error) {
	err = conn.Raw(func(c any) error {
		network = c.(*connection).network
		return nil
	})
	return network, err
}

// discard keeps a connection whose network connection is being closed out of the pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which is what it returns
}

// connectTimeout is how long opening a connection and preparing its session may take.
// It is the server's default of connect_timeout. A server counts what is broken off
// sooner, and after max_connect_errors blocks this host, WordPress's PHP included.
const connectTimeout = 10 * time.Second

// handshakes opens connections. A request that stops waiting for one does not break
// the handshake off: the connection goes to the next request, or is closed in order.
type handshakes struct {
	connector
	limit int // how many are under way at once; 0: no limit

	mu       sync.Mutex
	underway int
	waiting  []chan opened // the longest first; buffered
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

// leave removes a place, and reports whether it was still waiting.
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
		_ = conn.Close() // it is not needed any more
	}
}

// next is the place for the outcome of a handshake, nil if none waits. A failure is
// dropped while there are enough other handshakes for all: those that a silent server
// ignored must not spoil what begins when it answers again.
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
