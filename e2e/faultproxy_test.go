package e2e_test

import (
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// faultProxy stands between a sidecar and the database, as the network does.
type faultProxy struct {
	socket string
	dial   func() (net.Conn, error) // to the server

	mu    sync.Mutex
	dead  bool          // new connections are accepted, and nothing is carried
	delay time.Duration // of all that the sidecar sends
	cuts  []chan struct{}
}

// newFaultProxy starts a proxy before a server.
func newFaultProxy(t testing.TB, server *sandbox.Server) *faultProxy {
	t.Helper()
	return newFaultProxyTo(t, func() (net.Conn, error) { return net.Dial("unix", server.Socket) })
}

// newFaultProxyTo starts a proxy before what dial leads to.
func newFaultProxyTo(t testing.TB, dial func() (net.Conn, error)) *faultProxy {
	t.Helper()
	p := &faultProxy{socket: filepath.Join(stage.ShortDir(t), "s"), dial: dial}
	listener, err := net.Listen("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go p.serve(client)
		}
	}()
	return p
}

// set changes what becomes of the connections: those that are open are dead from
// now on if swallow, and new ones if dead. Nobody is told.
func (p *faultProxy) set(swallow, dead bool, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead, p.delay = dead, delay
	if swallow {
		for _, cut := range p.cuts {
			close(cut)
		}
		p.cuts = nil
	}
}

func (p *faultProxy) serve(client net.Conn) {
	defer client.Close()
	server, err := p.dial()
	if err != nil {
		return // as if nobody listened
	}
	defer server.Close()
	cut := make(chan struct{})
	p.mu.Lock()
	if p.dead {
		close(cut)
	} else {
		p.cuts = append(p.cuts, cut)
	}
	p.mu.Unlock()
	go p.carry(client, server, cut, false)
	p.carry(server, client, cut, true)
}

// carry copies until either side closes; after the cut what comes is dropped.
func (p *faultProxy) carry(to, from net.Conn, cut <-chan struct{}, slowly bool) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			to.Close()
			return
		}
		if slowly {
			p.mu.Lock()
			delay := p.delay
			p.mu.Unlock()
			time.Sleep(delay)
		}
		select {
		case <-cut:
			if !slowly {
				_, _ = io.Copy(io.Discard, from) // only the sidecar ends a dead connection
				return
			}
		default:
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
}
