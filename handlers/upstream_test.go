package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/handlers"
)

// door is a fixture behind a real listener, with a WordPress to pass requests on to.
type door struct {
	*fixture
	*httptest.Server
	serving *sync.WaitGroup
}

func newDoor(t *testing.T, upstream string, change func(*handlers.Options)) door {
	d := door{serving: &sync.WaitGroup{}}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.serving.Add(1)
		defer d.serving.Done()
		d.handler.ServeHTTP(w, r)
	}))
	d.fixture = newFixture(t, func(o *handlers.Options) {
		if o.Upstream = upstreamAt(upstream); upstream == "itself" {
			o.Upstream = upstreamAt(d.URL)
		}
		if change != nil {
			change(o)
		}
	})
	t.Cleanup(d.Close)
	return d
}

// wholeLog is the log when all requests have been answered.
func (d door) wholeLog() string {
	d.Close()
	d.serving.Wait()
	return d.log.String()
}

// raw sends the text of a request unchanged, and returns the status and the body.
func (d door) raw(text string) (int, string) {
	d.Helper()
	conn, err := net.Dial("tcp", d.Listener.Addr().String())
	if err != nil {
		d.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		d.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		d.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return response.StatusCode, err.Error()
	}
	return response.StatusCode, string(body)
}

// TestPassedUnchanged: WordPress gets the address byte for byte and the site's own
// Host, in each form that an address of the namespace may have.
func TestPassedUnchanged(t *testing.T) {
	wordPress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %q %q %q", r.Method, r.RequestURI, r.Host, r.Header["X-Forwarded-For"], r.Header["X-Forwarded-Proto"], r.Header["X-Hop"])
	}))
	t.Cleanup(wordPress.Close)
	d := newDoor(t, wordPress.URL, nil)
	for _, uri := range []string{
		"/wp-json/moserver/authorize?client_id=x&state=%7e;%zz&&=", "/wp-json/moserver/mcp", "/blog/index.php/wp-json/moserver/auth<orize",
		"//wp-json/moserver/author%3Cize?a", "/?rest_route=/moserver/authorize&x=1", "/blog/?a=b&rest_route=%2Fmoserver%2Fmcp",
		"/wp-content/plugins/x/web/moserver/Authorize/", "/wp-json/moserver/x/../token/x?{}",
	} {
		status, got := d.raw("MCP " + uri + " HTTP/1.1\r\nHost: Example.com:8443\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n" +
			"X-Forwarded-For: 192.0.2.9, 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
		want := fmt.Sprintf(`MCP %s Example.com:8443 ["192.0.2.1"] ["https"] []`, uri)
		if status != http.StatusOK || got != want {
			t.Errorf("got %d %s\nwant %s", status, got, want)
		}
	}
	for _, uri := range []string{"/wp-json/wp/v2/posts", "/", "/authorize", "/?rest_route=/wp/v2"} {
		if status, got := d.raw("GET " + uri + " HTTP/1.1\r\nHost: x\r\n\r\n"); status != http.StatusNotFound {
			t.Errorf("%s: %d %s", uri, status, got)
		}
	}
}

// TestUpstreamAway: what cannot be passed on is 503, and says nothing of a token.
func TestUpstreamAway(t *testing.T) {
	socket := handlers.Upstream{Network: "unix", Address: filepath.Join(t.TempDir(), "php.sock")}
	d := newDoor(t, "", func(o *handlers.Options) { o.Upstream = socket })
	status, got := d.raw("GET /wp-json/moserver/authorize HTTP/1.1\r\nHost: x\r\n\r\n")
	if status != http.StatusServiceUnavailable || !strings.Contains(got, "wordpress_unavailable") || strings.Contains(got, `"error"`) {
		t.Errorf("%d %s", status, got)
	}
	if log := d.wholeLog(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "route=authorize") || !strings.Contains(log, "no such file") {
		t.Error(log)
	}
}

// TestLoop: an upstream that leads back ends at the first request that comes again.
func TestLoop(t *testing.T) {
	d := newDoor(t, "itself", nil)
	if status, got := d.raw("GET /wp-json/moserver/mcp HTTP/1.1\r\nHost: x\r\n\r\n"); status != http.StatusLoopDetected {
		t.Errorf("%d %s", status, got)
	}
	if log := d.wholeLog(); strings.Count(log, "php_upstream must be an address where PHP itself answers") != 1 {
		t.Error(log)
	}
}

// TestHints: web servers that take a hint for the answer get none.
func TestHints(t *testing.T) {
	wordPress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "the answer")
	}))
	t.Cleanup(wordPress.Close)
	d := newDoor(t, wordPress.URL, nil)
	if status, got := d.raw("GET /wp-json/moserver/mcp HTTP/1.1\r\nHost: x\r\n\r\n"); status != http.StatusOK || got != "the answer" {
		t.Errorf("%d %s", status, got)
	}
}

// TestBrokenAnswer: a client must not take half an answer for a whole one.
func TestBrokenAnswer(t *testing.T) {
	wordPress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(wordPress.Close)
	d := newDoor(t, wordPress.URL, nil)
	if status, got := d.raw("GET /wp-json/moserver/mcp HTTP/1.1\r\nHost: x\r\n\r\n"); got != io.ErrUnexpectedEOF.Error() {
		t.Errorf("%d %s", status, got)
	}
	if log := d.wholeLog(); !strings.Contains(log, "outcome=wordpress_broke_off") {
		t.Error(log)
	}
}
