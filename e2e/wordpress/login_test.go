package wordpress_test

import (
	"net/http"
	"testing"

	"moserver-sidecar/e2e/stage"
)

func TestLogin(t *testing.T) {
	for name, o := range map[string]stage.WordPressOptions{
		"usual": {}, "net": {Multisite: true}, "folder": {Folder: "/blog", PlainPermalinks: true, Prefix: "Site7_", TimeZone: "Europe/Berlin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := stage.StartWordPress(t, binary, o)
			c := w.AddClient(stage.Client{Name: "App", Redirect: "https://app.example.com/cb"})
			alice := w.AddUser("alice")
			code := w.Authorize(c, alice, "profile email")
			a := w.Token(append(stage.CodeForm(c, code), "redirect_uri", c.Redirect)...)
			a.WantTokens(t, "profile email")
			if r := w.Resource(a.Member("access_token")); r.Status != http.StatusOK || r.Member("username") != "alice" {
				t.Errorf("%d %s", r.Status, r.Text)
			}
			w.RouteToPHP()
			w.RouteToSidecar()
		})
	}
}
