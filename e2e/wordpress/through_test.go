package wordpress_test

import (
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestThrough: check --through tells the server from a real WordPress, whatever form
// the site's links have.
func TestThrough(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]stage.WordPressOptions{
		"pretty permalinks":             {},
		"plain permalinks, in a folder": {PlainPermalinks: true, Folder: "/blog"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := stage.StartWordPress(t, binary, options)
			want := func(code int, word string, lines int, flags ...string) {
				t.Helper()
				p := stage.Start(t, nil, binary, append([]string{"check", "--through", w.URL, "--wp-config", w.WPConfig}, flags...)...)
				if got := p.Exit(); got != code || strings.Count(p.Stdout.String(), word) != lines || strings.Contains(p.Stdout.String(), "warning") {
					t.Errorf("want %d and %q, got %d\n%s", code, word, got, p.Stdout.String())
				}
			}
			want(0, "ok: this server, with this site's settings, answers at "+w.URL+"/", 2)
			want(1, "only /token reaches this server, and /authorize does not", 1, "--php-upstream", "http://127.0.0.1:1")
			w.RouteToPHP()
			want(1, "reaches PHP, and not this server", 1)
			newPeople(w.Blog, "through").putIn(t, closing)
			want(1, "moserver-close-token-route.php refuses it", 1)
			w.RouteToSidecar()
			want(0, "ok: this server, with this site's settings, answers at "+w.URL+"/", 2)
		})
	}
}
