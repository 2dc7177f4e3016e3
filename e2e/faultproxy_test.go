package e2e_test

import (
	"net"
	"testing"
	"time"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// faultProxy stands between a sidecar and the database, as the network does.
type faultProxy struct {
	*sandboxtest.Proxy
	socket string
	dial   func() (net.Conn, error) // to the server
}

// newFaultProxy starts a proxy before a server.
func newFaultProxy(t testing.TB, server *sandbox.Server) *faultProxy {
	t.Helper()
	return newFaultProxyTo(t, func() (net.Conn, error) { return net.Dial("unix", server.Socket) })
}

// newFaultProxyTo starts a proxy before what dial leads to.
func newFaultProxyTo(t testing.TB, dial func() (net.Conn, error)) *faultProxy {
	t.Helper()
	p := sandboxtest.NewProxyTo(t, dial)
	return &faultProxy{p, p.Path, dial}
}

func (p *faultProxy) set(swallow, dead bool, delay time.Duration) { p.Set(swallow, dead, delay) }
