package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// wire is a connection on which a test writes HTTP by hand.
type wire struct {
	net.Conn
	t      testing.TB
	reader *bufio.Reader
}

func dial(t testing.TB, s *stage.Sidecar) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.Base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(stage.Patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{conn, t, bufio.NewReader(conn)}
}

func (w *wire) write(format string, args ...any) {
	w.t.Helper()
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) read() stage.Answer {
	w.t.Helper()
	response, err := http.ReadResponse(w.reader, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	a, err := stage.ReadAnswer(response)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

const formType = "Content-Type: application/x-www-form-urlencoded\r\n"

// TestHTTP10: some clients still speak it, without a Host and without Accept.
func TestHTTP10(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	w := dial(t, s.Serve())
	s.Put("refresh", "r1", s.app, stage.Row{})
	body := stage.Encode(stage.RefreshForm(s.app, "r1")...)
	w.write("POST %s HTTP/1.0\r\n%sContent-Length: %d\r\n\r\n%s", stage.TokenPath, formType, len(body), body)
	w.read().WantTokens(t, "profile email")
	if _, err := w.reader.ReadByte(); err != io.EOF {
		t.Errorf("the connection is still open after HTTP/1.0: %v", err)
	}
}

// TestExpectContinue: the client waits for leave to send the body.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	w := dial(t, s.Serve())
	s.Put("refresh", "r1", s.app, stage.Row{})
	body := stage.Encode(stage.RefreshForm(s.app, "r1")...)
	w.write("POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", stage.TokenPath, formType, len(body))
	if line, err := w.reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("want 100 Continue, got %q, %v", line, err)
	}
	if _, err := w.reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	w.write("%s", body)
	w.read().WantTokens(t, "profile email")
}

// TestBodyTooLarge: a body over max_body_bytes is refused, with its length
// announced or not, and one below is read.
func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve("--max-body-bytes", "2048")
	s.Put("refresh", "r1", s.app, stage.Row{})
	server.Refresh(s.app, "r1", "padding", strings.Repeat("x", 1500)).WantTokens(t, "profile email")
	server.Refresh(s.app, "r1", "padding", strings.Repeat("x", 3000)).
		WantError(t, http.StatusRequestEntityTooLarge, "invalid_request")

	chunked := stage.FormRequest(server.Base + stage.TokenPath)
	chunked.Body, chunked.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20))), -1
	server.Send(chunked).WantError(t, http.StatusRequestEntityTooLarge, "invalid_request")
}

// TestSlowBody: a body that never comes holds nothing for longer than the
// server's 20 seconds, and what came of it says so.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	body, header := dial(t, server), dial(t, server)
	body.write("POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: 100\r\n\r\ngrant", stage.TokenPath, formType)
	header.write("POST %s HTTP/1.1\r\nHost: x\r\n", stage.TokenPath)
	body.read().WantError(t, http.StatusRequestTimeout, "invalid_request")
	if text, err := io.ReadAll(header.reader); err != nil {
		t.Errorf("headers that never end: the connection is still open: %v, %q", err, text)
	}
}

// TestGarbage: what is no HTTP is refused and hurts nobody else.
func TestGarbage(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	for _, text := range []string{"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "POST\r\n\r\n", "POST /x HTTP/9.9\r\n\r\n"} {
		w := dial(t, server)
		w.write("%s", text)
		if answer, err := io.ReadAll(w.reader); err != nil || strings.HasPrefix(string(answer), "HTTP/1.1 2") {
			t.Errorf("%q: %v, %q", text, err, answer)
		}
	}
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
}
