package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// hush is in every value that a client sends in these tests and that no log
// may have.
const hush = "hush"

// TestLog sends good and bad requests with a secret in every place where a
// client could put one, and looks for them in the log.
func TestLog(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, database)
			secretive := stage.Client{Name: "Log", ID: "LogClientLogClientLogClientLogCl", Secret: "LogSecret-hush-client-secret", Redirect: "https://log.example.com/"}
			s.PutClient(secretive)
			s.Put("refresh", "hush-refresh", secretive, stage.Row{})
			s.Put("code", "hush-code", secretive, stage.Row{})
			server := s.Serve("--log-format", format, "--log-level", "debug")
			var issued []string
			requests := secretRequests(server.Base, secretive)
			for _, r := range requests {
				a := server.Send(r)
				issued = append(issued, a.Member("access_token"), a.Member("refresh_token"))
			}
			server.AwaitThat("a line for each request", func() bool { return len(requestLines(server, format)) >= len(requests) })
			server.Stop()
			if n := len(requestLines(server, format)); n != len(requests) {
				t.Errorf("%d lines for %d requests", n, len(requests))
			}
			judgeLog(t, server.Stderr.String(), append(issued, hush, stage.DBPassword, base64.StdEncoding.EncodeToString([]byte(secretive.ID + ":"))[:20]))
			judgeLines(t, requestLines(server, format), format, secretive)
		})
	}
}

// secretRequests are requests with secrets in them. The first two succeed.
func secretRequests(base string, c stage.Client) []*http.Request {
	target := base + stage.TokenPath
	header := func(name, value string) *http.Request {
		r := stage.FormRequest(target, stage.RefreshForm(c, "hush-refresh")...)
		r.Header.Set(name, value)
		return r
	}
	body := func(contentType, text string) *http.Request {
		r := stage.NewRequest(http.MethodPost, target, text)
		r.Header.Set("Content-Type", contentType)
		return r
	}
	host := stage.FormRequest(target, stage.RefreshForm(c, "hush-refresh")...)
	host.Host = "hush.example.com"
	return []*http.Request{
		stage.FormRequest(target, stage.CodeForm(c, "hush-code")...),
		stage.FormRequest(target, stage.RefreshForm(c, "hush-refresh")...),
		stage.FormRequest(target, stage.CodeForm(c, "hush-code")...),
		stage.FormRequest(target, stage.RefreshForm(c, "hush-unknown")...),
		stage.FormRequest(target, stage.RefreshForm(stage.Client{ID: c.ID, Secret: "hush-wrong"}, "hush-refresh")...),
		stage.FormRequest(target, stage.RefreshForm(stage.Client{ID: c.Secret, Secret: c.ID}, "hush-refresh")...), // swapped
		stage.FormRequest(target, append(stage.Credentials(c), "grant_type", "Grant1-of-a-length-hush-grant")...),
		stage.FormRequest(target, append(stage.RefreshForm(c, "hush-refresh"), "scope", "hush-scope")...),
		stage.FormRequest(target, append(stage.RefreshForm(c, "hush-refresh"), "username", "hush-name", "password", "hush-password")...),
		stage.FormRequest(target, append(stage.RefreshForm(c, "hush-refresh"), "refresh_token", "hush-repeated")...),
		stage.FormRequest(target, append(stage.Credentials(c), "token", "hush-unknown", "token_type_hint", "hush-hint")...),
		stage.FormRequest(target + "?refresh_token=hush-query&client_secret=hush-query&scope=hush;hush"),
		stage.FormRequest(target+"/hush-path", stage.RefreshForm(c, "hush-refresh")...),
		stage.FormRequest(base+"/?rest_route=/moserver/token/hush", stage.RefreshForm(c, "hush-refresh")...),
		stage.NewRequest(http.MethodGet, target+"?"+stage.Encode(stage.RefreshForm(c, "hush-refresh")...), ""),
		stage.NewRequest("HUSH", target, ""),
		header("User-Agent", "hush-agent"),
		header("Referer", "https://hush.example.com/"),
		header("Origin", "https://hush.example.com"),
		header("Cookie", "wordpress_logged_in=hush"),
		header("X-Forwarded-For", "hush, 203.0.113.7"),
		header("X-Forwarded-For", "203.0.113.7, hush"),
		header("X-Request-Id", "hush-id"),
		header("Authorization", "Bearer hush-bearer"),
		header("Authorization", "Basic hush!"),
		header("Authorization", basic(c.ID, c.Secret)),
		header("Authorization", basic(c.Secret, c.ID)),
		header("Authorization", basic("hush:"+c.ID, "hush-wrong")),
		host,
		body("application/json", `{"refresh_token":"hush-json",`),
		body("application/json", `{"grant_type":["hush"],"client_secret":"hush"}`),
		body("multipart/form-data; boundary=hush", "--hush\r\nhush"),
		body("hush/hush", "hush"),
		stage.FormRequest(target, append(stage.Credentials(c), "token", "hush-refresh")...),
	}
}

// requestLines are the lines of the log that are for requests.
func requestLines(server *stage.Sidecar, format string) (lines []string) {
	mark := "msg=request "
	if format == "json" {
		mark = `"msg":"request"`
	}
	for line := range strings.Lines(server.Stderr.String()) {
		if strings.Contains(line, mark) {
			lines = append(lines, line)
		}
	}
	return lines
}

func judgeLog(t *testing.T, log string, secrets []string) {
	for _, secret := range secrets {
		for line := range strings.Lines(log) {
			if secret != "" && strings.Contains(strings.ToLower(line), strings.ToLower(secret)) {
				t.Errorf("the log has %q: %s", stage.Shorten(secret), stage.Shorten(line))
			}
		}
	}
}

// judgeLines: a line tells what an operator asks for. The first two requests
// have succeeded.
func judgeLines(t *testing.T, lines []string, format string, c stage.Client) {
	for _, line := range lines {
		for _, name := range []string{"route", "grant", "client_id", "outcome", "status", "duration_ms", "remote"} {
			if !hasAttribute(t, line, format, name) {
				t.Errorf("no %s: %s", name, line)
			}
		}
	}
	for i, grant := range []string{"authorization_code", "refresh_token"} {
		plain := strings.NewReplacer(`"`, "", ":", "=", ",", " ").Replace(lines[i])
		for _, want := range []string{"route=token ", "grant=" + grant + " ", "client_id=" + c.ID + " ", "outcome=ok ", "status=200 "} {
			if !strings.Contains(plain, want) {
				t.Errorf("line %d has no %s: %s", i+1, want, lines[i])
			}
		}
	}
	if len(lines) > 2 && !strings.Contains(lines[2], "invalid_grant") {
		t.Errorf("a code that is used up: %s", lines[2])
	}
}

func hasAttribute(t *testing.T, line, format, name string) bool {
	if format == "text" {
		return strings.Contains(line, " "+name+"=")
	}
	var attributes map[string]any
	if err := json.Unmarshal([]byte(line), &attributes); err != nil {
		t.Errorf("%v: %s", err, line)
	}
	_, there := attributes[name]
	return there
}

// TestLogOfFaults: what the database says of a fault is for the operator, but
// the values of the statement are not in it.
func TestLogOfFaults(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.Put("refresh", "hush-refresh", s.app, stage.Row{})
	server := s.Serve("--request-timeout", "1s", "--log-level", "debug")
	s.Exec("RENAME TABLE {}moos_oauth_access_tokens TO {}elsewhere")
	a := server.Refresh(s.app, "hush-refresh")
	if a.UnavailableFault() != "" {
		t.Errorf("%s: %s", a.UnavailableFault(), a)
	}
	server.Await("level=ERROR msg=request")
	if !strings.Contains(server.Stderr.String(), "moos_oauth_access_tokens") {
		t.Errorf("the log does not say which table is gone:\n%s", server.Stderr.String())
	}
	judgeLog(t, server.Stderr.String(), []string{hush, s.app.Secret, stage.DBPassword})
	s.Exec("RENAME TABLE {}elsewhere TO {}moos_oauth_access_tokens")
	server.Refresh(s.app, "hush-refresh").WantTokens(t, "profile email")
}
