package store_test

import (
	"encoding/binary"
	"io"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// cut says where a proxy breaks a connection.
type cut int

const (
	// beforeStatement: the statement does not reach the server.
	beforeStatement cut = iota
	// afterStatement: the server has carried it out, and the answer is lost.
	afterStatement
	// lateStatement: the store loses the connection, and the server gets the
	// statement only after what else happens then.
	lateStatement
	// duringStatement: the store loses the connection while the server carries
	// the statement out.
	duringStatement
	// tornStatement: the server loses it too, while it carries the statement out.
	tornStatement
)

func (c cut) String() string { return [...]string{"before", "after", "late", "during", "torn"}[c] }

// proxy stands between a store and the server, understands as much of the
// protocol as it takes to see the statements, and breaks connections.
type proxy struct {
	t       sandboxtest.T
	path    string
	during  func() // what happens before a cut, while the server carries the statement out
	between func() // what happens after a cut, before the store can notice it
	single  bool   // it does not let clients send several statements at a time

	mu     sync.Mutex
	server string // the socket of the server that new connections are carried to
	prefix string // of the statements to cut at
	when   cut
	times  int      // how often to cut yet
	sent   []string // the statements, as statementOf has them
}

// newProxy starts a proxy before the server.
func newProxy(t sandboxtest.T, server *sandbox.Server) *proxy {
	t.Helper()
	// The path of a socket must be short, so it is beside the server's.
	dir, err := os.MkdirTemp(server.Dir, "proxy")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, path: filepath.Join(dir, "s"), server: server.Socket, during: func() {}, between: func() {}}
	listener, err := net.Listen("unix", p.path)
	if err != nil {
		t.Fatal(err)
	}
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
	// Cleanups run in reverse order: the store, which is opened later, has
	// closed its connections by now.
	t.Cleanup(func() { listener.Close(); connections.Wait() })
	return p
}

// cutAt breaks the connections of the next statements that begin with prefix.
func (p *proxy) cutAt(prefix string, when cut, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prefix, p.when, p.times = prefix, when, times
}

// failOver carries new connections to another server.
func (p *proxy) failOver(server *sandbox.Server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server.Socket
}

// dial connects to the server.
func (p *proxy) dial() (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return net.Dial("unix", p.server)
}

// left is how many cuts have not happened yet.
func (p *proxy) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.times
}

// matches counts a statement and says whether to cut there.
func (p *proxy) matches(statement string) (cut, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if statement != "" {
		p.sent = append(p.sent, statement)
	}
	if p.times == 0 || !strings.HasPrefix(statement, p.prefix) {
		return 0, false
	}
	p.times--
	return p.when, true
}

// serve carries one connection until either side closes it, or a cut.
func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := p.dial()
	if err != nil {
		return // as if nobody listened
	}
	defer server.Close()
	var muted atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		carryAnswers(client, server, &muted)
	}()
	for first := true; ; first = false {
		packet, err := readPacket(client)
		if err != nil {
			return
		}
		if first && p.single {
			packet[6] &^= 1 // CLIENT_MULTI_STATEMENTS
		}
		if when, ok := p.matches(statementOf(packet)); ok {
			muted.Store(true)
			p.cut(when, client, server, packet, ended)
			return
		}
		if _, err := server.Write(packet); err != nil {
			return
		}
	}
}

// cut ends a connection at the statement in packet. ended is closed when the
// server has answered or was closed.
func (p *proxy) cut(when cut, client, server net.Conn, packet []byte, ended <-chan struct{}) {
	if when == lateStatement {
		client.Close()
		p.between()
	}
	if when == beforeStatement {
		server.Close()
	} else if _, err := server.Write(append(packet, 1, 0, 0, 0, 1)); err != nil { // and COM_QUIT: it ends when all is done
		p.t.Errorf("a statement has not reached the server: %v", err)
	}
	if when == duringStatement || when == tornStatement {
		p.during()
		if when == tornStatement {
			server.Close()
		}
		client.Close()
		p.between()
	}
	<-ended
	server.Close()
	if when == beforeStatement || when == afterStatement {
		p.between()
	}
}

// carryAnswers carries what the server says, up to answers that are to be
// lost. A client sends nothing before it has the whole answer to its last
// statement, so what comes after muted was set is the next one's.
func carryAnswers(client, server net.Conn, muted *atomic.Bool) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			if !muted.Load() {
				client.Close()
			}
			return
		}
		if muted.Load() {
			continue
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// readPacket reads a packet of the protocol with its header of four bytes.
func readPacket(r io.Reader) ([]byte, error) {
	packet := make([]byte, 4)
	if _, err := io.ReadFull(r, packet); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(packet) & 0xffffff
	packet = append(packet, make([]byte, length)...)
	_, err := io.ReadFull(r, packet[4:])
	return packet, err
}

// statementOf is the text of a packet that is COM_QUERY, PREPARE or EXECUTE
// where a statement is prepared or carried out, else "".
func statementOf(packet []byte) string {
	if len(packet) < 5 {
		return ""
	}
	switch packet[4] {
	case 0x03:
		return string(packet[5:])
	case 0x16:
		return "PREPARE"
	case 0x17:
		return "EXECUTE"
	}
	return ""
}
