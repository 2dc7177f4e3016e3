package handlers

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// Server is an http.Server that bounds its connections, and loses no request when it
// stops.
type Server struct {
	*http.Server
	connections *connections
	draining    context.Context // ends when no more connections are accepted
	drain       context.CancelFunc
	accepting   sync.RWMutex // held for reading by each Serve
}

// Serve answers what arrives at a listener until Shutdown, as http.Server does,
// on at most Options.MaxConnections connections and a few for probes.
func (s *Server) Serve(l net.Listener) error {
	s.accepting.RLock()
	defer s.accepting.RUnlock()
	bounded := &connectionListener{Listener: l, all: s.connections, done: make(chan struct{})}
	defer context.AfterFunc(s.draining, func() { bounded.Close() })()
	err := s.Server.Serve(bounded)
	if s.draining.Err() != nil {
		return http.ErrServerClosed
	}
	return err
}

// Shutdown accepts no more connections, and returns when all requests are answered, or
// with the error of ctx when that ends before.
//
// The one of http.Server alone would hang up on requests that are on their way: on a
// connection that it has accepted, and has not read a request from yet, or on one that
// nginx keeps open and is about to use. So these are waited for first. Each answer closes
// its connection, so under load hardly any is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain()
	s.accepting.Lock() // once the last connection is in connections
	defer s.accepting.Unlock()
	began := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.connections.expectant(began) && ctx.Err() == nil {
		<-tick.C
	}
	return s.Server.Shutdown(ctx)
}

// expectant reports whether a request may be on its way on one of the connections, some
// of which may have been open when the wait for that began.
func (cs *connections) expectant(began time.Time) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	newest := cs.waiting.Back()
	return newest != nil && min(time.Since(began), time.Since(newest.Value.(*connection).since)) < patience
}

// closing lets answers close their connections once draining ends.
func closing(handler http.Handler, draining context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if draining.Err() != nil {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
}

// stream is the body of an answer to which a client listens until somebody has something
// to say, as AI clients do at /mcp. Such an answer ends in order when the server stops:
// waiting for it would take shutdown_timeout at each upgrade, and keep all others waiting.
type stream struct {
	io.ReadCloser
	draining context.Context
	stop     func() bool
}

type drainingKey struct{}

// endStream lets the answer end with the server, if it is a stream. One that answers a
// POST has an end of its own.
func endStream(r *http.Request, answer *http.Response) {
	draining, ok := r.Context().Value(drainingKey{}).(context.Context)
	if ok && r.Method == http.MethodGet && strings.HasPrefix(strings.ToLower(answer.Header.Get(echo.HeaderContentType)), "text/event-stream") {
		body := answer.Body
		answer.Body = stream{body, draining, context.AfterFunc(draining, func() { body.Close() })}
	}
}

// Read implements io.Reader.
func (s stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && s.draining.Err() != nil {
		err = io.EOF
	}
	return n, err
}

// Close implements io.Closer.
func (s stream) Close() error {
	s.stop()
	return s.ReadCloser.Close()
}
