package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// proxyConf is a proxy of somebody else's before a site: it appends the address of its
// visitor to X-Forwarded-For, and sends it as Cloudflare does too. A test says who visits.
const proxyConf = `server {
	` + stage.ListenLine + `
	set_real_ip_from 127.0.0.1;
	real_ip_header X-Visitor;
	location / {
		proxy_pass http://%s;
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		proxy_set_header CF-Connecting-IP $remote_addr;
	}
}
`

// proxyPage is what docs/proxies.md has for a web server, where the proxy is here.
func proxyPage(t testing.TB, server string) string {
	t.Helper()
	m := regexp.MustCompile("(?s)```" + server + "\n(.*?)```").FindStringSubmatch(stage.ReadFile(t, "../docs/proxies.md"))
	if m == nil {
		t.Fatalf("the page has nothing for %s", server)
	}
	return stage.Substitute(t, m[1], "192.0.2.0/24", "127.0.0.1")
}

// TestBehindProxy: behind a proxy failed authentications are counted for each visitor,
// who cannot pass for another one.
func TestBehindProxy(t *testing.T) {
	t.Parallel()
	forwarded, cloudflare := "X-Forwarded-For", "CF-Connecting-IP"
	nginx := func(t *testing.T, dir, header string) *stage.Nginx {
		page := stage.Substitute(t, proxyPage(t, "nginx"), forwarded, header)
		return startNginx(t, dir, strings.Replace(snippetConf(t, dir, "unix:"+filepath.Join(dir, "token.sock"), "moserver-token.conf"), "include ", page+"include ", 1))
	}
	apache := func(t *testing.T, dir, header string) *stage.Nginx {
		page := stage.Substitute(t, proxyPage(t, "apache"), forwarded, header)
		return stage.StartApache(t, dir, stage.FreeAddress(t), "authz_core dir proxy proxy_http proxy_fcgi rewrite headers unique_id remoteip", apacheSite(dir, page+apacheFile(t, dir, "moserver-token.conf")))
	}
	caddy := func(t *testing.T, dir, _ string) *stage.Nginx { // Debian's
		address := stage.FreeAddress(t)
		conf := caddySite(t, dir, "http://:"+address[len("127.0.0.1:"):], "")
		file := filepath.Join(dir, "moserver-token.caddy")
		text := stage.Substitute(t, stage.ReadFile(t, file), "caddy.sock {", "token.sock {\ntrusted_proxies 127.0.0.1")
		stage.WriteFile(t, file, text)
		return startCaddy(t, dir, address, conf)
	}
	for name, c := range map[string]struct {
		start  func(t *testing.T, dir, header string) *stage.Nginx
		header string
	}{"nginx": {nginx, forwarded}, "nginx, Cloudflare": {nginx, cloudflare}, "Apache": {apache, forwarded}, "Apache, Cloudflare": {apache, cloudflare}, "Caddy": {caddy, forwarded}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dir := newSite(t, database), stage.ShortDir(t)
			server := s.Serve("--listen", "unix:"+filepath.Join(dir, "token.sock"), "--trusted-proxies", "127.0.0.1", "--auth-failures", "3")
			site := c.start(t, dir, c.header)
			proxy := stage.StartNginx(t, stage.ShortDir(t), fmt.Sprintf(proxyConf, site.Address))
			visits(t, s, server, proxy)
		})
	}
}

// visits: whoever guesses is refused, whatever it says of its address, and nobody else is.
func visits(t *testing.T, s *site, server *stage.Sidecar, proxy *stage.Nginx) {
	s.Put("refresh", "visited", s.app, stage.Row{})
	visit := func(visitor, claim string, c stage.Client) stage.Answer {
		r := stage.FormRequest("http://"+proxy.Address+stage.TokenPath, stage.RefreshForm(c, "visited")...)
		r.Header.Set("X-Visitor", visitor)
		r.Header.Set("X-Forwarded-For", claim)
		r.Header.Set("CF-Connecting-IP", claim)
		return proxy.Send(r)
	}
	statuses := ""
	for n := range 5 {
		statuses += fmt.Sprint(visit("203.0.113.7", fmt.Sprint("198.51.100.", n), stage.Client{ID: s.app.ID, Secret: fmt.Sprint("wrong ", n)}).Status, " ")
	}
	if statuses != "400 400 400 429 429 " {
		t.Errorf("guesses under several names: %s", statuses)
	}
	visit("203.0.113.8", "203.0.113.7", s.app).WantTokens(t, "profile email")
	if n := strings.Count(server.Stderr.String(), " remote=203.0.113.7 "); n != 5 {
		t.Errorf("%d lines of the log have the visitor's address", n)
	}
}

// TestSilentSidecar: a sidecar that does not answer in time costs a client one request,
// which it may repeat.
func TestSilentSidecar(t *testing.T) {
	t.Parallel()
	shorter := func(text, timeout string) string {
		return stage.Substitute(t, text, timeout, strings.Replace(timeout, "40", "1", 1))
	}
	for name, start := range map[string]func(t *testing.T, dir string) *stage.Nginx{
		"nginx": func(t *testing.T, dir string) *stage.Nginx {
			conf := snippetConf(t, dir, "unix:"+filepath.Join(dir, "token.sock"), "moserver-token.conf")
			file := filepath.Join(dir, "moserver-token.conf")
			stage.WriteFile(t, file, shorter(stage.ReadFile(t, file), "proxy_read_timeout 40s"))
			return startNginx(t, dir, conf)
		},
		"Apache": func(t *testing.T, dir string) *stage.Nginx {
			include, file := apacheFile(t, dir, "moserver-token.conf"), filepath.Join(dir, "moserver-token.conf")
			stage.WriteFile(t, file, shorter(stage.ReadFile(t, file), " timeout=40"))
			return stage.StartApache(t, dir, stage.FreeAddress(t), "authz_core dir proxy proxy_http proxy_fcgi rewrite headers unique_id", apacheSite(dir, include))
		},
		"Caddy": func(t *testing.T, dir string) *stage.Nginx {
			address := stage.FreeAddress(t)
			conf, file := caddySite(t, dir, "http://:"+address[len("127.0.0.1:"):], ""), filepath.Join(dir, "moserver-token.caddy")
			stage.WriteFile(t, file, strings.Replace(shorter(stage.ReadFile(t, file), "response_header_timeout 40s"), "caddy.sock", "token.sock", 1))
			return startCaddy(t, dir, address, conf)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := stage.ShortDir(t)
			silent, err := net.Listen("unix", filepath.Join(dir, "token.sock"))
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			if a := start(t, dir).Post(stage.TokenPath, "grant_type", "refresh_token"); a.Status != http.StatusGatewayTimeout && a.Status != http.StatusBadGateway { // Apache's is 502
				t.Errorf("want 504, got %s", a)
			}
		})
	}
}

// TestNginxKeepsConnections: each whole file, and the door's, sends one request after
// another over the same connection.
func TestNginxKeepsConnections(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]func(t *testing.T, dir, address string) string{
		"nginx.conf": func(t *testing.T, _, address string) string { return siteConf(t, address) },
		"nginx-compose.conf": func(t *testing.T, _, address string) string {
			return stage.ComposeConf(t, address, stage.FreeAddress(t))
		},
		"moserver-door.conf": func(t *testing.T, dir, address string) string {
			return stage.DoorConf(t, dir, address, stage.FreeAddress(t), "/dev/null", "/index.php") +
				"server {\n" + stage.ListenLine + "\ninclude " + stage.ProjectFile(t, "docker/moserver-namespace.conf") + ";\n}\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opened atomic.Int64
			sidecar := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			sidecar.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					opened.Add(1)
				}
			}
			sidecar.Listener.Close()
			dir := nginxFolder(t)
			var err error
			if sidecar.Listener, err = net.Listen("unix", filepath.Join(dir, "token.sock")); err != nil {
				t.Fatal(err)
			}
			sidecar.Start()
			defer sidecar.Close()
			nginx := stage.StartNginx(t, dir, conf(t, dir, "unix:"+filepath.Join(dir, "token.sock")))
			for range 20 {
				if a := nginx.Post(stage.TokenPath, "a", "b"); a.Status != http.StatusOK {
					t.Fatal(a)
				}
			}
			if opened.Load() > 2 { // nginx has two workers
				t.Errorf("%d connections for 20 requests", opened.Load())
			}
		})
	}
}
