package stage

import (
	"net/http"
	"strings"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TokenPath is where WordPress has the token endpoint.
const TokenPath = "/wp-json/moserver/token"

// Sidecar is a running server.
type Sidecar struct {
	*Process
	Base string // http://host:port
	HTTP *http.Client
}

// Serve starts the server on a site, and waits until it listens. It ends with
// the test, and must do so in order.
func (s *Site) Serve(flags ...string) *Sidecar {
	s.T.Helper()
	return s.ServeWith(nil, flags...)
}

// ServeWith is Serve with more in the environment.
func (s *Site) ServeWith(environment []string, flags ...string) *Sidecar {
	s.T.Helper()
	return Serve(s.T, s.Binary, environment, append([]string{"--wp-config", s.WPConfig, "--listen", FreeAddress(s.T)}, flags...)...)
}

// Serve starts a moserver-sidecar with flags, of which the last --listen counts.
func Serve(t T, binary string, environment []string, flags ...string) *Sidecar {
	t.Helper()
	p := Start(t, environment, binary, append([]string{"serve"}, flags...)...)
	p.Await("listening")
	var address string
	for i, flag := range flags {
		if flag == "--listen" {
			address = flags[i+1]
		}
	}
	s := &Sidecar{Process: p, Base: "http://" + address, HTTP: HTTPClient(address)}
	if strings.HasPrefix(address, "unix:") {
		s.Base = "http://localhost"
	}
	t.Cleanup(func() {
		s.HTTP.CloseIdleConnections()
		if p.Running() {
			s.Stop()
		}
	})
	return s
}

// Do sends a request and reads the answer. It is safe in any goroutine.
func (s *Sidecar) Do(r *http.Request) (Answer, error) { return Do(s.HTTP, r) }

// Send is Do where a request that gets no answer ends the test.
func (s *Sidecar) Send(r *http.Request) Answer {
	s.t.Helper()
	a, err := s.Do(r)
	sandboxtest.NoError(s.t, err)
	return a
}

// Post sends a form, given as names and values in turn, to the token endpoint.
func (s *Sidecar) Post(pairs ...string) Answer {
	s.t.Helper()
	return s.Send(FormRequest(s.Base+TokenPath, pairs...))
}

// Refresh uses a refresh token, with credentials in the body.
func (s *Sidecar) Refresh(c Client, token string, more ...string) Answer {
	s.t.Helper()
	return s.Post(append(RefreshForm(c, token), more...)...)
}

// RefreshForm is the body of a refresh.
func RefreshForm(c Client, token string) []string {
	return append(Credentials(c), "grant_type", "refresh_token", "refresh_token", token)
}

// Redeem exchanges a code that has no redirect URI.
func (s *Sidecar) Redeem(c Client, code string, more ...string) Answer {
	s.t.Helper()
	return s.Post(append(CodeForm(c, code), more...)...)
}

// CodeForm is the body of a code's exchange.
func CodeForm(c Client, code string) []string {
	return append(Credentials(c), "grant_type", "authorization_code", "code", code)
}

// Credentials are those of a client in a form; a public client has no secret.
func Credentials(c Client) []string {
	if c.Secret == "" {
		return []string{"client_id", c.ID}
	}
	return []string{"client_id", c.ID, "client_secret", c.Secret}
}

// Get asks for a path, such as /healthz.
func (s *Sidecar) Get(path string) Answer {
	s.t.Helper()
	return s.Send(NewRequest(http.MethodGet, s.Base+path, ""))
}
