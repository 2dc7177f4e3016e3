package wordpress_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestWholeFiles runs the whole nginx files before a WordPress: what is not the
// token endpoint reaches PHP, whose documents are below /.well-known too.
func TestWholeFiles(t *testing.T) {
	t.Parallel()
	w := stage.StartWordPress(t, binary, stage.WordPressOptions{Door: true})
	p := newPeople(w.Blog, "whole")
	for name, run := range map[string]func(){"nginx.conf": func() { w.RunWholeConf("") }, "nginx-compose.conf": func() { runComposeConf(w) }} {
		run()
		t.Run(name, func(t *testing.T) {
			login(t, p)
			wellKnown(t, p)
		})
	}
}

// runComposeConf reloads nginx with docker/nginx-compose.conf. There is no name of a
// container to look up.
func runComposeConf(w *stage.WordPress) {
	conf := stage.ComposeConf(w.T, w.SidecarAddress(), w.Inner)
	for _, pair := range [][2]string{
		{"include snippets/moserver-namespace.conf;", "include " + stage.ProjectFile(w.T, "docker/moserver-namespace.conf") + ";"},
		{"/var/www/html/index.php;", w.Home() + "/index.php;"},
		{"include fastcgi_params;", "include /etc/nginx/fastcgi_params;"},
		{stage.RootLine, "root " + w.Nginx.Dir + "/www;"},
		{"fastcgi_pass $php;", "fastcgi_pass unix:" + w.Nginx.Dir + "/php.sock;"},
	} {
		conf = stage.Substitute(w.T, conf, pair[0], pair[1])
	}
	w.Nginx.Reload(conf)
}

// wellKnown asks for what browsers, AI clients and certificate authorities want,
// and for what nobody may have.
func wellKnown(t *testing.T, p *people) {
	w := p.WordPress
	challenge := filepath.Join(w.Home(), ".well-known/acme-challenge")
	if err := os.MkdirAll(challenge, 0o755); err != nil {
		t.Fatal(err)
	}
	stage.WriteFile(t, filepath.Join(challenge, "a-token"), "a-token.thumbprint")
	stage.WriteFile(t, filepath.Join(w.Home(), ".env"), "DB_PASSWORD=x")
	stage.WriteFile(t, filepath.Join(w.Home(), ".well-known/.hidden"), "x")
	if err := os.MkdirAll(filepath.Join(w.Home(), ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	stage.WriteFile(t, filepath.Join(w.Home(), ".git/x.php"), "<?php echo 'PHP has run this';")
	stage.WriteFile(t, filepath.Join(w.Home(), ".x.php"), "<?php echo 'PHP has run this';")
	client := "/wp-json/moserver/" + p.client.ID + "/.well-known/"
	for path, member := range map[string]string{
		client + "openid-configuration":               "token_endpoint",
		client + "keys":                               "keys",
		"/index.php" + client + "keys":                "keys",
		"/.well-known/oauth-authorization-server":     "token_endpoint",
		"/.well-known/oauth-protected-resource":       "authorization_servers",
		"/.well-known/oauth-protected-resource/mcp/x": "authorization_servers",
	} {
		if a := w.Nginx.Get(path); a.Status != http.StatusOK || a.Body[member] == nil {
			t.Errorf("%s: %s", path, a)
		}
	}
	if a := w.Nginx.Get("/.well-known/acme-challenge/a-token"); a.Text != "a-token.thumbprint" {
		t.Errorf("ACME: %s", a)
	}
	for _, path := range []string{"/.env", "/.git/config", "/.git/x.php", "/.git/x.php/y", "/.x.php", "/.well-known/.hidden", "/.well-known-not/x", "/x/.htaccess"} {
		if a := w.Nginx.Get(path); a.Status != http.StatusForbidden {
			t.Errorf("%s: want 403, got %s", path, a)
		}
	}
}

// TestLetterCase: nginx and the server take for the token endpoint what WordPress
// does, in capital and small letters.
func TestLetterCase(t *testing.T) {
	t.Parallel()
	w := stage.StartWordPress(t, binary, stage.WordPressOptions{})
	paths := []string{
		"/wp-json/moserver/token", "/wp-json/Moserver/Token", "/wp-json/MOSERVER/TOKEN/", "/index.php/wp-json/moserver/TOKEN",
		"/WP-JSON/moserver/token", "/Wp-Json/moserver/token",
		"/?rest_route=/moserver/token", "/?rest_route=/Moserver/Token/", "/?rest_route=%2fmoserver%2FTOKEN", "/?REST_ROUTE=/moserver/token",
		"/index.php?a=b&rest_route=/MOSERVER/token&c=d",
	}
	takes := func(path string) bool { // only the endpoint refuses a client that is unknown
		return strings.Contains(w.Nginx.Post(path, "grant_type", "refresh_token", "client_id", "nobody").Text, "invalid_client")
	}
	w.RouteToPHP()
	php := map[string]bool{}
	for _, path := range paths {
		php[path] = takes(path)
	}
	if !php[paths[1]] || php[paths[4]] || php[paths[9]] {
		t.Fatalf("WordPress takes for the token endpoint: %v", php)
	}
	w.RouteToSidecar()
	before := strings.Count(w.Sidecar.Stderr.String(), "msg=request")
	taken := 0
	for _, path := range paths {
		if got := takes(path); got != php[path] {
			t.Errorf("%s: with the server it is the token endpoint: %v, at WordPress: %v", path, got, php[path])
		}
		if php[path] {
			taken++
		}
	}
	w.Sidecar.AwaitThat("the server has answered those of the endpoint", func() bool {
		return strings.Count(w.Sidecar.Stderr.String(), "msg=request")-before >= taken
	})
}
