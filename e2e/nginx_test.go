package e2e_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// nginxSetup is one way to put nginx before the sidecar.
type nginxSetup struct {
	name   string
	unix   bool // the sidecar listens on a unix socket
	config func(t testing.TB, dir, sidecarAddress string) string
}

func nginxSetups() []nginxSetup {
	whole := func(t testing.TB, _, address string) string { return siteConf(t, address) }
	snippet := func(t testing.TB, dir, address string) string {
		return snippetConf(t, dir, address, "moserver-token.conf")
	}
	return []nginxSetup{
		{"nginx.conf, unix socket", true, whole},
		{"nginx.conf, TCP", false, whole},
		{"moserver-token.conf, unix socket", true, snippet},
		{"moserver-token.conf, TCP", false, snippet},
		{"moserver-token-site.conf", true, func(t testing.TB, dir, _ string) string { return oneOfSeveralConf(t, dir, "token") }},
	}
}

// start starts nginx before a sidecar that will listen on address.
func (n nginxSetup) start(t testing.TB) (address string, nginx *stage.Nginx) {
	t.Helper()
	dir := stage.ShortDir(t)
	address = stage.FreeAddress(t)
	if n.unix {
		address = "unix:" + filepath.Join(dir, "token.sock")
	}
	return address, startNginx(t, dir, n.config(t, dir, address))
}

// TestNginx runs the configurations that come with the server.
func TestNginx(t *testing.T) {
	t.Parallel()
	for _, setup := range nginxSetups() {
		t.Run(setup.name, func(t *testing.T) {
			t.Parallel()
			address, nginx := setup.start(t)
			tokenRoute(t, newSite(t, database), address, nginx, http.StatusBadGateway)
		})
	}
}

// tokenRoute tests a web server that sends the token endpoint to the sidecar at an
// address, and answers with a status while that is away.
func tokenRoute(t *testing.T, s *site, address string, front *stage.Nginx, away int) {
	// Only the web server itself is trusted, not all of 127.0.0.0/8, so that clients
	// with other addresses of this network can be told from it.
	serve := func() *stage.Sidecar { return s.Serve("--listen", address, "--trusted-proxies", "127.0.0.1") }
	server := serve()
	t.Run("tokens", func(t *testing.T) { nginxTokens(t, s, front) })
	t.Run("the rest is WordPress's", func(t *testing.T) { nginxRest(t, server, front) })
	t.Run("address of the client", func(t *testing.T) { nginxAddress(t, s, server, front) })
	t.Run("nothing on disk", func(t *testing.T) { nginxDisk(t, s, front) })
	t.Run("seen from outside", func(t *testing.T) {
		r := command(t, nil, "check", "--through", "http://"+front.Address, "--wp-config", s.WPConfig)
		if r.want(t, 0, "answers at http://"+front.Address+stage.TokenPath+"\n"); strings.Contains(r.stdout, "warning") || strings.Count(r.stdout, "ok: this server, ") != 2 {
			t.Errorf("%s", r.stdout)
		}
	})
	t.Run("sidecar down", func(t *testing.T) { nginxDown(t, s, server, front, away) })
	server = serve()
	front.Post(stage.TokenPath, stage.RefreshForm(s.app, "diskless")...).WantTokens(t, "profile email") // at once
	server.Stop()
}

// tokenPaths are the addresses of the token endpoint that nginx must send to
// the sidecar.
func tokenPaths() []string {
	return []string{
		"/wp-json/moserver/token",
		"/wp-json/moserver/token/",
		"/wp-json/moserver/token?scope=email",
		"/index.php/wp-json/moserver/token",
		"/wptest/wordpress/wp-json/moserver/token",
		"/wptest/wordpress/index.php/wp-json/moserver/token/",
		"/?rest_route=/moserver/token",
		"/?rest_route=/moserver/token/",
		"/?rest_route=%2Fmoserver%2Ftoken",
		"/index.php?rest_route=/moserver/token",
		"/wptest/?lang=en&rest_route=/moserver/token",
		"/wp-content/plugins/miniorange-oauth-20-server/web/moserver/token",
		"/wp-json/Moserver/TOKEN",
		"/?rest_route=%2fmoserver%2FToken",
	}
}

func nginxTokens(t *testing.T, s *site, nginx *stage.Nginx) {
	for _, path := range tokenPaths() {
		token := "nginx " + path
		s.Put("refresh", token, s.app, stage.Row{})
		scope := "profile email"
		if strings.Contains(path, "scope=") {
			scope = "email"
		}
		nginx.Post(path, stage.RefreshForm(s.app, token)...).WantTokens(t, scope)
		nginx.Post(path, append(stage.Credentials(s.app), "token", token)...).WantRevoked(t)
		nginx.Post(path, stage.RefreshForm(s.app, token)...).WantError(t, http.StatusBadRequest, "invalid_grant")
	}
	preflight := stage.NewRequest(http.MethodOptions, "http://"+nginx.Address+stage.TokenPath, "")
	preflight.Header.Set("Origin", "https://client.example.com")
	if a := nginx.Send(preflight); a.Status != http.StatusNoContent || a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("preflight: %d %v", a.Status, a.Header)
	}
}

// nginxRest: nothing but the token endpoint reaches the sidecar.
func nginxRest(t *testing.T, server *stage.Sidecar, nginx *stage.Nginx) {
	before := 3*len(tokenPaths()) + 1 // those of nginxTokens, some of whose lines may come late
	server.AwaitThat("lines in the log", func() bool { return requests(server) == before })
	for _, path := range []string{
		"/", "/index.php", "/wp-json/moserver/authorize?client_id=x", "/wp-json/moserver/resource", "/wp-json/wp/v2/posts",
		"/wp-json/moserver/token/x", "/wp-json/moserver/tokens", "/wp-json/x/wp-json-moserver/token",
		"/?rest_route=/moserver/resource", "/?rest_route=/moserver/token/x", "/?x=rest_route=/moserver/token",
		"/healthz", "/readyz", "/a-post/moserver/token", "/WP-JSON/moserver/token",
	} {
		if a := nginx.Get(path); a.Status != http.StatusOK || !strings.HasPrefix(a.Text, wordPressSay+path) {
			t.Errorf("GET %s: want it at WordPress, got %s", path, a)
		}
		if a := nginx.Post(path, "a", "b"); a.Status != http.StatusOK || !strings.HasPrefix(a.Text, wordPressSay+path) {
			t.Errorf("POST %s: want it at WordPress, got %s", path, a)
		}
	}
	if after := requests(server); after != before {
		t.Errorf("the sidecar has answered %d of them", after-before)
	}
}

// requests is how many lines for requests are in the sidecar's log.
func requests(s *stage.Sidecar) int { return strings.Count(s.Stderr.String(), "msg=request") }

// nginxAddress: the sidecar knows the address that nginx saw, and does not
// believe what a client says of itself.
func nginxAddress(t *testing.T, s *site, server *stage.Sidecar, nginx *stage.Nginx) {
	client := stage.HTTPClient(nginx.Address)
	client.Transport = &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
			return from.DialContext(ctx, network, nginx.Address)
		},
		DisableKeepAlives: true,
	}
	s.Put("refresh", "addressed", s.app, stage.Row{})
	forgeries := []string{"", "203.0.113.7", "203.0.113.7, 127.0.0.1", "127.0.0.1"}
	before := requests(server)
	for _, forged := range forgeries {
		r := stage.FormRequest("http://"+nginx.Address+stage.TokenPath, stage.RefreshForm(s.app, "addressed")...)
		if forged != "" {
			r.Header.Set("X-Forwarded-For", forged)
			r.Header.Set("Forwarded", "for=203.0.113.7")
			r.Header.Set("X-Real-IP", "203.0.113.7")
		}
		a, err := stage.Do(client, r)
		if err != nil {
			t.Fatal(err)
		}
		a.WantTokens(t, "profile email")
	}
	server.AwaitThat("lines in the log", func() bool { return requests(server) == before+len(forgeries) })
	if n := strings.Count(server.Stderr.String(), "remote=127.0.0.2 request_id="); n != len(forgeries) {
		t.Errorf("%d of %d lines have the address that nginx saw:\n%s", n, len(forgeries), stage.Tail(server.Stderr.String()))
	}
}

// nginxDisk: neither a token in the query nor a large body is left on disk.
func nginxDisk(t *testing.T, s *site, nginx *stage.Nginx) {
	s.Put("refresh", "diskless", s.app, stage.Row{})
	nginx.Post(stage.TokenPath+"?refresh_token=token-in-the-query", stage.RefreshForm(s.app, "diskless")...).WantTokens(t, "profile email")
	nginx.Post(stage.TokenPath, append(stage.RefreshForm(s.app, "diskless"), "padding", strings.Repeat("x", 60_000))...).WantTokens(t, "profile email")
	for _, size := range []int{70_000, 5_000_000} {
		if a := nginx.Post(stage.TokenPath, "padding", strings.Repeat("x", size)); a.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("a body of %d bytes: %s", size, a)
		}
	}
	nginx.Get("/logged-by-wordpress")
	var access string
	nginx.AwaitThat("WordPress's requests are in the access log", func() bool {
		access = stage.ReadFile(t, filepath.Join(nginx.Dir, "access.log"))
		return strings.Contains(access, "/logged-by-wordpress")
	})
	for _, text := range []string{stage.TokenPath + " ", stage.TokenPath + `"`, stage.TokenPath + "?", "token-in-the-query"} {
		if strings.Contains(access, text) {
			t.Errorf("the access log has %q", text)
		}
	}
	// nginx says so when it writes a body to a file.
	for _, text := range []string{"buffered to a temporary file", "token-in-the-query"} {
		if strings.Contains(nginx.Stderr.String(), text) {
			t.Errorf("nginx has written %q", text)
		}
	}
}

// nginxDown: without the sidecar clients get 502 or 503, which they repeat, and not
// PHP's invalid_grant, which would end their token.
func nginxDown(t *testing.T, s *site, server *stage.Sidecar, nginx *stage.Nginx, away int) {
	server.Stop()
	for _, path := range tokenPaths() {
		a := nginx.Post(path, stage.RefreshForm(s.app, "diskless")...)
		if a.Status != away || strings.Contains(a.Text, wordPressSay) {
			t.Errorf("%s: want %d, got %s", path, away, a)
		}
	}
	if a := nginx.Get("/"); a.Status != http.StatusOK {
		t.Errorf("WordPress: %s", a)
	}
}

// TestNginxWayBack: without the one include line PHP has the endpoint again.
func TestNginxWayBack(t *testing.T) {
	t.Parallel()
	dir := stage.ShortDir(t)
	nginx := startNginx(t, dir, snippetConf(t, dir, "unix:"+os.DevNull, ""))
	for _, path := range tokenPaths() {
		if a := nginx.Post(path, "grant_type", "refresh_token"); a.Status != http.StatusOK || !strings.HasPrefix(a.Text, wordPressSay) {
			t.Errorf("%s: want it at WordPress, got %s", path, a)
		}
	}
}

// TestNginxAlone: nginx takes each whole file without the snippets that it includes.
// Whatever sends requests to the server tells it nginx's name of the request.
func TestNginxAlone(t *testing.T) {
	t.Parallel()
	snippets := regexp.MustCompile(`(?m)^\s*include snippets/.*\n`)
	for name, conf := range map[string]string{
		"nginx.conf":         stage.ReadFile(t, "../docker/nginx.conf"),
		"nginx-compose.conf": stage.ComposeConf(t, "unix:"+os.DevNull, stage.FreeAddress(t)),
	} {
		nginx := stage.StartNginx(t, nginxFolder(t), snippets.ReplaceAllString(conf, ""))
		for _, path := range []string{"/.env", "/.git/x.php"} {
			if a := nginx.Get(path); a.Status != http.StatusForbidden {
				t.Errorf("%s: %s: %s", name, path, a)
			}
		}
	}
	for _, name := range []string{"docker/nginx.conf", "docker/moserver-token.conf", "docker/moserver-namespace.conf"} {
		text := stage.ReadFile(t, "../"+name)
		if n := strings.Count(text, "proxy_set_header X-Forwarded-For"); n == 0 || n != strings.Count(text, "proxy_set_header X-Request-Id $request_id;") {
			t.Errorf("%s does not pass the request's name on", name)
		}
	}
}
