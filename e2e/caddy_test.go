package e2e_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestCaddy runs the Caddyfile that comes with the server in nginx's place.
func TestCaddy(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	outer, inner := stage.FreeAddress(t), stage.FreeAddress(t)
	conf := stage.ReadFile(t, "../packaging/caddy/Caddyfile")
	for old, new := range map[string]string{
		"unix//run/moserver/token.sock": "unix/" + filepath.Join(d.dir, "caddy.sock"), "unix//run/php/php-fpm.sock": "unix/" + filepath.Join(d.dir, "php.sock"),
		"root /var/www/html": "root " + d.dir, "root * /var/www/html": "root * " + d.dir,
		"http://:8088 {": "http://:" + inner[len("127.0.0.1:"):] + " {", "example.com {": "http://:" + outer[len("127.0.0.1:"):] + " {",
	} {
		conf = stage.Substitute(t, conf, old, new)
	}
	d.server = d.Serve("--listen", "unix:"+filepath.Join(d.dir, "caddy.sock"), "--php-upstream", "http://"+inner)
	program, err := stage.Find("caddy")
	if err != nil {
		t.Fatal(err)
	}
	caddy := stage.Start(t, nil, program, "run", "--adapter", "caddyfile", "--config",
		stage.WriteFile(t, filepath.Join(d.dir, "Caddyfile"), "{\n\tadmin off\n}\n"+conf))
	caddy.Await("serving initial configuration")
	d.nginx.Address, d.nginx.HTTP = outer, stage.HTTPClient(outer)
	for _, path := range []string{"/wp-json/moserver/x?a=%7e&&b", "/blog/index.php/wp-json/moserver/register", "/?rest_route=/moserver/x&y", "/.git/x.php/wp-json/moserver/x"} {
		a := d.told(stage.NewRequest(http.MethodPatch, "http://"+outer+path, "12345"))
		for name, want := range map[string]any{"REQUEST_METHOD": "PATCH", "HTTP_HOST": outer, "HTTPS": "", "REMOTE_ADDR": "127.0.0.1", "body": 5.0} {
			if a.Body[name] != want {
				t.Errorf("%s: %s is %v, want %v", path, name, a.Body[name], want)
			}
		}
	}
	for _, path := range []string{stage.TokenPath, "/?rest_route=/moserver/token"} {
		d.Put("refresh", "caddy "+path, d.app, stage.Row{})
		d.nginx.Post(path, stage.RefreshForm(d.app, "caddy "+path)...).WantTokens(t, "profile email")
	}
	t.Run("login", d.login)
	t.Run("grants", d.grants)
	t.Run("stream", d.stream)
}
