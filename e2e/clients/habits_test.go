package clients_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// verdict is what a client does with the token that it has stored.
type verdict string

const (
	replaces verdict = "replaces it"
	keeps    verdict = "keeps it"
	drops    verdict = "drops it"
)

// readers are clients by how much of an answer they read.
func readers() map[string]func(stage.Answer) verdict {
	return map[string]func(stage.Answer) verdict{
		"reads only the status": func(a stage.Answer) verdict {
			switch {
			case a.Status < 300:
				return replaces
			case a.Status < 500:
				return drops
			}
			return keeps
		},
		"reads only error": func(a stage.Answer) verdict {
			switch {
			case a.Body["error"] != nil:
				return drops
			case a.Body["access_token"] != nil:
				return replaces
			}
			return keeps
		},
	}
}

// TestHabits: what single clients do, and no library.
func TestHabits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, habit := range map[string]func(*testing.T, *site){
		"stores nothing but the last answer": storesLastAnswer,
		"sends everything at once":           sendsEverything,
		"tries both ways to authenticate":    triesBothWays,
		"reads ID tokens":                    readsIDTokens,
		"HTTP/1.0 without a host":            speaksHTTP10,
		"waits for 100 Continue":             waitsForContinue,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			habit(t, s)
		})
	}
}

// TestReaders: whatever a client reads, it understands the same.
func TestReaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--request-timeout", "3s")
	token := s.grant("read in part")
	refreshed := func(when string, want verdict) {
		t.Helper()
		a := s.Token(stage.RefreshForm(s.app, token)...)
		for name, read := range readers() {
			if got := read(a); got != want {
				t.Errorf("%s: a client that %s: want that it %s, it %s: %s", when, name, want, got, a)
			}
		}
	}
	refreshed("all is well", replaces)
	s.Flush()
	s.Server.Kill()
	refreshed("there is no database", keeps)
	if err := s.Server.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.Token(append(stage.Credentials(s.app), "token", token)...).WantRevoked(t)
	refreshed("the token is revoked", drops)
	s.Sidecar.Stop()
	refreshed("there is no sidecar", keeps)
}

// storesLastAnswer is a client that has nothing of a grant but the last answer. It
// can go on for ever, also where each use replaces the refresh token.
func storesLastAnswer(t *testing.T, s *site) {
	public := stage.Client{Name: "App on a telephone", ID: "telephone", Redirect: "app://callback"}
	s.PutClient(public)
	for _, c := range []stage.Client{s.app, public} {
		code := s.Authorize(c, s.alice, "profile email")
		stored := s.Token(append(stage.CodeForm(c, code), "redirect_uri", c.Redirect)...)
		for range 3 {
			stored.WantTokens(t, "profile email")
			stored = s.Token(stage.RefreshForm(c, stored.Member("refresh_token"))...)
		}
		if a := s.Resource(stored.Member("access_token")); a.Member("username") != "alice" {
			t.Errorf("%s: the last access token is not accepted: %s", c.Name, a)
		}
	}
}

// sendsEverything sends a code as miniOrange's own client for WordPress
// does, and what others add: credentials in the header and the body, a charset
// that is none, a PKCE verifier, and a state.
func sendsEverything(t *testing.T, s *site) {
	code := s.Authorize(s.app, s.alice, "profile email")
	r := stage.FormRequest(s.Route("moserver/token"), append(stage.CodeForm(s.app, code),
		"redirect_uri", s.app.Redirect, "code_verifier", strings.Repeat("v", 43), "state", "x", "resource", s.URL)...)
	r.SetBasicAuth(s.app.ID, s.app.Secret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset: UTF - 8")
	s.Nginx.Send(r).WantTokens(t, "profile email")
}

// triesBothWays: Go's oauth2 does not know how this server wants the credentials,
// and tries both ways. A code survives that.
func triesBothWays(t *testing.T, s *site) {
	wrong := s.app
	wrong.Secret = "wrong"
	wire := newTap(t, s.Nginx.Address)
	code := s.Authorize(s.app, s.alice, "profile email")
	if heard := open(t, libraries()[0], environment(t, wire.base, wrong)).do("code " + code); heard.OK {
		t.Error("a wrong secret was accepted")
	}
	if got := styles(wire.posts()); got != "Basic; form" {
		t.Errorf("want it to try Basic and form, it sent %s", got)
	}
	open(t, libraries()[0], environment(t, wire.base, s.app)).must("code " + code)
}

// readsIDTokens: openid-client accepts the ID tokens that come with a code and
// with a refresh, and finds the same user in both.
func readsIDTokens(t *testing.T, s *site) {
	wire := newTap(t, s.Nginx.Address)
	issuer := s.Route("moserver") + "/" + s.app.ID
	library := open(t, libraries()[1], environment(t, wire.base, s.app, "ISSUER="+issuer))
	code := s.Authorize(s.app, s.alice, "openid profile email")
	for _, step := range []string{"code " + code, "refresh"} {
		if got, want := library.must(step).Subject, fmt.Sprint(s.alice); got != want {
			t.Errorf("%s: the subject of the ID token is %q, want %q", step, got, want)
		}
	}
}

// byHand writes an HTTP request in pieces to nginx, and reads its answer to the
// end of the connection.
func byHand(t *testing.T, s *site, pieces ...func(net.Conn, *bufio.Reader) error) stage.Answer {
	t.Helper()
	conn, err := net.Dial("tcp", s.Nginx.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(stage.Patience)); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	for _, piece := range pieces {
		if err := piece(conn, reader); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	a, err := stage.ReadAnswer(response)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.ReadByte(); err != io.EOF {
		t.Errorf("the connection is still open: %v", err)
	}
	return a
}

func say(format string, args ...any) func(net.Conn, *bufio.Reader) error {
	return func(conn net.Conn, _ *bufio.Reader) error {
		_, err := fmt.Fprintf(conn, format, args...)
		return err
	}
}

func hear(want string) func(net.Conn, *bufio.Reader) error {
	return func(_ net.Conn, reader *bufio.Reader) error {
		line, err := reader.ReadString('\n')
		if err == nil && strings.TrimSpace(line) != want {
			err = fmt.Errorf("want %q, got %q", want, line)
		}
		return err
	}
}

func pause(net.Conn, *bufio.Reader) error {
	time.Sleep(1500 * time.Millisecond) // longer than curl's second, after which it no longer waits
	return nil
}

// formType is the head of a form.
const formType = "Content-Type: application/x-www-form-urlencoded\r\n"

func speaksHTTP10(t *testing.T, s *site) {
	body := stage.Encode(stage.RefreshForm(s.app, s.grant("HTTP/1.0"))...)
	byHand(t, s, say("POST %s HTTP/1.0\r\n%sContent-Length: %d\r\n\r\n%s", stage.TokenPath, formType, len(body), body)).
		WantTokens(t, "profile email")
}

// waitsForContinue is Expect: 100-continue from a client that means it, over a
// slow line.
func waitsForContinue(t *testing.T, s *site) {
	body := stage.Encode(stage.RefreshForm(s.app, s.grant("100 Continue"))...)
	byHand(t, s,
		say("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n%sContent-Length: %d\r\n\r\n",
			stage.TokenPath, formType, len(body)),
		hear("HTTP/1.1 100 Continue"), hear(""), pause, say("%s", body[:20]), pause, say("%s", body[20:]),
	).WantTokens(t, "profile email")
}
