package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/e2e/stage"
)

// TestContract sends what was recorded from the plugin. Each case puts rows in
// place, sends one request, and says what must come back and what must have
// changed in the tables; where that differs from the plugin, it is meant to.
func TestContract(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	for _, file := range []string{"authorization_code.json", "refresh.json", "other_routes.json"} {
		for _, c := range readCases(t, file) {
			t.Run(c.Name, func(t *testing.T) { runCase(t, s, server, c) })
		}
	}
}

func runCase(t *testing.T, s *site, server *stage.Sidecar, c contractCase) {
	now := time.Now().Truncate(time.Second)
	s.prepare(c, now)
	before := s.snapshot()
	a := server.Send(c.Request.build(t, server.Base))
	after := s.snapshot()

	if a.Status != c.Want.Status {
		t.Errorf("status: want %d, got %s", c.Want.Status, a)
	}
	judgeBody(t, c, a)
	if c.Want.Effects != nil {
		if diff := cmp.Diff(c.Want.Effects, effects(before, after, now)); diff != "" {
			t.Errorf("tables (-want +got):\n%s", diff)
		}
	}
}

// judgeBody compares the body as strictly as the case asks for: of an error
// only the code counts, and that it is explained.
func judgeBody(t *testing.T, c contractCase, a stage.Answer) {
	want, isObject := c.Want.Body.(map[string]any)
	switch code, isError := want["error"].(string); {
	case c.Request.Method == http.MethodHead && a.Text != "":
		t.Errorf("the answer to HEAD has a body: %s", a)
	case isError && strings.Contains(c.Request.Path, "moserver/") && !strings.Contains(c.Request.Path, "token"):
		wantRouteError(t, a, c.Want.Status, code)
	case isError:
		a.WantError(t, c.Want.Status, code)
	case isObject:
		if diff := cmp.Diff(want, describe(a.Body)); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
	}
	for _, name := range c.Want.BodyHas {
		if a.Body[name] == nil {
			t.Errorf("the body has no %s: %s", name, a)
		}
	}
	if c.Want.Status == http.StatusServiceUnavailable && a.UnavailableFault() != "" {
		t.Errorf("%s: %s", a.UnavailableFault(), a)
	}
}

// wantRouteError checks an error of the plugin's other routes, which have other
// names for what explains it.
func wantRouteError(t testing.TB, a stage.Answer, status int, code string) {
	t.Helper()
	explained := a.Member("error_description") + a.Member("desc") + a.Member("error_message")
	if a.Status != status || a.Member("error") != code || explained == "" || strings.Contains(explained, `"`) {
		t.Errorf("want %d %s, explained, got %s", status, code, a)
	}
}
