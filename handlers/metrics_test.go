package handlers_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

// scrape is what a handler tells Prometheus.
func scrape(handler http.Handler) string {
	registry := prometheus.NewRegistry()
	registry.MustRegister(handler.(prometheus.Collector))
	answer := httptest.NewRecorder()
	handlers.MetricsServer(registry, slog.New(slog.DiscardHandler)).Handler.ServeHTTP(answer, request("GET", "/metrics", "", ""))
	return answer.Body.String()
}

// TestClientLabels: neither very many clients, nor clients that register themselves, nor
// ids that are no text, make more series than a server can hold.
func TestClientLabels(t *testing.T) {
	f := newFixture(t, nil)
	ask := func(id string) {
		f.store.PutClient(oauth.Client{ID: id, Confidential: true, Secret: clientSecret})
		f.send(request("POST", tokenPath, "application/json", fmt.Sprintf(`{"grant_type":"refresh_token","client_id":%q}`, id)))
	}
	for i := range 30 {
		ask(fmt.Sprint("mcp_", i))
	}
	ask("umlaut \u00e4")
	f.store.PutClient(oauth.Client{ID: "byte \xe4", Confidential: true, Secret: clientSecret})
	f.send(request("POST", tokenPath, formType, "grant_type=refresh_token&client_id=byte+%E4"))
	for i := range 600 {
		ask(fmt.Sprint("client ", i))
	}
	f.send(request("POST", tokenPath, formType, "grant_type=refresh_token&client_id=nobody"))
	labels := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^moserver_requests_total{client_id="(.*?)".*} (.*)$`).FindAllStringSubmatch(scrape(f.handler), -1) {
		labels[m[1]] = m[2]
	}
	for id, n := range map[string]string{"mcp_*": "30", "umlaut ä": "1", "client 0": "1", "client 599": "", "*": "102", "": "1", "nobody": "", "byte \xe4": ""} {
		if labels[id] != n {
			t.Errorf("%q has %q requests, want %q", id, labels[id], n)
		}
	}
	if len(labels) != 503 {
		t.Errorf("%d labels", len(labels))
	}
}
