package handlers_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"moserver-sidecar/handlers"
)

// TestStreamEnds: a client that only listens does not keep the server from stopping, and
// its stream ends in order; an answer that has an end is finished.
func TestStreamEnds(t *testing.T) {
	finish := make(chan struct{})
	wordPress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=UTF-8")
		_, _ = io.WriteString(w, "hello")
		http.NewResponseController(w).Flush()
		if r.Method == http.MethodPost {
			<-finish
			_, _ = io.WriteString(w, ", world")
			return
		}
		<-r.Context().Done()
	}))
	defer wordPress.Close()
	f := newFixture(t, func(o *handlers.Options) { o.Upstream = upstreamAt(wordPress.URL) })
	server := handlers.HTTPServer(f.handler, options(func(o *handlers.Options) { o.MaxConnections = 10 }), slog.New(slog.DiscardHandler))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	begin := func(method string) io.Reader {
		r, err := http.NewRequestWithContext(ctx, method, "http://"+listener.Addr().String()+"/wp-json/moserver/mcp", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		if _, err := io.ReadFull(answer.Body, make([]byte, len("hello"))); err != nil {
			t.Fatal(err)
		}
		return answer.Body
	}
	listening, posted := begin(http.MethodGet), begin(http.MethodPost)
	stopped := make(chan error)
	go func() { stopped <- server.Shutdown(ctx) }()
	if rest, err := io.ReadAll(listening); err != nil || len(rest) > 0 {
		t.Errorf("the stream ends with %q, %v", rest, err)
	}
	close(finish)
	if rest, err := io.ReadAll(posted); err != nil || string(rest) != ", world" {
		t.Errorf("the answer to the POST ends with %q, %v", rest, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
