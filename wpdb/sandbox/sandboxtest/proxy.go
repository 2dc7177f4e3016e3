package sandboxtest

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"moserver-sidecar/wpdb/sandbox"
)

// Cut says where a proxy breaks a connection.
type Cut int

const (
	// BeforeStatement is a statement that does not reach the server.
	BeforeStatement Cut = iota
	// AfterStatement is one that the server has carried out, and the answer is lost.
	AfterStatement
	// LateStatement is one whose sender loses the connection, and that the server gets
	// only after what else happens then.
	LateStatement
	// DuringStatement is one whose sender loses the connection while the server carries
	// it out.
	DuringStatement
	// TornStatement is one whose connection the server loses too, while it carries it out.
	TornStatement
)

// String is a word for it.
func (c Cut) String() string { return [...]string{"before", "after", "late", "during", "torn"}[c] }

// Proxy stands between a client and a database as the network does. It understands as
// much of the protocol as it takes to see the statements.
type Proxy struct {
	Path    string      // of its socket
	During  func()      // what happens before a cut, while the server carries the statement out
	Between func()      // what happens after a cut, before the client can notice it
	Failed  func(error) // told of a statement that has not reached the server where it should
	Single  bool        // it does not let clients send several statements at a time
	Lacks   string      // the name of a variable that the server does not seem to know

	mu     sync.Mutex
	dial   func() (net.Conn, error)
	prefix string // of the statements to cut at
	when   Cut
	times  int           // how often to cut yet
	dead   bool          // new connections are accepted, and nothing is carried
	delay  time.Duration // of all that clients send
	open   map[*carried]bool
	sent   *[]string // the statements, as statementOf has them; nil: they are not kept
}

// NewProxy starts a proxy before a server.
func NewProxy(t T, server *sandbox.Server) *Proxy {
	t.Helper()
	return NewProxyTo(t, func() (net.Conn, error) { return net.Dial("unix", server.Socket) })
}

// NewProxyTo starts a proxy before what dial leads to.
func NewProxyTo(t T, dial func() (net.Conn, error)) *Proxy {
	t.Helper()
	p := &Proxy{Path: filepath.Join(ShortDir(t), "s"), dial: dial, open: map[*carried]bool{},
		During: func() {}, Between: func() {}, Failed: func(error) {}}
	listener, err := net.Listen("unix", p.Path)
	NoError(t, err)
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			connections.Go(func() { p.serve(client) })
		}
	})
	// Cleanups run in reverse order: the clients, which come later, have closed their
	// connections by now.
	t.Cleanup(func() { listener.Close(); connections.Wait() })
	return p
}

// CutAt breaks the connections of the next statements that begin with prefix.
func (p *Proxy) CutAt(prefix string, when Cut, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prefix, p.when, p.times = prefix, when, times
}

// SetHooks changes During and Between while connections are open.
func (p *Proxy) SetHooks(during, between func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.During, p.Between = during, between
}

// Sent runs work, and returns the statements that clients send meanwhile. Each is the text
// of one that is sent as such, or what is done with one that is prepared.
func (p *Proxy) Sent(work func()) (sent []string) {
	keep := func(list *[]string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sent = list
	}
	keep(&sent)
	work()
	keep(nil)
	return sent
}

// Left is how many cuts have not happened yet.
func (p *Proxy) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.times
}

// FailOver carries new connections to another server.
func (p *Proxy) FailOver(server *sandbox.Server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dial = func() (net.Conn, error) { return net.Dial("unix", server.Socket) }
}

// Set changes what becomes of the connections: those that are open are dead from now on
// if swallow, and new ones if dead. Nobody is told.
func (p *Proxy) Set(swallow, dead bool, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead, p.delay = dead, delay
	for c := range p.open {
		if swallow {
			c.drop()
		}
	}
}

// note adds a connection, or takes it away, and returns the delay.
func (p *Proxy) note(c *carried, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !open {
		delete(p.open, c)
		return
	}
	p.open[c] = true
	if p.dead {
		c.drop()
	}
}

func (p *Proxy) connect() (net.Conn, error) {
	p.mu.Lock()
	dial := p.dial
	p.mu.Unlock()
	return dial()
}

// matches counts a statement and says whether to cut there, and how long it takes to
// the server.
func (p *Proxy) matches(statement string) (when Cut, cut bool, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sent != nil && statement != "" {
		*p.sent = append(*p.sent, statement)
	}
	if p.times == 0 || !strings.HasPrefix(statement, p.prefix) {
		return 0, false, p.delay
	}
	p.times--
	return p.when, true, p.delay
}

// serve carries one connection until either side closes it, or a cut.
func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := p.connect()
	if err != nil {
		return // as if nobody listened
	}
	defer server.Close()
	c := &carried{client: client, server: server, ended: make(chan struct{})}
	p.note(c, true)
	defer p.note(c, false)
	go c.carryAnswers()
	for first := true; ; first = false {
		packet, err := readPacket(client)
		if err != nil {
			return
		}
		if first && p.Single {
			packet[6] &^= 1 // CLIENT_MULTI_STATEMENTS
		}
		if p.Lacks != "" {
			packet = bytes.ReplaceAll(packet, []byte(p.Lacks), bytes.Repeat([]byte("x"), len(p.Lacks)))
		}
		when, cut, delay := p.matches(statementOf(packet))
		time.Sleep(delay)
		switch {
		case c.dropped.Load(): // only the client ends a dead connection
			_, _ = io.Copy(io.Discard, client)
			return
		case cut:
			c.muted.Store(true)
			p.cut(when, c, packet)
			return
		}
		if _, err := server.Write(packet); err != nil {
			return
		}
	}
}

// cut ends a connection at the statement in packet.
func (p *Proxy) cut(when Cut, c *carried, packet []byte) {
	p.mu.Lock()
	during, between := p.During, p.Between
	p.mu.Unlock()
	if when == LateStatement {
		c.client.Close()
		between()
	}
	if when == BeforeStatement {
		c.server.Close()
	} else if _, err := c.server.Write(append(packet, 1, 0, 0, 0, 1)); err != nil { // and COM_QUIT: it ends when all is done
		p.Failed(err)
	}
	if when == DuringStatement || when == TornStatement {
		during()
		if when == TornStatement {
			c.server.Close()
		}
		c.client.Close()
		between()
	}
	<-c.ended
	c.server.Close()
	if when == BeforeStatement || when == AfterStatement {
		between()
	}
}
