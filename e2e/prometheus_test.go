package e2e_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

const (
	rulesFile     = "packaging/prometheus/moserver-sidecar.rules.yml"
	dashboardFile = "packaging/grafana/moserver-sidecar.json"
)

// documented are the expressions of docs/metrics.md, without the comparison of some.
func documented(t *testing.T) (expressions []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?m)^\\| .*\\? \\| `(.*?)(?: > 0)?` \\|$").FindAllStringSubmatch(stage.ReadFile(t, stage.ProjectFile(t, "docs/metrics.md")), -1) {
		expressions = append(expressions, m[1])
	}
	return expressions
}

// startPrometheus starts Debian's Prometheus with the alert rules. It scrapes the server
// every second.
func startPrometheus(t *testing.T, m *scraped) (url string) {
	t.Helper()
	dir, address := t.TempDir(), stage.FreeAddress(t)
	config := stage.WriteFile(t, filepath.Join(dir, "prometheus.yml"), fmt.Sprintf(`global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
  - job_name: moserver-sidecar
    static_configs: [{targets: ["%s"]}]
`, stage.ProjectFile(t, rulesFile), strings.TrimPrefix(m.url, "http://")))
	program, err := stage.Find("prometheus")
	if err != nil {
		t.Fatal(err)
	}
	p := stage.Start(t, nil, program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	p.Await("Server is ready to receive web requests")
	return "http://" + address
}

// query is the answer of promtool to an expression, of which nothing is left if it has no
// series.
func query(t *testing.T, url, expression string) string {
	t.Helper()
	out, err := exec.Command("promtool", "query", "instant", url, expression).CombinedOutput()
	if err != nil {
		t.Fatalf("promtool query %s: %v\n%s", expression, err, out)
	}
	return strings.TrimSpace(string(out))
}

// dashboardExpressions are those of all panels and variables, with values for Grafana's
// variables.
func dashboardExpressions(t *testing.T) (expressions []string) {
	t.Helper()
	var dashboard struct {
		Templating struct{ List []struct{ Definition string } }
		Panels     []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(stage.ReadFile(t, stage.ProjectFile(t, dashboardFile))), &dashboard); err != nil {
		t.Fatal(err)
	}
	values := strings.NewReplacer("$instance", ".*", "$__rate_interval", "30s", "$__range", "1m")
	for _, p := range dashboard.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			expressions = append(expressions, values.Replace(target.Expr))
		}
	}
	for _, v := range dashboard.Templating.List {
		if name := regexp.MustCompile(`label_values\((\w+),`).FindStringSubmatch(v.Definition); name != nil {
			expressions = append(expressions, name[1])
		}
	}
	return expressions
}

// ruleSelectors are the parts of the rules that select series, without the comparison that
// makes them alerts.
func ruleSelectors(rules string) []string {
	expressions := regexp.MustCompile(`(?m)^        expr: .*$(?:\n          .*$)*`).FindAllString(rules, -1)
	return regexp.MustCompile(`\b(?:up|(?:moserver|http)_\w+)(?:\{[^}]*\})?`).FindAllString(strings.Join(expressions, "\n"), -1)
}

// TestPrometheus: Prometheus takes the rules and their tests, and has series for each
// expression of the dashboard and for all that the rules look at.
func TestPrometheus(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("promtool", "test", "rules", stage.ProjectFile(t, strings.Replace(rulesFile, "rules", "test", 1))).CombinedOutput(); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
	rules := stage.ReadFile(t, stage.ProjectFile(t, rulesFile))
	for _, text := range []string{"expr: ", "summary: ", "description: ", "severity: "} {
		if n := strings.Count(rules, text); n != strings.Count(rules, "- alert: ") {
			t.Errorf("%d rules have %q", n, text)
		}
	}
	d, m := newTraffic(t)
	url := startPrometheus(t, m)
	missing := slices.Concat(dashboardExpressions(t), ruleSelectors(rules), documented(t))
	if len(missing) < 57 {
		t.Fatalf("only %d expressions were found", len(missing))
	}
	// Not met in newTraffic: faults of the server itself, and an administrator's switch.
	rare := regexp.MustCompile(`internal_server_error|oauth_server_switched_off`)
	for deadline := time.Now().Add(stage.Patience); len(missing) > 0; time.Sleep(time.Second) {
		m.Refresh(d.app, "refresh") // so that there are rates
		var still []string
		for _, expression := range missing {
			if query(t, url, expression) == "" && !rare.MatchString(expression) {
				still = append(still, expression)
			}
		}
		if missing = still; time.Now().After(deadline) {
			t.Fatalf("no series for:\n%s", strings.Join(missing, "\n"))
		}
	}
	if firing := query(t, url, `ALERTS{alertstate="firing"}`); firing != "" {
		t.Errorf("alerts on a healthy server: %s", firing)
	}
}

// TestMetricsGoOn: neither changed settings and another pool of connections nor the end of
// the server, while requests are in flight, lose what was counted.
func TestMetricsGoOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	address := stage.FreeAddress(t)
	file := stage.WriteFile(t, filepath.Join(t.TempDir(), "moserver.yaml"), "db_max_connections: 7\n")
	m := newScraped(t, s.Serve("--metrics-listen", address, "--config", file, "--request-timeout", "2s"), address)
	s.Put("refresh", "r1", s.app, stage.Row{})
	m.Refresh(s.app, "r1").WantTokens(t, "profile email")
	s.Exec("RENAME TABLE {}moos_oauth_access_tokens TO {}elsewhere")
	m.Refresh(s.app, "r1")
	refreshed, lasting, main := `moserver_refreshes_total{client_id="`+s.app.ID+`"}`, `moserver_database_faults_total{kind="lasting"}`, `go_sql_max_open_connections{db_name="main"}`
	m.wantValues(map[string]float64{`moserver_database_up`: 0, refreshed: 1, main: 7})
	faults := value(m.scrape(), lasting)
	if faults < 1 {
		t.Errorf("%v faults are counted", faults)
	}
	s.Exec("RENAME TABLE {}elsewhere TO {}moos_oauth_access_tokens")
	stage.WriteFile(t, file, "db_max_connections: 9\nmax_in_flight: 33\nmetrics_listen: 127.0.0.1:1\n")
	hangup(m.Sidecar, logReloaded)
	m.Refresh(s.app, "r1").WantTokens(t, "profile email")
	m.wantValues(map[string]float64{`moserver_database_up`: 1, refreshed: 2, lasting: faults, main: 9,
		`moserver_in_flight_requests_limit{limit="max_in_flight"}`: 33, `moserver_batch_size_requests_count{kind="insert"}`: 3})

	unlock := s.lock("{}moos_oauth_access_tokens")
	done := make(chan stage.Answer, 1)
	go func() {
		a, _ := m.Do(stage.FormRequest(m.Base+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
		done <- a
	}()
	s.awaitInsert()
	for _, id := range s.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE ?", "INSERT%"+s.Prefix+"moos_oauth_access_tokens%") {
		s.Exec("KILL " + id) // the request goes on with another connection
	}
	m.wantValues(map[string]float64{`moserver_database_faults_total{kind="lost"}`: 1})
	m.wantValues(map[string]float64{`moserver_in_flight_requests{limit="max_in_flight"}`: 1})
	m.Signal(syscall.SIGTERM)
	m.Await("stopping")
	if got := value(m.scrape(), refreshed); got != 2 {
		t.Errorf("while it stops, %v refreshes are counted, want 2", got)
	}
	unlock()
	if a := <-done; a.Status != http.StatusOK {
		t.Errorf("the last request: %s", a)
	}
	if code := m.Exit(); code != 0 {
		t.Errorf("exit status %d", code)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("something still listens for scrapes")
	}
}
