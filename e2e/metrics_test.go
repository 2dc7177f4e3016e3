package e2e_test

import (
	"encoding/base64"
	"flag"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

var update = flag.Bool("update", false, "write the table of docs/metrics.md anew")

// scraped is a server whose metrics are scraped.
type scraped struct {
	*stage.Sidecar
	t    *testing.T
	url  string
	http *http.Client
}

// newScraped is for a server that was started with --metrics-listen address.
func newScraped(t *testing.T, server *stage.Sidecar, address string) *scraped {
	m := &scraped{server, t, "http://" + address, stage.HTTPClient(address)}
	if strings.HasPrefix(address, "unix:") {
		m.url = "http://localhost"
	}
	t.Cleanup(m.http.CloseIdleConnections)
	return m
}

// ask sends a request to the metrics listener.
func (m *scraped) ask(method, path string) stage.Answer {
	m.t.Helper()
	a, err := stage.Do(m.http, stage.NewRequest(method, m.url+path, ""))
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

// scrape is the text of /metrics.
func (m *scraped) scrape() string {
	m.t.Helper()
	a := m.ask(http.MethodGet, "/metrics")
	if a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		m.t.Fatalf("/metrics: %d %q: %s", a.Status, a.Header.Get("Content-Type"), a.Text)
	}
	return a.Text
}

// wantRefused fails the test unless requests were refused because of a limit.
func (m *scraped) wantRefused(limit string) {
	m.t.Helper()
	if n := value(m.scrape(), `moserver_refused_requests_total{limit="`+limit+`"}`); n < 1 {
		m.t.Errorf("%v requests are counted as refused by %s", n, limit)
	}
}

// value is that of a series, as a scrape has it with labels in their order, or -1.
func value(scrape, series string) float64 {
	for line := range strings.Lines(scrape) {
		if text, found := strings.CutPrefix(line, series+" "); found {
			n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err == nil {
				return n
			}
		}
	}
	return -1
}

// wantValues fails the test unless series have these values, soon: a request is counted
// after its answer was sent.
func (m *scraped) wantValues(want map[string]float64) {
	m.t.Helper()
	for series, n := range want {
		got := -1.0
		for range 100 {
			if got = value(m.scrape(), series); got == n {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if got != n {
			m.t.Errorf("%s is %v, want %v", series, got, n)
		}
	}
}

// newTraffic is a site behind the door, and a server that has met about everything that it
// counts: logins, refreshes, ID tokens, rotations, a replay, refusals, PHP.
func newTraffic(t *testing.T, flags ...string) (*door, *scraped) {
	t.Helper()
	address := stage.FreeAddress(t)
	d := newDoor(t, append([]string{"--metrics-listen", address, "--auth-failures", "3"}, flags...)...)
	d.wantSuccess("ok: ", "migrate")
	m := newScraped(t, d.server, address)
	d.Put("code", "login", d.app, stage.Row{Scope: "openid email"})
	if a := m.Redeem(d.app, "login"); a.Member("id_token") == "" {
		t.Fatalf("no ID token: %s", a)
	}
	d.Put("refresh", "refresh", d.app, stage.Row{})
	for range 3 {
		m.Refresh(d.app, "refresh").WantTokens(t, "profile email")
	}
	d.Put("refresh", "rotate", d.pub, stage.Row{})
	rotated(t, m.Sidecar, d.pub, rotated(t, m.Sidecar, d.pub, "rotate"))
	m.Refresh(d.pub, "rotate").WantError(t, http.StatusBadRequest, "invalid_grant") // a replay
	m.Refresh(d.app, "hush-unknown").WantError(t, http.StatusBadRequest, "invalid_grant")
	m.Refresh(stage.Client{ID: "hush-nobody", Secret: "hush-secret"}, "x").WantError(t, http.StatusBadRequest, "invalid_client")
	m.Post(append(stage.Credentials(d.app), "grant_type", "hush")...)
	for range 4 {
		r := stage.FormRequest(m.Base+stage.TokenPath, stage.RefreshForm(stage.Client{ID: d.hs.ID, Secret: "hush-wrong"}, "refresh")...)
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		m.Send(r)
	}
	m.Get("/wp-json/moserver/hush")
	m.Get("/hush")
	m.Send(stage.NewRequest("HUSH", m.Base+stage.TokenPath, ""))
	m.Get("/wp-json/moserver/" + d.app.ID + "/.well-known/openid-configuration")
	return d, m
}

// TestMetrics: a scrape after real traffic has what came of it, in the form that Prometheus
// wants, and nothing that a client has made up.
func TestMetrics(t *testing.T) {
	t.Parallel()
	d, m := newTraffic(t)
	app, pub, hs := `client_id="`+d.app.ID+`"`, `client_id="`+d.pub.ID+`"`, `client_id="`+d.hs.ID+`"`
	m.wantValues(map[string]float64{
		`moserver_logins_total{` + app + `}`:                                                                   1,
		`moserver_refreshes_total{` + app + `}`:                                                                3,
		`moserver_refreshes_total{` + pub + `}`:                                                                2,
		`moserver_id_tokens_total{` + app + `}`:                                                                1,
		`moserver_rotations_total`:                                                                             2,
		`moserver_replays_total{ended="true",kind="refresh_token"}`:                                            1,
		`moserver_refused_requests_total{limit="auth_failures"}`:                                               1,
		`moserver_refused_requests_total{limit="max_in_flight"}`:                                               0,
		`moserver_php_requests_total{outcome="2xx"}`:                                                           2, // with the foreign grant
		`moserver_in_flight_requests{limit="max_in_flight"}`:                                                   0,
		`moserver_in_flight_requests_limit{limit="max_in_flight"}`:                                             256,
		`moserver_in_flight_requests_limit{limit="php_upstream"}`:                                              250,
		`moserver_database_up`:                                                                                 1,
		`moserver_database_faults_total{kind="lost"}`:                                                          0,
		`moserver_log_lines_dropped_total`:                                                                     0,
		`moserver_sealed_codes_total`:                                                                          0,
		`go_sql_max_open_connections{db_name="main"}`:                                                          16,
		`moserver_purged_rows_total{table="` + d.Prefix + `moos_oauth_access_tokens"}`:                         0,
		`moserver_batch_size_requests_sum{kind="insert"}`:                                                      3,
		`moserver_requests_total{` + app + `,grant="authorization_code",outcome="ok",reason="",route="token"}`: 1,
		`moserver_requests_total{` + app + `,grant="refresh_token",outcome="ok",reason="",route="token"}`:      3,
		`moserver_requests_total{` + app + `,grant="refresh_token",outcome="invalid_grant",reason="refresh_token_unknown",route="token"}`:                                                                                   1,
		`moserver_requests_total{` + pub + `,grant="refresh_token",outcome="invalid_grant",reason="refresh_token_replaced",route="token"}`:                                                                                  1,
		`moserver_requests_total{` + hs + `,grant="refresh_token",outcome="invalid_client",reason="secret_wrong",route="token"}`:                                                                                            3,
		`moserver_requests_total{client_id="",grant="refresh_token",outcome="invalid_client",reason="client_unknown",route="token"}`:                                                                                        1,
		`moserver_requests_total{client_id="",grant="",outcome="rest_no_route",reason="rest_no_route",route="none"}`:                                                                                                        1,
		`http_server_request_duration_seconds_count{error_type="",http_request_method="POST",http_response_status_code="200",http_route="/wp-json/moserver/token",url_scheme="http"}`:                                       7,
		`http_server_request_duration_seconds_count{error_type="",http_request_method="GET",http_response_status_code="200",http_route="/wp-json/moserver/{client_id}/.well-known/openid-configuration",url_scheme="http"}`: 1,
	})
	scrape := m.scrape()
	if !strings.Contains(scrape, "moserver_build_info{goversion=\"go1.") || !strings.Contains(scrape, "\nprocess_open_fds ") {
		t.Error("there is no build info, or nothing of the process")
	}
	judgeLog(t, scrape, []string{hush, d.app.Secret, stage.DBPassword, "192.0.2.1", "refresh\"", base64.StdEncoding.EncodeToString([]byte(d.app.Secret))})
	lint := exec.Command("promtool", "check", "metrics")
	lint.Stdin = strings.NewReader(scrape)
	if out, err := lint.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	judgeTable(t, scrape)
}

// judgeTable holds the table of docs/metrics.md to a scrape.
func judgeTable(t *testing.T, scrape string) {
	t.Helper()
	table := "| Series | Type | Labels | What |\n|---|---|---|---|\n"
	for _, m := range regexp.MustCompile(`(?m)^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$`).FindAllStringSubmatch(scrape, -1) {
		name := m[1]
		if !strings.HasPrefix(name, "moserver_") && !strings.HasPrefix(name, "http_") {
			continue
		}
		var labels []string
		for _, line := range regexp.MustCompile(`(?m)^`+name+`(?:_count)?\{(.*)\} `).FindAllStringSubmatch(scrape, -1) {
			for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(line[1], -1) {
				if !slices.Contains(labels, "`"+label[1]+"`") {
					labels = append(labels, "`"+label[1]+"`")
				}
			}
		}
		table += "| `" + name + "` | " + m[3] + " | " + strings.Join(labels, ", ") + " | " + m[2] + " |\n"
	}
	path := stage.ProjectFile(t, "docs/metrics.md")
	page := stage.ReadFile(t, path)
	whole := regexp.MustCompile(`(?s)<!-- series -->\n.*<!-- /series -->`)
	want := whole.ReplaceAllLiteralString(page, "<!-- series -->\n"+table+"<!-- /series -->")
	if *update {
		stage.WriteFile(t, path, want)
	} else if page != want || !whole.MatchString(page) {
		t.Errorf("the table of docs/metrics.md is old; go test ./e2e -run TestMetrics -update writes it anew:\n%s", table)
	}
}
