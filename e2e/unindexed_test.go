package e2e_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestFloodBeforeMigrate: tables of 500,000 rows without an index, and three floods of
// look-ups that nobody needs a secret for. Honest refreshes are answered meanwhile.
func TestFloodBeforeMigrate(t *testing.T) {
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{}))
	for range 5 {
		for _, kind := range []string{"access", "refresh"} {
			table, column := stage.Table(kind)
			s.Exec("INSERT INTO " + table + " (" + column + ", client_id, user_id, expires, scope) " +
				"SELECT MD5(RAND()), 'x', 2, '2037-01-01', 'profile' FROM " + sandbox.Numbers(100_000) + " AS n")
		}
	}
	s.Put("refresh", "r1", s.app, stage.Row{})
	address := stage.FreeAddress(t)
	server := s.Serve("--request-timeout", "5s", "--metrics-listen", address)
	server.Await("requests without a secret are answered one or two at a time")
	server.Await("moserver-sidecar migrate")
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")

	stop := make(chan struct{})
	var refused, sent atomic.Int64
	for _, request := range []func(i int) *http.Request{
		func(i int) *http.Request {
			return stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(stage.Client{ID: "nobody", Secret: "x"}, fmt.Sprint("garbage", i))...)
		},
		func(i int) *http.Request {
			return stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.pub, fmt.Sprint("garbage", i))...)
		},
		func(i int) *http.Request {
			return stage.NewRequest(http.MethodGet, fmt.Sprintf("%s/wp-json/moserver/resource?access_token=garbage%d", server.Base, i), "")
		},
	} {
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(time.Second / 15):
				}
				go func() {
					a, err := server.Do(request(i))
					sent.Add(1)
					if err == nil && a.Status == http.StatusServiceUnavailable && a.UnavailableFault() == "" {
						refused.Add(1)
					}
				}()
			}
		}()
	}
	defer close(stop)
	time.Sleep(3 * time.Second)
	answered, slowest := 0, time.Duration(0)
	for range 20 {
		begin := time.Now()
		if server.Refresh(s.app, "r1").Status == http.StatusOK {
			answered++
		}
		slowest = max(slowest, time.Since(begin))
	}
	t.Logf("%d of 20 honest refreshes answered, the slowest in %s; of %d garbage requests %d were refused with 503",
		answered, slowest.Round(time.Millisecond), sent.Load(), refused.Load())
	newScraped(t, server, address).wantRefused("unindexed")
	if answered != 20 || refused.Load() == 0 {
		t.Errorf("honest refreshes answered: %d of 20; garbage refused: %d", answered, refused.Load())
	}
}
