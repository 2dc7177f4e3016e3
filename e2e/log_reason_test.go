package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// refused is a request and what its line of the log must say.
type refused struct {
	reason string
	send   *http.Request
	more   map[string]any
}

// TestLogReasons: the log says why, whatever the client is told.
func TestLogReasons(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.Serve("--log-format", "json")
	unreadable := stage.Client{ID: "Unreadable", Secret: "right"}
	plain := stage.Client{ID: "Plain", Secret: "right-secret"}
	for _, c := range []stage.Client{unreadable, plain} {
		s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) VALUES (?, ?, ?, '', 1)",
			c.ID, c.ID, map[string]string{"Unreadable": "!!!", "Plain": "right-secret"}[c.ID])
	}
	s.Put("refresh", "live", s.app, stage.Row{})
	s.Put("refresh", "old", s.app, stage.Row{Expires: "2020-01-01 00:00:00"})
	s.Put("refresh", "of-nobody", s.app, stage.Row{User: 4711})
	s.Put("code", "old-code", s.app, stage.Row{Expires: "2020-01-01 00:00:00"})
	s.Put("code", "theirs", s.app, stage.Row{})
	s.Put("code", "elsewhere", s.app, stage.Row{})
	s.Exec("UPDATE {}moos_oauth_authorization_codes SET redirect_uri = 'https://app.example.com/' WHERE authorization_code = 'elsewhere'")
	s.Put("access", "old-access", s.app, stage.Row{Expires: "2020-01-01 00:00:00"})
	s.Put("access", "access-of-nobody", s.app, stage.Row{User: 4711, Expires: "2037-01-01 00:00:00"})
	expectReasons(t, server, reasonRequests(s, server.Base, unreadable, plain))

	s.Exec("UPDATE {}moos_oauth_public_keys SET public_key = 'x', private_key = 'x' WHERE client_id = ?", s.app.ID)
	expectReasons(t, server, []refused{{"key_unreadable", stage.NewRequest("GET", server.Base+strings.TrimSuffix(stage.TokenPath, "token")+s.app.ID+"/.well-known/keys", ""), nil}})

	s.Put("refresh", "replaced", s.pub, stage.Row{})
	rotated(t, server, s.pub, "replaced")
	s.later("1 DAY")
	expectReasons(t, server, []refused{{"refresh_token_replaced", stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.pub, "replaced")...), map[string]any{"level": "WARN"}}})

	s.PutOption("mo_oauth_server_is_client_secret_encrypted", "")
	expectReasons(t, server, []refused{{"secret_not_marked", stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, "live")...), nil}})
}

func reasonRequests(s *site, base string, unreadable, plain stage.Client) []refused {
	target := base + stage.TokenPath
	namespace := strings.TrimSuffix(target, "token")
	form := func(pairs ...string) *http.Request { return stage.FormRequest(target, pairs...) }
	refresh := func(c stage.Client, token string) *http.Request { return form(stage.RefreshForm(c, token)...) }
	code := func(c stage.Client, code string) *http.Request { return form(stage.CodeForm(c, code)...) }
	bearer := func(token string) *http.Request {
		r := stage.NewRequest("GET", namespace+"resource", "")
		r.Header.Set("Authorization", token)
		return r
	}
	numbered := refresh(s.app, "none")
	numbered.Header.Set("X-Request-Id", "7d3e2f1a7d3e2f1a7d3e2f1a7d3e2f1a")
	broken := stage.NewRequest("POST", target, `{"code":`)
	broken.Header.Set("Content-Type", "application/json")
	twice := bearer("Bearer none")
	twice.URL.RawQuery = "access_token=none"
	known := map[string]any{"client_id": s.app.ID}
	return []refused{
		{"client_missing", form("grant_type", "refresh_token"), nil},
		{"client_unknown", refresh(stage.Client{ID: "NobodyHasThisId", Secret: "x"}, "live"), map[string]any{"client_id": "", "client_id_sent": "NobodyH…"}},
		{"client_unknown", refresh(stage.Client{ID: "NobodyHasThisId"}, "live"), nil},
		{"secret_missing", refresh(stage.Client{ID: s.app.ID}, "live"), known},
		{"secret_wrong", refresh(stage.Client{ID: s.app.ID, Secret: "x"}, "live"), known},
		{"secret_unexpected", refresh(stage.Client{ID: s.pub.ID, Secret: "x"}, "live"), nil},
		{"secret_unreadable", refresh(unreadable, "live"), nil},
		{"secret_plain", refresh(plain, "live"), nil},
		{"client_public", stage.FormRequest(namespace+"introspect", "client_id", s.pub.ID, "token", "x"), nil},
		{"grant_type_missing", form(stage.Credentials(s.app)...), nil},
		{"grant_type_unknown", form(append(stage.Credentials(s.app), "grant_type", "client_credentials")...), map[string]any{"grant": "", "grant_sent": "client_credentials"}},
		{"code_missing", code(s.app, ""), nil},
		{"code_unknown", code(s.app, "none"), nil},
		{"code_expired", code(s.app, "old-code"), nil},
		{"code_of_another_client", code(s.hs, "theirs"), nil},
		{"redirect_uri_differs", code(s.app, "elsewhere"), known},
		{"refresh_token_missing", refresh(s.app, ""), nil},
		{"refresh_token_unknown", numbered, map[string]any{"client_id": s.app.ID, "request_id": "7d3e2f1a7d3e2f1a7d3e2f1a7d3e2f1a", "remote": "proxy 127.0.0.1"}},
		{"refresh_token_expired", refresh(s.app, "old"), nil},
		{"refresh_token_of_another_client", refresh(s.hs, "live"), nil},
		{"user_gone", refresh(s.app, "of-nobody"), nil},
		{"scope_too_wide", form(append(stage.RefreshForm(s.app, "live"), "scope", "openid")...), nil},
		{"token_missing", form(append(stage.Credentials(s.app), "grant_type", "revoke")...), nil},
		{"token_of_another_client", form(append(stage.Credentials(s.hs), "token", "live")...), nil},
		{"access_token_missing", stage.NewRequest("GET", namespace+"resource", ""), nil},
		{"access_token_unknown", bearer("Bearer none"), nil},
		{"access_token_expired", bearer("Bearer old-access"), known},
		{"user_gone", bearer("Bearer access-of-nobody"), nil},
		{"authorization_malformed", bearer("Bearer"), nil},
		{"client_unknown", stage.NewRequest("GET", namespace+"NobodyHasThisId/.well-known/openid-configuration", ""), map[string]any{"client_id_sent": "NobodyH…"}},
		{"client_has_no_keys", stage.NewRequest("GET", namespace+s.hs.ID+"/.well-known/keys", ""), nil},
		{"client_unknown", stage.NewRequest("GET", namespace+"NobodyHasThisId/.well-known/keys", ""), nil},
		{"body_malformed", broken, nil},
		{"access_token_twice", twice, nil},
		{"rest_no_route", stage.NewRequest("GET", base+"/elsewhere", ""), nil},
		{"method_not_allowed", stage.NewRequest("GET", target, ""), nil},
		{"body_too_large", form("code", strings.Repeat("x", 70_000)), nil},
		{"parameter_repeated", form("code", "a", "code", "b"), nil},
	}
}

// expectReasons sends requests one after the other, and looks at the line of each.
func expectReasons(t *testing.T, server *stage.Sidecar, requests []refused) {
	t.Helper()
	for _, r := range requests {
		before := len(requestLines(server, "json"))
		answer := server.Send(r.send)
		server.AwaitThat("a line", func() bool { return len(requestLines(server, "json")) > before })
		var line map[string]any
		if err := json.Unmarshal([]byte(requestLines(server, "json")[before]), &line); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"reason": r.reason}
		maps.Copy(want, r.more)
		for name, value := range want {
			if line[name] != value {
				t.Errorf("%s: %s is %v, want %v (%s)", r.reason, name, line[name], value, answer)
			}
		}
		if ms, ok := line["duration_ms"].(float64); !ok || ms <= 0 || ms > 60_000 {
			t.Errorf("%s: duration_ms is %v", r.reason, line["duration_ms"])
		}
		if strings.Contains(answer.Text, r.reason) && r.reason != "rest_no_route" {
			t.Errorf("the client is told %s: %s", r.reason, answer)
		}
	}
}

// TestLogFlood: what anybody can send without a secret has few lines, and all are
// counted; an authenticated client's have a line each.
func TestLogFlood(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve("--auth-failures", "0")
	const flood = 1500
	for i := range flood {
		server.Send(stage.NewRequest("GET", fmt.Sprint(server.Base, "/nothing/", i), ""))
		server.Send(stage.NewRequest("POST", server.Base+stage.TokenPath, ""))
	}
	s.PutOption("active_plugins", otherPlugins)
	for range flood {
		server.Send(stage.NewRequest("POST", server.Base+stage.TokenPath, ""))
	}
	s.Exec("RENAME TABLE {}moos_oauth_clients TO {}elsewhere")
	for range flood {
		server.Send(stage.NewRequest("POST", server.Base+stage.TokenPath, ""))
	}
	s.Exec("RENAME TABLE {}elsewhere TO {}moos_oauth_clients")
	s.PutOption("active_plugins", activePlugins)
	const honest = 30
	for range honest {
		server.Refresh(s.app, "none")
	}
	told := func(reason string) (lines, counted int) {
		lines = strings.Count(strings.Join(requestLines(server, "text"), ""), "reason="+reason)
		for _, m := range regexp.MustCompile(`msg="more refusals" reason=`+reason+` .*count=(\d+)`).FindAllStringSubmatch(server.Stderr.String(), -1) {
			n := 0
			_, _ = fmt.Sscan(m[1], &n) // digits
			counted += n
		}
		return lines, counted
	}
	for _, reason := range []string{"rest_no_route", "grant_type_missing", "plugin_not_active", "database_unavailable"} {
		var lines, counted int
		server.AwaitThat("all of "+reason+" are counted", func() bool {
			lines, counted = told(reason)
			return lines+counted >= flood
		})
		if lines+counted != flood || lines > flood/4 {
			t.Errorf("%s: %d lines and %d counted, of %d", reason, lines, counted, flood)
		}
	}
	if lines, counted := told("refresh_token_unknown"); lines != honest || counted != 0 {
		t.Errorf("%d lines and %d counted for %d requests of a client with its secret", lines, counted, honest)
	}
	if n := len(slices.Collect(strings.Lines(server.Stderr.String()))); n > flood/2 {
		t.Errorf("the log has %d lines", n)
	}
}
