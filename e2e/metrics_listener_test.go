package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestMetricsListener: it answers two questions, and the public listener neither of the
// metrics nor of anything new.
func TestMetricsListener(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for _, address := range []string{stage.FreeAddress(t), "unix:" + filepath.Join(stage.ShortDir(t), "metrics.sock")} {
		m := newScraped(t, s.Serve("--metrics-listen", address), address)
		if a := m.ask(http.MethodGet, "/healthz"); a.Status != http.StatusOK || a.Member("status") != "ok" {
			t.Errorf("/healthz: %s", a)
		}
		command(t, nil, "healthcheck", "--listen", address).want(t, 0, "ok")
		m.scrape()
		for path, status := range map[string]int{"/": 404, "/readyz": 404, stage.TokenPath: 404, "/debug/pprof/": 404, "/metrics/": 404} {
			if a := m.ask(http.MethodGet, path); a.Status != status {
				t.Errorf("%s: %d, want %d", path, a.Status, status)
			}
		}
		for _, path := range []string{"/metrics", "/healthz"} {
			if a := m.ask(http.MethodPost, path); a.Status != http.StatusMethodNotAllowed {
				t.Errorf("POST %s: %d", path, a.Status)
			}
		}
		if a := m.Get("/metrics"); a.Status != http.StatusNotFound {
			t.Errorf("the public listener has /metrics: %d", a.Status)
		}
		if a := m.Get("/healthz"); a.Status != http.StatusOK {
			t.Errorf("the public listener has no /healthz: %d", a.Status)
		}
	}
}

// TestMetricsTaken: a server whose metrics find their address taken says so, and serves.
func TestMetricsTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	taken := s.Serve()
	server := s.Serve("--metrics-listen", strings.TrimPrefix(taken.Base, "http://"))
	server.Await("is another server already using it?")
	if a := server.Get("/readyz"); a.Status != http.StatusOK {
		t.Errorf("/readyz: %s", a)
	}
}

// TestCheckMetrics: check warns of metrics for everybody.
func TestCheckMetrics(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for address, warns := range map[string]bool{":9464": true, "0.0.0.0:9464": true, "[::]:9464": true, "127.0.0.1:9464": false, "10.0.0.1:9464": false, "unix:/run/x.sock": false, "": false} {
		r := command(t, nil, "check", "--wp-config", s.WPConfig, "--metrics-listen", address)
		if r.want(t, 0, "ok: "); strings.Contains(r.stdout, "warning: metrics_listen is on all interfaces") != warns {
			t.Errorf("%q: want a warning %v:\n%s", address, warns, r.stdout)
		}
	}
}
