package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestNginxNamespace runs the snippet that sends all routes that the server has
// to it, in each form that an address may have, and the others to WordPress.
func TestNginxNamespace(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	dir := socketDir(t)
	address := "unix:" + filepath.Join(dir, "token.sock")
	s.serve("--listen", address)
	nginx := startNginx(t, dir, snippetConf(t, dir, address, "moserver-namespace.conf"))
	for _, form := range []string{"/wp-json/moserver/", "/blog/index.php/wp-json/moserver/", "/?rest_route=/moserver/", "/index.php?rest_route=%2Fmoserver%2F"} {
		route := func(name string) string {
			if strings.Contains(form, "%2F") {
				name = strings.ReplaceAll(name, "/", "%2F")
			}
			return form + name
		}
		t.Run(form, func(t *testing.T) { namespaceRoutes(t, s, nginx, route) })
	}
}

func namespaceRoutes(t *testing.T, s *site, nginx *front, route func(string) string) {
	refresh := route("token")
	s.put("refresh", refresh, s.app, row{})
	token := nginx.post(refresh, refreshForm(s.app, refresh)...)
	token.wantTokens(t, "profile email")

	r := mustRequest(http.MethodGet, "http://"+nginx.address+route("resource"), "")
	r.Header.Set("Authorization", "Bearer "+token.member("access_token"))
	if a := nginx.send(r); a.status != http.StatusOK || a.member("username") != "alice" {
		t.Errorf("resource: %d %s", a.status, a.text)
	}
	active := func(want bool) {
		t.Helper()
		a := nginx.post(route("introspect"), append(credentials(s.app), "token", refresh)...)
		if a.status != http.StatusOK || a.body["active"] != want {
			t.Errorf("introspect: want active %v, got %d %s", want, a.status, a.text)
		}
	}
	active(true)
	nginx.post(route("revoke"), append(credentials(s.app), "token", refresh)...).wantRevoked(t)
	active(false)
	for document, member := range map[string]string{"openid-configuration": "token_endpoint", "keys": "keys"} {
		a := nginx.get(route(s.app.ID + "/.well-known/" + document))
		if a.status != http.StatusOK || a.body[member] == nil {
			t.Errorf("%s: %d %s", document, a.status, a.text)
		}
	}
	for _, name := range []string{"authorize", "mcp", "x/.well-known/other", "resource/x", "register"} {
		if a := nginx.get(route(name)); !strings.HasPrefix(a.text, wordPressSay) {
			t.Errorf("%s: want it at WordPress, got %d %s", name, a.status, a.text)
		}
	}
}
