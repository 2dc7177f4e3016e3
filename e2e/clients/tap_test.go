package clients_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// tap stands between one client and nginx. It passes on what either sends as it
// comes, and keeps what the client sent.
type tap struct {
	t    testing.TB
	base string // where the client finds the site: http://host:port

	mu          sync.Mutex
	connections []*bytes.Buffer // what came on each
}

func newTap(t testing.TB, target string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", stage.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &tap{t: t, base: "http://" + l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go p.pass(conn, target)
		}
	}()
	return p
}

// pass passes on what is said on a connection, until both sides have ended it.
func (p *tap) pass(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return // the client sees it
	}
	defer server.Close()
	p.mu.Lock()
	kept := new(bytes.Buffer)
	p.connections = append(p.connections, kept)
	p.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, io.TeeReader(client, writer(func(b []byte) (int, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return kept.Write(b)
		})))
		_ = server.(*net.TCPConn).CloseWrite() // either side may have ended it before
	}()
	_, _ = io.Copy(client, server)
}

// writer is a function as an io.Writer.
type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// posts are the requests to the token endpoint since the last call, with their
// forms parsed. The client must have the answers to all that it has sent.
func (p *tap) posts() (posts []*http.Request) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, kept := range p.connections {
		for reader := bufio.NewReader(kept); ; {
			r, err := http.ReadRequest(reader)
			if err == io.EOF {
				break
			}
			if err != nil {
				p.t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				p.t.Fatal(err)
			}
			if r.Method == http.MethodPost && r.URL.Path == stage.TokenPath {
				r.Body = io.NopCloser(bytes.NewReader(body))
				posts = append(posts, r)
			}
		}
	}
	return posts
}

// credentials says how a request to the token endpoint carries the client's
// credentials, and if the client asks before it sends its body.
func credentials(r *http.Request) string {
	body, _ := io.ReadAll(r.Body) // it is in memory
	var ways []string
	if _, _, basic := r.BasicAuth(); basic {
		ways = append(ways, "Basic")
	}
	if bytes.Contains(body, []byte("client_secret")) {
		kind := "form"
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			kind = "JSON"
		}
		ways = append(ways, kind)
	}
	if r.Header.Get("Expect") != "" {
		ways = append(ways, "100-continue")
	}
	return strings.Join(ways, ", ")
}
