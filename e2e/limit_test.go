package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// guess sends a wrong secret from an address as a proxy writes it, and returns
// the status. The server has looked at the secret unless it is 429.
func guess(t *testing.T, server *stage.Sidecar, c stage.Client, address string, n int) int {
	a, err := server.Do(addressed(server, stage.Client{ID: c.ID, Secret: fmt.Sprint("wrong ", n)}, address))
	if err != nil || a.Status != http.StatusBadRequest && a.Status != http.StatusTooManyRequests {
		t.Errorf("guess %d: %s, %v", n, a, err)
	}
	return a.Status
}

func addressed(server *stage.Sidecar, c stage.Client, address string) *http.Request {
	r := stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(c, "r1")...)
	r.Header.Set("X-Forwarded-For", address)
	return r
}

// TestBurstOfGuesses: guesses that are sent at once are no more than the limit,
// and what the minute gives back.
func TestBurstOfGuesses(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	const limit = 6
	server := s.Serve("--auth-failures", fmt.Sprint(limit))
	start := time.Now()
	var looked atomic.Int64
	var group sync.WaitGroup
	for n := range 200 {
		group.Go(func() {
			if guess(t, server, s.app, "192.0.2.1", n) != http.StatusTooManyRequests {
				looked.Add(1)
			}
		})
	}
	group.Wait()
	if most := limit + int64(time.Since(start).Minutes()*limit); looked.Load() > most {
		t.Errorf("%d of 200 guesses were looked at, want at most %d", looked.Load(), most)
	}
	s.Put("refresh", "r1", s.app, stage.Row{})
	if a := server.Send(addressed(server, s.app, "192.0.2.1")); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the right secret over the limit: %s", a)
	}
	server.Send(addressed(server, s.app, "192.0.2.2")).WantTokens(t, "profile email")
}

// TestHonestBesideGuesser: a client that works is not locked out by a guesser
// behind the same address; one burst of its own requests is no failure either.
func TestHonestBesideGuesser(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve("--auth-failures", "3")
	s.Put("refresh", "r1", s.app, stage.Row{})
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			if a, err := server.Do(addressed(server, s.app, "192.0.2.1")); err != nil || a.Status != http.StatusOK {
				t.Errorf("the client's own burst: %s, %v", a, err)
			}
		})
	}
	group.Wait()
	for n := range 25 {
		guess(t, server, s.app, "192.0.2.1", n)
		server.Send(addressed(server, s.app, "192.0.2.1")).WantTokens(t, "profile email")
	}
	looked := 25
	for n := range 25 {
		if guess(t, server, s.app, "192.0.2.1", looked+n) != http.StatusTooManyRequests {
			looked++
		}
	}
	if looked > 40 {
		t.Errorf("%d guesses were looked at, want about ten times 3", looked)
	}
}

// TestOneGuesserManyAddresses: an address cannot be written in such a way that
// one guesser is counted as many.
func TestOneGuesserManyAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve("--auth-failures", "3")
	for name, address := range map[string]string{
		"one /64":             "2001:db8:1:2:%x::1",
		"ports":               "192.0.2.1:%d",
		"ports of IPv6":       "[2001:db8:1:3::1]:%d",
		"zones":               "fe80::1%%x%d",
		"zones with ports":    "[fe80:0:0:1::1%%x%d]:80",
		"v4-mapped with port": "[::ffff:192.0.2.2]:%d",
	} {
		looked := 0
		for n := range 30 {
			if guess(t, server, s.app, fmt.Sprintf(address, n+1), n) != http.StatusTooManyRequests {
				looked++
			}
		}
		if looked > 6 {
			t.Errorf("%s: %d of 30 guesses were looked at, want 3 and what the time gives", name, looked)
		}
	}
	if status := guess(t, server, s.app, "192.0.2.2", 31); status != http.StatusTooManyRequests {
		t.Errorf("the address without ::ffff: has failures of its own: status %d", status)
	}
	if status := guess(t, server, s.app, "2001:db8:1:4::1", 31); status != http.StatusBadRequest {
		t.Errorf("another /64: status %d", status)
	}
}

// TestRouteOfAnother: nginx sends an address here because it is that of tokens,
// and may have made // into / for that. It must not be another route here.
func TestRouteOfAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	for _, path := range []string{
		"/wp-json//moserver/token/", "/wp-json/./moserver/token/", "/WP-JSON/%2Fmoserver/token/", "/wp-json/moserver/x/../token/",
		"/wp-json/moserver/token%23/index.php", "/wp-json/moserver/token%23/../../../", "/wp-content/plugins/x/web//moserver/token/",
		"/" + strings.Repeat("x/", 1500),
	} {
		r := stage.FormRequest(server.Base+path+"?rest_route=/moserver/introspect", append(stage.Credentials(s.app), "token", "r1")...)
		if a := server.Send(r); a.Status != http.StatusNotFound || a.Member("code") != "rest_no_route" {
			t.Errorf("%.60s: want 404, got %s", path, a)
		}
	}
}
