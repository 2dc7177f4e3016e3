package e2e_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// door is a site whose namespace goes through the server: nginx, the server, nginx
// again, and php-fpm with a stand-in for a paid edition.
type door struct {
	*site
	server *stage.Sidecar
	nginx  *stage.Nginx
	dir    string
	tls    string // where nginx speaks TLS
	inner  string // where PHP is without the server
}

func newDoor(t *testing.T, flags ...string) *door {
	t.Helper()
	dir := stage.ShortDir(t)
	d := &door{site: newSite(t, database), dir: dir, tls: stage.FreeAddress(t), inner: stage.FreeAddress(t)}
	address := "unix:" + filepath.Join(dir, "token.sock")
	d.server = d.Serve(append([]string{"--listen", address, "--php-upstream", "http://" + d.inner}, flags...)...)
	script := stage.WriteFile(t, filepath.Join(dir, "index.php"), stage.ReadFile(t, "testdata/paid.php"))
	stage.StartFPM(t, dir, "")
	d.nginx = stage.StartNginx(t, dir, stage.DoorConf(t, dir, address, d.inner, script, "/blog/index.php")+d.outer())
	return d
}

// outer is the site's server, with and without TLS.
func (d *door) outer() string {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.TLS.Certificates[0].PrivateKey)
	if err != nil {
		d.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate().Raw})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	file := stage.WriteFile(d.t, filepath.Join(d.dir, "site.pem"), string(text))
	both := "listen " + d.tls + " ssl;\nssl_certificate " + file + ";\nssl_certificate_key " + file + ";\n" // in a file: stage knows sites with one of the two
	return `server {
	` + stage.ListenLine + `
	include ` + stage.WriteFile(d.t, filepath.Join(d.dir, "tls.conf"), both) + `;
	include ` + stage.ProjectFile(d.t, "docker/moserver-namespace.conf") + `;
	location / { return 200 "this is the rest of the site"; }
}
`
}

// told is what PHP was told of a request.
func (d *door) told(r *http.Request) stage.Answer {
	d.t.Helper()
	a := d.nginx.Send(r)
	if a.Status != http.StatusOK || a.Member("REQUEST_URI") != r.URL.RequestURI() {
		d.t.Errorf("%s: want it unchanged at PHP, got %s", r.URL.RequestURI(), a)
	}
	return a
}

// TestDoor: through one location of nginx the server answers its own routes, and PHP
// all others, which reach it as the client wrote them.
func TestDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.passesOn(t, "/blog/index.php", 300_000)
	if a := d.nginx.Get("/wp-json/wp/v2/posts"); a.Text != "this is the rest of the site" {
		t.Errorf("another namespace: %s", a)
	}
	if a := d.nginx.Get("/wp-json/moserver/authorize%0a?client_id=x"); a.Status != http.StatusNotFound || a.Member("error") == "" && a.Member("code") == "" {
		t.Errorf("a path that PHP would read as /authorize: %s", a)
	}
	d.tokens(t)
	t.Run("login", d.login)
	t.Run("https", d.https)
	t.Run("grants", d.grants)
	t.Run("stream", d.stream)
}

// passesOn: requests reach PHP as the client wrote them, and it knows the site's address.
func (d *door) passesOn(t *testing.T, script string, size int) {
	_, port, _ := strings.Cut(d.nginx.Address, ":")
	for _, path := range []string{
		"/wp-json/moserver/x?a=%7e&&b", "/blog/index.php/wp-json/moserver/register", "/?rest_route=/moserver/x&y", "/blog/index.php?rest_route=%2Fmoserver%2Fx",
		"/wp-content/plugins/old/web/moserver/x", "/.well-known/oauth-protected-resource/mcp", "/.git/x.php/wp-json/moserver/x",
	} {
		r := stage.NewRequest(http.MethodPatch, "http://"+d.nginx.Address+path, strings.Repeat("x", size))
		r.Header.Set("X-Forwarded-For", "203.0.113.7") // nobody believes it
		r.Header.Set("X-Forwarded-Host", d.nginx.Address)
		a := d.told(r)
		for name, want := range map[string]any{"REQUEST_METHOD": "PATCH", "HTTP_HOST": d.nginx.Address, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": port,
			"HTTPS": "", "REMOTE_ADDR": "127.0.0.1", "SCRIPT_NAME": script, "HTTP_X_FORWARDED_HOST": d.nginx.Address, "body": float64(size)} {
			if a.Body[name] != want {
				t.Errorf("%s: %s is %v, want %v", path, name, a.Body[name], want)
			}
		}
	}
}

// tokens: the server answers refreshes, in each form of address.
func (d *door) tokens(t *testing.T) {
	for _, path := range tokenPaths() {
		d.Put("refresh", "door "+path, d.app, stage.Row{})
		if a := d.nginx.Post(path, stage.RefreshForm(d.app, "door "+path)...); a.Status != http.StatusOK || a.Body["access_token"] == "of PHP" {
			t.Errorf("%s: %s", path, a)
		}
	}
}

// login: PHP's redirects and cookies come back as they are, however long.
func (d *door) login(t *testing.T) {
	query := "?client_id=x&state=" + strings.Repeat("s", 6000)
	r := stage.NewRequest(http.MethodGet, "http://"+d.nginx.Address+"/wp-json/moserver/authorize"+query, "")
	r.Header.Set("Cookie", "wordpress_logged_in=1; other=2")
	a := d.nginx.Send(r)
	location, _ := url.Parse(a.Header.Get("Location"))
	if a.Status != http.StatusFound || location.Host != d.nginx.Address || location.Query().Get("redirect_to") != "/wp-json/moserver/authorize"+query {
		t.Errorf("%d, Location %.200s", a.Status, location)
	}
	if cookies := a.Header.Values("Set-Cookie"); len(cookies) != 2 || !strings.HasSuffix(cookies[1], "HttpOnly") {
		t.Errorf("cookies: %q", cookies)
	}
	if got := a.Header.Values("Cache-Control"); !slices.Equal(got, []string{"no-store"}) {
		t.Errorf("Cache-Control: %q", got)
	}
	r.URL.Path, r.URL.RawQuery = "/wp-json/moserver/x", ""
	if got := d.told(r).Member("HTTP_COOKIE"); got != "wordpress_logged_in=1; other=2" {
		t.Errorf("cookies that PHP got: %q", got)
	}
}

// https: PHP knows that the client speaks TLS, with nginx or with what is before it.
func (d *door) https(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	a, err := stage.Do(client, stage.NewRequest(http.MethodGet, "https://"+d.tls+"/wp-json/moserver/x", ""))
	if err != nil || a.Member("HTTPS") != "on" || a.Member("HTTP_HOST") != d.tls {
		t.Errorf("%v %s", err, a)
	}
	r := stage.NewRequest(http.MethodGet, "http://"+d.nginx.Address+"/wp-json/moserver/x", "")
	r.Host = "example.com"
	r.Header.Set("X-Forwarded-Proto", "https")
	if a := d.told(r); a.Member("HTTPS") != "on" || a.Member("SERVER_PORT") != "443" || a.Member("HTTP_HOST") != "example.com" {
		t.Errorf("behind a balancer: %s", a)
	}
}

// grants: PHP serves the grants that only it knows, in every form that a client may
// send them in.
func (d *door) grants(t *testing.T) {
	password := []string{"grant_type", "password", "username", "alice", "password", "wonder+land"}
	secret := []string{"client_id", "paid", "client_secret", "of the paid client"}
	target := "http://" + d.nginx.Address + stage.TokenPath
	basic := stage.FormRequest(target, password...)
	basic.SetBasicAuth("paid", "of the paid client")
	for name, r := range map[string]*http.Request{
		"form":    stage.FormRequest(target, append(password, secret...)...),
		"JSON":    stage.JSONRequest(target, append(password, secret...)...),
		"Basic":   basic,
		"client":  stage.FormRequest(target, append(secret, "grant_type", "client_credentials")...),
		"50 kB":   stage.FormRequest(target, append(append(password, secret...), "padding", strings.Repeat("x", 50_000))...),
		"in page": stage.FormRequest(target+"?lang=en", append(password, secret...)...),
		"plain":   stage.FormRequest("http://"+d.nginx.Address+"/blog/?rest_route=/moserver/token", append(password, secret...)...),
	} {
		r.Header.Set("Origin", "https://app.example.com")
		a := d.nginx.Send(r)
		if a.Status != http.StatusOK || a.Member("access_token") != "of PHP" || name == "50 kB" && a.Body["padding"] != 50_000.0 {
			t.Errorf("%s: %s", name, a)
		}
		if got := a.Header.Values("Access-Control-Allow-Origin"); !slices.Equal(got, []string{"https://app.example.com"}) {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", name, got)
		}
	}
	a := d.nginx.Post(stage.TokenPath, append(slices.Clone(secret), "grant_type", "password", "username", "alice", "password", "wrong")...)
	if a.Status != http.StatusOK || a.Member("error") != "invalid_grant" {
		t.Errorf("PHP's refusal: %s", a)
	}
	for _, text := range []string{"wonder", "of PHP", "paid client", "Invalid username"} {
		if strings.Contains(d.server.Stderr.String(), text) {
			t.Errorf("the log has %q", text)
		}
	}
}

// stream: a piece arrives when PHP has sent it, and not with the last.
func (d *door) stream(t *testing.T) {
	response, err := d.nginx.HTTP.Get("http://" + d.nginx.Address + "/wp-json/moserver/mcp")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	if !lines.Scan() || lines.Text() != "data: one" {
		t.Fatalf("%q, %v", lines.Text(), lines.Err())
	}
	stage.WriteFile(t, filepath.Join(d.dir, "go"), "") // only now PHP goes on
	if lines.Scan(); !lines.Scan() || lines.Text() != "data: two" {
		t.Errorf("%q, %v", lines.Text(), lines.Err())
	}
}

// TestUpstreamHangs: while PHP hangs, and more requests are passed on than there is
// room for, refreshes are answered as fast as ever.
func TestUpstreamHangs(t *testing.T) {
	t.Parallel()
	address := stage.FreeAddress(t)
	d := newDoor(t, "--max-connections", "40", "--auth-failures", "5", "--metrics-listen", address)
	d.Put("refresh", "r1", d.app, stage.Row{})
	ctx := t.Context()
	var full atomic.Int64
	var hanging sync.WaitGroup
	for n := range 30 {
		r := stage.NewRequest(http.MethodGet, d.server.Base+"/wp-json/moserver/hang", "")
		if n%3 > 0 { // logins of the very client that refreshes
			form := append(stage.Credentials(d.app), "grant_type", "password", "hang", "1")
			r = stage.FormRequest(d.server.Base+stage.TokenPath+"?rest_route=/moserver/token", form...)
		}
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		hanging.Go(func() {
			if a, err := d.server.Do(r.WithContext(ctx)); err == nil && a.UnavailableFault() == "" {
				full.Add(1)
			}
		})
	}
	t.Cleanup(hanging.Wait)
	stage.Eventually(t, stage.Patience, "the places are taken", func() bool { return full.Load() > 0 })
	newScraped(t, d.server, address).wantRefused("php_upstream")
	for range 100 {
		start := time.Now()
		r := addressed(d.server, d.app, "192.0.2.1")
		d.server.Send(r).WantTokens(t, "profile email")
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("a refresh took %s", took)
		}
	}
	alive(t, d.server)
}

// TestUpstreamGuesses: a password that PHP refuses counts for auth_failures.
func TestUpstreamGuesses(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "--auth-failures", "3", "--trusted-proxies", "192.0.2.0/24") // 127.0.0.1 is a client
	statuses := ""
	for n := range 5 {
		a := d.nginx.Post(stage.TokenPath, "client_id", "paid", "client_secret", "of the paid client", "grant_type", "password", "username", "alice", "password", fmt.Sprint(n))
		statuses += fmt.Sprint(a.Status, a.Member("error"), " ")
	}
	if !strings.HasPrefix(statuses, "200invalid_grant 200invalid_grant 200invalid_grant 429 ") {
		t.Error(statuses)
	}
}

// TestCheckUpstream: check asks php_upstream as the server would, and says what is
// wrong with it.
func TestCheckUpstream(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	_, port, _ := strings.Cut(d.nginx.Address, ":")
	d.PutOption("permalink_structure", "/%postname%/")
	wrong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("X-Forwarded-Proto") + r.Host + r.URL.Path {
		case "http" + "a.example:" + port + "/wp-json/":
			http.Redirect(w, r, "http://a.example/", http.StatusFound)
		case "http" + "b.example/wp-json/":
			fmt.Fprint(w, "<?php // the source")
		case "https" + "c.example/wp-json/":
			fmt.Fprint(w, `{"namespaces":["moserver"]}`)
		case "http" + "d.example/wp-json/":
			fmt.Fprint(w, "<html>")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(wrong.Close)
	gone := "unix:" + filepath.Join(d.dir, "gone.sock")
	for _, c := range []struct{ home, upstream, want string }{
		{"http://" + d.nginx.Address, "http://" + d.inner, ""},
		{"http://" + d.nginx.Address, "http://" + d.nginx.Address, "no REST API"}, // the rest of the site is no WordPress here
		{"http://a.example:" + port, wrong.URL, "WordPress redirects http://a.example:" + port},
		{"http://b.example", wrong.URL, "instead of running it"},
		{"https://c.example", wrong.URL, "has no /authorize there, because it does not see that its address is https://c.example"},
		{"http://d.example", wrong.URL, "no REST API of WordPress answers (status 200)"},
		{"http://d.example", gone, "it does not answer"},
	} {
		d.PutOption("home", c.home)
		r := command(t, nil, "check", "--wp-config", d.WPConfig, "--php-upstream", c.upstream)
		if c.want == "" {
			r.want(t, 0, "ok: ")
		} else {
			r.want(t, 1, c.want)
		}
	}
	command(t, nil, "check", "--wp-config", d.WPConfig, "--php-upstream", gone, "--accept", "upstream-unusable").want(t, 0, "ok: ")
	command(t, nil, "doctor", "--wp-config", d.WPConfig).want(t, 1, "(upstream-off)")
}
