package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestNginxNamespace asks for all routes that the server has, in each form that an
// address may have, and for others, which WordPress gets.
func TestNginxNamespace(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, form := range []string{"/wp-json/moserver/", "/blog/index.php/wp-json/moserver/", "/?rest_route=/moserver/", "/index.php?rest_route=%2Fmoserver%2F"} {
		route := func(name string) string {
			if strings.Contains(form, "%2F") {
				name = strings.ReplaceAll(name, "/", "%2F")
			}
			return form + name
		}
		t.Run(form, func(t *testing.T) { namespaceRoutes(t, d.site, d.nginx, route) })
	}
}

func namespaceRoutes(t *testing.T, s *site, nginx *stage.Nginx, route func(string) string) {
	refresh := route("token")
	s.Put("refresh", refresh, s.app, stage.Row{})
	token := nginx.Post(refresh, stage.RefreshForm(s.app, refresh)...)
	token.WantTokens(t, "profile email")

	r := stage.NewRequest(http.MethodGet, "http://"+nginx.Address+route("resource"), "")
	r.Header.Set("Authorization", "Bearer "+token.Member("access_token"))
	if a := nginx.Send(r); a.Status != http.StatusOK || a.Member("username") != "alice" {
		t.Errorf("resource: %s", a)
	}
	active := func(want bool) {
		t.Helper()
		a := nginx.Post(route("introspect"), append(stage.Credentials(s.app), "token", refresh)...)
		if a.Status != http.StatusOK || a.Body["active"] != want {
			t.Errorf("introspect: want active %v, got %s", want, a)
		}
	}
	active(true)
	nginx.Post(route("revoke"), append(stage.Credentials(s.app), "token", refresh)...).WantRevoked(t)
	active(false)
	for document, member := range map[string]string{"openid-configuration": "token_endpoint", "keys": "keys"} {
		a := nginx.Get(route(s.app.ID + "/.well-known/" + document))
		if a.Status != http.StatusOK || a.Body[member] == nil {
			t.Errorf("%s: %s", document, a)
		}
	}
	for _, name := range []string{"x/.well-known/other", "resource/x", "register"} {
		if a := nginx.Get(route(name)); a.Member("REQUEST_URI") != route(name) {
			t.Errorf("%s: want it at WordPress, got %s", name, a)
		}
	}
}
