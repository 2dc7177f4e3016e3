package e2e_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// startCaddy runs Caddy in a folder with a Caddyfile, whose sites are at an address.
func startCaddy(t testing.TB, dir, address, conf string) *stage.Nginx {
	t.Helper()
	program, err := stage.Find("caddy")
	if err != nil {
		t.Fatal(err)
	}
	file := stage.WriteFile(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tstorage file_system "+dir+"/storage\n}\n"+conf)
	c := &stage.Nginx{Dir: dir, Address: address, HTTP: stage.HTTPClient(address)}
	c.Process = stage.Start(t, nil, program, "run", "--adapter", "caddyfile", "--config", file)
	c.Await("serving initial configuration")
	return c
}

// caddyFile is a file of packaging/caddy for a sidecar and a PHP in a folder.
func caddyFile(t testing.TB, dir, name string) string {
	t.Helper()
	text := stage.ReadFile(t, "../packaging/caddy/"+name)
	return stage.Substitute(t, text, "unix//run/moserver/token.sock", "unix/"+filepath.Join(dir, "caddy.sock"))
}

// caddySite is a site of Caddy with the token endpoint at the sidecar.
func caddySite(t testing.TB, dir, address, more string) string {
	t.Helper()
	token := stage.WriteFile(t, filepath.Join(dir, "moserver-token.caddy"), caddyFile(t, dir, "moserver-token.caddy"))
	return fmt.Sprintf(`%s {
	log {
		output file %s
	}
	skip_log @moserver
	import %s
	root * %[4]s
	php_fastcgi unix/%[4]s/php.sock
	%[5]s
}
`, address, filepath.Join(dir, "access.log"), token, dir, more)
}

// TestCaddyToken sends the token endpoint alone to the sidecar.
func TestCaddyToken(t *testing.T) {
	t.Parallel()
	dir, address := stage.ShortDir(t), stage.FreeAddress(t)
	stage.WriteFile(t, filepath.Join(dir, "index.php"), "<?php // stands for WordPress's\n")
	serveWordPress(t, filepath.Join(dir, "php.sock"))
	caddy := startCaddy(t, dir, address, caddySite(t, dir, "http://:"+address[len("127.0.0.1:"):], ""))
	tokenRoute(t, newSite(t, database), "unix:"+filepath.Join(dir, "caddy.sock"), caddy, http.StatusBadGateway)
	if a := caddy.Post("/a-page?rest_route=/moserver/token", "a", "b"); a.Status != http.StatusBadGateway {
		t.Errorf("PHP is asked for a token on another page: %s", a)
	}
}

// TestCaddyTLS: with TLS of Caddy's own, HTTP/2 too, a token comes.
func TestCaddyTLS(t *testing.T) {
	t.Parallel()
	s, dir, address := newSite(t, database), stage.ShortDir(t), stage.FreeAddress(t)
	s.Serve("--listen", "unix:"+filepath.Join(dir, "caddy.sock"))
	caddy := startCaddy(t, dir, address, caddySite(t, dir, "https://"+address, "tls internal"))
	caddy.Await("certificate obtained successfully")
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM([]byte(stage.ReadFile(t, filepath.Join(dir, "storage/pki/authorities/local/root.crt"))))
	transport := caddy.HTTP.Transport.(*http.Transport)
	transport.TLSClientConfig, transport.ForceAttemptHTTP2 = &tls.Config{RootCAs: authorities}, true
	s.Put("refresh", "by TLS", s.app, stage.Row{})
	caddy.Send(stage.FormRequest("https://"+address+stage.TokenPath, stage.RefreshForm(s.app, "by TLS")...)).WantTokens(t, "profile email")
}

// TestCaddy runs the Caddyfile that comes with the server in nginx's place.
func TestCaddy(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	outer, inner := stage.FreeAddress(t), stage.FreeAddress(t)
	conf := caddyFile(t, d.dir, "Caddyfile")
	for old, new := range map[string]string{
		"unix//run/php/php-fpm.sock": "unix/" + filepath.Join(d.dir, "php.sock"), "root /var/www/html": "root " + d.dir, "root * /var/www/html": "root * " + d.dir,
		"http://:8088 {": "http://:" + inner[len("127.0.0.1:"):] + " {", "example.com {": "http://:" + outer[len("127.0.0.1:"):] + " {",
	} {
		conf = stage.Substitute(t, conf, old, new)
	}
	d.server = d.Serve("--listen", "unix:"+filepath.Join(d.dir, "caddy.sock"), "--php-upstream", "http://"+inner)
	d.nginx = startCaddy(t, d.dir, outer, conf)
	for _, path := range []string{"/wp-json/moserver/x?a=%7e&&b", "/blog/index.php/wp-json/moserver/register", "/?rest_route=/moserver/x&y", "/.git/x.php/wp-json/moserver/x"} {
		r := stage.NewRequest(http.MethodPatch, "http://"+outer+path, "12345")
		r.Header.Set("X-Forwarded-For", "203.0.113.7") // nobody believes it
		a := d.told(r)
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
