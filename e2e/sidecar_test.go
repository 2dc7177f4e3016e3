package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// tokenPath is where WordPress has the token endpoint.
const tokenPath = "/wp-json/moserver/token"

// sidecar is a running server.
type sidecar struct {
	*process
	base string // http://host:port
	http *http.Client
}

// serve starts the server on a site, and waits until it listens. It ends with
// the test, and must do so in order.
func (s *site) serve(flags ...string) *sidecar {
	s.t.Helper()
	return s.serveWith(nil, flags...)
}

// serveWith is serve with more in the environment.
func (s *site) serveWith(environment []string, flags ...string) *sidecar {
	s.t.Helper()
	return serve(s.t, environment, append([]string{"--wp-config", s.wpConfig, "--listen", freeAddress(s.t)}, flags...)...)
}

// serve starts the server with flags, of which the last --listen counts.
func serve(t testing.TB, environment []string, flags ...string) *sidecar {
	t.Helper()
	p := start(t, environment, binary, append([]string{"serve"}, flags...)...)
	p.await("listening")
	var address string
	for i, flag := range flags {
		if flag == "--listen" {
			address = flags[i+1]
		}
	}
	s := &sidecar{process: p, base: "http://" + address, http: httpClient(address)}
	if strings.HasPrefix(address, "unix:") {
		s.base = "http://localhost"
	}
	t.Cleanup(func() {
		s.http.CloseIdleConnections()
		if p.running() {
			s.stop()
		}
	})
	return s
}

// httpClient speaks to one address, and never follows a redirect: a client
// that posts a secret must not be sent elsewhere.
func httpClient(address string) *http.Client {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	return &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			},
		},
	}
}

var ports atomic.Int64

// freeAddress is an address that nothing listens on. Its port is below those
// that the kernel gives to outgoing connections: another test's client could
// take one of these between now and the server's start.
func freeAddress(t testing.TB) string {
	t.Helper()
	first := int64(os.Getpid()) * 101
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+(first+ports.Add(1))%10000)
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// socketDir is a folder whose path is short enough for a unix socket's.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// do sends a request and reads the answer. It is safe in any goroutine.
func (s *sidecar) do(r *http.Request) (answer, error) { return do(s.http, r) }

// send is do where a request that gets no answer ends the test.
func (s *sidecar) send(r *http.Request) answer {
	s.t.Helper()
	a, err := s.do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// post sends a form, given as names and values in turn, to the token endpoint.
func (s *sidecar) post(pairs ...string) answer {
	s.t.Helper()
	return s.send(formRequest(s.base+tokenPath, pairs...))
}

// refresh uses a refresh token, with credentials in the body.
func (s *sidecar) refresh(c client, token string, more ...string) answer {
	s.t.Helper()
	return s.post(append(refreshForm(c, token), more...)...)
}

func refreshForm(c client, token string) []string {
	return append(credentials(c), "grant_type", "refresh_token", "refresh_token", token)
}

// redeem exchanges a code that has no redirect URI.
func (s *sidecar) redeem(c client, code string, more ...string) answer {
	s.t.Helper()
	return s.post(append(codeForm(c, code), more...)...)
}

func codeForm(c client, code string) []string {
	return append(credentials(c), "grant_type", "authorization_code", "code", code)
}

// credentials are those of a client in a form; a public client has no secret.
func credentials(c client) []string {
	if c.Secret == "" {
		return []string{"client_id", c.ID}
	}
	return []string{"client_id", c.ID, "client_secret", c.Secret}
}

// get asks for a path, such as /healthz.
func (s *sidecar) get(path string) answer {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.base+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(r)
}

// eventually waits until done, at most for d.
func eventually(t testing.TB, d time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", d, what)
		}
	}
}
