package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

// tokenServer is a server whose token endpoint fails as a test wants.
type tokenServer struct {
	handlers.TokenServer
	fail func(context.Context) error
}

func (s tokenServer) Token(ctx context.Context, _ oauth.Request) (oauth.Answer, error) {
	return oauth.Answer{}, s.fail(ctx)
}

// TestUnavailable: an answer that says nothing of the token has no error
// member, and the shape of WordPress's REST errors.
func TestUnavailable(t *testing.T) {
	for name, test := range map[string]struct {
		fail   func(context.Context) error
		status int
		code   string
		retry  bool
	}{
		"database away": {func(context.Context) error { return oauth.ErrUnavailable }, 503, "database_unavailable", true},
		"switched off":  {func(context.Context) error { return oauth.ErrSwitchedOff }, 503, "oauth_server_switched_off", true},
		"a fault":       {func(context.Context) error { return errors.New("r0 is the token") }, 500, "internal_server_error", false},
		"a panic":       {func(context.Context) error { panic("r0 is the token") }, 500, "internal_server_error", false},
		"a deadline": {func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(oauth.ErrUnavailable, ctx.Err())
		}, 503, "database_unavailable", true},
	} {
		var log bytes.Buffer
		short := options(func(o *handlers.Options) { o.RequestTimeout = 10 * time.Millisecond })
		f := &fixture{T: t, handler: handlers.New(tokenServer{fail: test.fail}, nil, short, slog.New(slog.NewTextHandler(&log, nil)))}
		response, body := f.send(request("POST", tokenPath, formType, refreshBody))
		want := map[string]any{"code": test.code, "message": body["message"], "data": map[string]any{"status": float64(test.status)}}
		if diff := cmp.Diff(want, body); diff != "" || response.StatusCode != test.status {
			t.Errorf("%s: status %d, body (-want +got):\n%s", name, response.StatusCode, diff)
		}
		if (response.Header.Get("Retry-After") != "") != test.retry {
			t.Errorf("%s: Retry-After %q", name, response.Header.Get("Retry-After"))
		}
		if !strings.Contains(log.String(), "outcome="+test.code) || name == "a panic" && strings.Contains(log.String(), "r0") {
			t.Errorf("%s: log: %s", name, log.String())
		}
	}
}

// TestOverload: beyond the limit a request is refused at once, in the shape of
// an outage; when one has gone there is room again.
func TestOverload(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	server := tokenServer{fail: func(context.Context) error {
		entered <- true
		<-leave
		return oauth.ErrUnavailable
	}}
	two := options(func(o *handlers.Options) { o.MaxInFlight = 2 })
	var log bytes.Buffer
	ready := func(context.Context) error { return nil }
	f := &fixture{T: t, handler: handlers.New(server, ready, two, slog.New(slog.NewTextHandler(&log, nil)))}
	done := make(chan bool)
	for range 2 {
		go func() {
			f.handler.ServeHTTP(httptest.NewRecorder(), request("POST", tokenPath, formType, refreshBody))
			done <- true
		}()
		<-entered
	}
	response, body := f.send(request("POST", tokenPath, formType, refreshBody))
	if response.StatusCode != 503 || body["code"] != "overloaded" || body["error"] != nil || response.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, body %v", response.StatusCode, body)
	}
	if response.Header.Get("Connection") != "close" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", response.Header)
	}
	f.send(request("POST", tokenPath, formType, refreshBody))
	if n := strings.Count(log.String(), "max_in_flight"); n != 1 { // one a second, not one a request
		t.Errorf("%d lines of the log for two refusals:\n%s", n, log.String())
	}
	if text := scrape(f.handler); !strings.Contains(text, `moserver_refused_requests_total{limit="max_in_flight"} 2`) {
		t.Errorf("two refusals are not counted:\n%s", text)
	}
	for _, probe := range []string{"/healthz", "/readyz"} {
		if response, _ := f.send(request("GET", probe, "", "")); response.StatusCode != 200 {
			t.Errorf("%s of a full server: status %d", probe, response.StatusCode)
		}
	}
	for range 2 {
		leave <- true
		<-done
	}
	go func() {
		<-entered
		leave <- true
	}()
	if _, body := f.send(request("POST", tokenPath, formType, refreshBody)); body["code"] != "database_unavailable" {
		t.Errorf("with room again: body %v", body)
	}
}

func TestProbes(t *testing.T) {
	var problem error
	f := &fixture{T: t, handler: handlers.New(nil, func(context.Context) error { return problem }, options(nil), slog.New(slog.DiscardHandler))}
	for _, down := range []bool{false, true} {
		problem = map[bool]error{true: oauth.ErrUnavailable}[down]
		if response, _ := f.send(request("GET", "/healthz", "", "")); response.StatusCode != 200 {
			t.Errorf("healthz: status %d", response.StatusCode)
		}
		response, body := f.send(request("GET", "/readyz", "", ""))
		if want := map[bool]int{false: 200, true: 503}[down]; response.StatusCode != want {
			t.Errorf("readyz: status %d, want %d; body %v", response.StatusCode, want, body)
		}
	}
}

// TestReadyOfSilentDatabase: a probe gives up after some seconds, and hears
// before that what is the matter.
func TestReadyOfSilentDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return oauth.ErrUnavailable
			case <-time.After(5 * time.Second):
				return nil
			}
		}
		f := &fixture{T: t, handler: handlers.New(nil, silent, options(nil), slog.New(slog.DiscardHandler))}
		if response, body := f.send(request("GET", "/readyz", "", "")); response.StatusCode != 503 || body["reason"] == nil {
			t.Errorf("status %d, body %v", response.StatusCode, body)
		}
	})
}
