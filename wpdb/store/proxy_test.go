package store_test

import (
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// cut says where a proxy breaks a connection.
type cut = sandboxtest.Cut

const (
	beforeStatement = sandboxtest.BeforeStatement
	afterStatement  = sandboxtest.AfterStatement
	lateStatement   = sandboxtest.LateStatement
	duringStatement = sandboxtest.DuringStatement
)

// proxy stands between a store and the server.
type proxy struct {
	*sandboxtest.Proxy
	path    string
	during  func() // what happens before a cut, while the server carries the statement out
	between func() // what happens after a cut, before the store can notice it
}

// newProxy starts a proxy before the server.
func newProxy(t sandboxtest.T, server *sandbox.Server) *proxy {
	t.Helper()
	p := &proxy{Proxy: sandboxtest.NewProxy(t, server), during: func() {}, between: func() {}}
	p.path = p.Path
	p.During, p.Between = func() { p.during() }, func() { p.between() }
	p.Failed = func(err error) { t.Errorf("a statement has not reached the server: %v", err) }
	return p
}

// through opens a store that reaches the server through a proxy.
func (s *site) through(p *proxy) *site {
	return s.reopen(func(c *wpdb.Config) { c.Address = p.path })
}

func (p *proxy) cutAt(prefix string, when cut, times int) { p.CutAt(prefix, when, times) }
func (p *proxy) failOver(server *sandbox.Server)          { p.FailOver(server) }
func (p *proxy) left() int                                { return p.Left() }
