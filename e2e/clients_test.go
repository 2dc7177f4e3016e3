package e2e_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestCredentials: the parts of Basic are url-encoded in RFC 6749, 2.3.1 and in
// Go's oauth2, and raw in most others; the secret of the client here reads
// differently in each.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "odd", s.odd, stage.Row{})
	s.Put("refresh", "app", s.app, stage.Row{})
	encoded := base64.StdEncoding.EncodeToString([]byte(s.odd.ID + ":" + s.odd.Secret))
	for _, c := range []struct {
		name, authorization, token string
		body                       []string
	}{
		{"raw", "Basic " + encoded, "odd", nil},
		{"url-encoded", basic(url.QueryEscape(s.odd.ID), url.QueryEscape(s.odd.Secret)), "odd", nil},
		{"percent for space", basic(s.odd.ID, strings.ReplaceAll(url.QueryEscape(s.odd.Secret), "+", "%20")), "odd", nil},
		{"lower case", "basic " + encoded, "odd", nil},
		{"upper case", "BASIC " + encoded, "odd", nil},
		{"body", "", "odd", stage.Credentials(s.odd)},
		{"both, the same", basic(s.app.ID, s.app.Secret), "app", stage.Credentials(s.app)},
		{"both, the header wins", basic(s.app.ID, s.app.Secret), "app", stage.Credentials(s.odd)},
		{"both, the id alone in the body", basic(s.app.ID, s.app.Secret), "app", []string{"client_id", s.app.ID}},
		{"Bearer beside the body", "Bearer abc", "app", stage.Credentials(s.app)},
		{"bare base64 beside the body", encoded, "app", stage.Credentials(s.app)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := stage.FormRequest(server.Base+stage.TokenPath, append(c.body, "grant_type", "refresh_token", "refresh_token", c.token)...)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			server.Send(r).WantTokens(t, "profile email")
		})
	}
	t.Run("a wrong secret in the header is not saved by the body", func(t *testing.T) {
		r := stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, "app")...)
		r.SetBasicAuth(s.app.ID, "wrong")
		server.Send(r).WantError(t, http.StatusUnauthorized, "invalid_client")
	})
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// TestGoClient does what Go's oauth2 does with a server that it does not know:
// Basic first, and on any refusal at once the same with the body. A code must
// survive the first of the two.
func TestGoClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("code", "probe", s.app, stage.Row{})
	r := stage.FormRequest(server.Base+stage.TokenPath, "grant_type", "authorization_code", "code", "probe")
	r.Header.Set("Authorization", basic(url.QueryEscape(s.app.ID), "rejected"))
	server.Send(r).WantError(t, http.StatusUnauthorized, "invalid_client")
	server.Redeem(s.app, "probe").WantTokens(t, "profile email")
	server.Redeem(s.app, "probe").WantError(t, http.StatusBadRequest, "invalid_grant")
}

// TestBodies: types and values of bodies as clients write them.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	form := stage.Encode(append(stage.RefreshForm(s.app, "r1"), "username", "alice", "password", "x", "state", "y")...)
	for _, c := range []struct{ name, contentType, body string }{
		{"a charset that is not well-formed", "application/x-www-form-urlencoded; charset: UTF - 8", form},
		{"upper case", "Application/X-WWW-Form-URLEncoded;charset=UTF-8", form},
		{"the same value twice", "application/x-www-form-urlencoded", form + "&grant_type=refresh_token"},
		{"an empty pair at the end", "application/x-www-form-urlencoded", form + "&"},
		{"JSON with null and a nested extra", "application/json;charset=utf-8", `{"grant_type":"refresh_token","scope":null,` +
			`"extra":{"a":[1]},"refresh_token":"r1","client_id":"` + s.app.ID + `","client_secret":"` + s.app.Secret + `"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := stage.NewRequest(http.MethodPost, server.Base+stage.TokenPath, c.body)
			r.Header.Set("Content-Type", c.contentType)
			server.Send(r).WantTokens(t, "profile email")
		})
	}
	t.Run("a value that is repeated differently", func(t *testing.T) {
		r := stage.NewRequest(http.MethodPost, server.Base+stage.TokenPath, form+"&refresh_token=r2")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		server.Send(r).WantError(t, http.StatusBadRequest, "invalid_request")
	})
	t.Run("an access token as refresh_token", func(t *testing.T) {
		s.Put("access", "a1", s.app, stage.Row{})
		server.Refresh(s.app, "a1").WantError(t, http.StatusBadRequest, "invalid_grant")
	})
}

// TestPaths: all the addresses under which WordPress knows the endpoint. None
// of them redirects, because clients turn a redirected POST into a GET.
func TestPaths(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	for _, path := range []string{
		"/wp-json/moserver/token",
		"/wp-json/moserver/token/",
		"/wptest/wordpress/wp-json/moserver/token",
		"/index.php/wp-json/moserver/token",
		"/blog/index.php/wp-json/moserver/token/",
		"/?rest_route=/moserver/token",
		"/?rest_route=%2Fmoserver%2Ftoken",
		"/index.php?rest_route=/moserver/token",
		"/wptest/?rest_route=/moserver/token/",
		"/wp-content/plugins/miniorange-oauth-20-server/web/moserver/token",
	} {
		t.Run(path, func(t *testing.T) {
			server.Send(stage.FormRequest(server.Base+path, stage.RefreshForm(s.app, "r1")...)).WantTokens(t, "profile email")
		})
	}
	for _, path := range []string{
		"/", "/wp-json/", "/wp-json/moserver/authorize", "/wp-json/moserver/token/x", "/xwp-json/moserver/token",
		"/wp-json/moserver/tokens", "/?rest_route=/moserver/resources", "//evil.example.com/", "/token",
	} {
		t.Run(path, func(t *testing.T) {
			a := server.Send(stage.FormRequest(server.Base+path, stage.RefreshForm(s.app, "r1")...))
			if a.Status != http.StatusNotFound || a.Member("code") != "rest_no_route" {
				t.Errorf("want WordPress's 404, got %s", a)
			}
		})
	}
}

// TestMethods: only POST gives tokens, and whatever else is told so.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "PROPFIND"} {
		query := "?" + stage.Encode(stage.RefreshForm(s.app, "r1")...)
		a := server.Send(stage.NewRequest(method, server.Base+stage.TokenPath+query, ""))
		a.WantError(t, http.StatusMethodNotAllowed, "invalid_request")
		a.WantHeader(t, "Allow", "POST")
	}
}

// TestCurl is what people paste.
func TestCurl(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	for _, arguments := range [][]string{
		{"-d", "client_id=" + s.app.ID, "-d", "client_secret=" + s.app.Secret},
		{"-u", s.app.ID + ":" + s.app.Secret},
		{"-u", s.app.ID + ":" + s.app.Secret, "--http1.0"},
		{"-u", s.app.ID + ":" + s.app.Secret, "-H", "Expect: 100-continue", "-H", "Transfer-Encoding: chunked"},
		{"-F", "client_id=" + s.app.ID, "-F", "client_secret=" + s.app.Secret, "-F", "grant_type=refresh_token", "-F", "refresh_token=r1"},
	} {
		arguments = append([]string{"-sS", "--max-time", "30", server.Base + stage.TokenPath}, arguments...)
		if arguments[len(arguments)-2] != "-F" {
			arguments = append(arguments, "-d", "grant_type=refresh_token", "-d", "refresh_token=r1")
		}
		out, err := exec.Command("curl", arguments...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), `"token_type":"Bearer"`) {
			t.Errorf("curl %q: %v\n%s", arguments[4:], err, stage.Shorten(string(out)))
		}
	}
}
