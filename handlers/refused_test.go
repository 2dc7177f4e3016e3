package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"moserver-sidecar/oauth"
)

// heldServer answers a token request when it is told to.
type heldServer struct {
	TokenServer
	begun, answer chan struct{}
}

func (s heldServer) Token(context.Context, oauth.Request) (oauth.Answer, error) {
	s.begun <- struct{}{}
	<-s.answer
	return oauth.Answer{}, oauth.ErrSwitchedOff
}

func refusedIn(cs *connections) int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.refused
}

// TestRefusedTakeNoPlace: requests that wait to be refused, as many as connections may be
// open, do not get others refused that could be answered.
func TestRefusedTakeNoPlace(t *testing.T) {
	const connections = 4
	options := Options{MaxInFlight: 1, MaxConnections: connections, RequestTimeout: time.Minute, MaxBodyBytes: 1 << 10}
	held := heldServer{begun: make(chan struct{}), answer: make(chan struct{})}
	log := slog.New(slog.DiscardHandler)
	h := New(held, nil, options, log)
	o := h.current.Load().overload
	o.pace = rate.NewLimiter(rate.Every(time.Hour), 1)
	o.pace.Allow() // a refusal has to wait from now on
	server := HTTPServer(h, options, log)
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", listener.Addr().String())
		}}}
	answered := make(chan int)
	ask := func() {
		status := 0
		if r, err := client.Post("http://localhost"+"/wp-json"+routeToken, "application/x-www-form-urlencoded",
			strings.NewReader("grant_type=refresh_token&refresh_token=r")); err == nil {
			status = r.StatusCode
			r.Body.Close()
		}
		answered <- status
	}
	go ask()
	<-held.begun
	for range connections {
		go ask()
	}
	for refusedIn(server.connections) < connections {
		time.Sleep(time.Millisecond)
	}
	held.answer <- struct{}{}
	<-answered
	go ask()
	select {
	case <-held.begun:
		held.answer <- struct{}{}
	case <-time.After(10 * time.Second):
		t.Fatal("a request that could be answered was refused")
	}
	if status := <-answered; status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
}
