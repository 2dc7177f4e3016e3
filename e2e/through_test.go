package e2e_test

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// throughSite is a door, of which nginx's configuration changes.
type throughSite struct {
	*door
	inside string // the servers of nginx that are not the site's
	here   string // the line that sends the namespace to the server
	php    string // a location / of PHP
}

func newThroughSite(t *testing.T) *throughSite {
	d := newDoor(t, "--trusted-proxies", "198.51.100.0/24") // so 127.0.0.1 is a client
	inside := stage.ReadFile(t, d.dir+"/site.conf")
	return &throughSite{door: d, inside: inside[:strings.LastIndex(inside, "server {")],
		here: "include " + stage.ProjectFile(t, "docker/moserver-namespace.conf") + ";\n",
		php:  "location / { proxy_pass http://" + d.inner + "; proxy_set_header Host $http_host; }\n"}
}

// ask has nginx serve the site as front says, and checks it through an address, which
// {} in it stands for.
func (s *throughSite) ask(front, address string, environment []string, flags ...string) result {
	s.t.Helper()
	s.nginx.Reload(s.inside + "server {\n" + stage.ListenLine + "\n" + front + "}\n")
	address = strings.ReplaceAll(address, "{}", s.nginx.Address)
	return command(s.t, environment, append([]string{"check", "--through", address}, flags...)...)
}

// TestThrough: check --through says who answers token requests, and what is in the way.
func TestThrough(t *testing.T) {
	t.Parallel()
	s := newThroughSite(t)
	page := func(status, header, body string) string {
		return "location / { default_type text/html; " + header + " return " + status + " '" + body + "'; }\n"
	}
	const pretty, plain = "/wp-json/moserver/token", "/?rest_route=/moserver/token"
	post := "if ($request_method = POST) { return 301 $scheme://$http_host/wp-json/moserver/token/; }\n"
	to := "return 301 http://$http_host/new$request_uri;\n"
	ours := "ok: this server, with this site's settings, answers at http://" + s.nginx.Address
	for _, c := range []struct {
		name, front, address string
		code                 int
		words                []string
	}{
		{"here", s.here + s.php, "http://{}", 0, []string{ours + pretty + "\n", ours + plain + "\n", "ok: it sees this client at the address 127.0.0.1\n"}},
		{"the token route alone", s.tokenRoute(), "http://{}/", 1, []string{"problem: At http://" + s.nginx.Address + "/wp-json/moserver only /token reaches this server, and /authorize does not, so logins fail. Send both here", ours + pretty + "\n", ours + plain}},
		{"a login in another form", "location = /wp-json/moserver/authorize { proxy_pass http://" + s.inner + "; proxy_set_header Host $http_host; }\n" + s.here, "http://{}/?rest_route=/moserver/token", 0, []string{ours + plain}},
		{"a login that is stopped", "location = /wp-json/moserver/authorize { return 403; }\n" + s.here, "http://{}", 0, []string{ours + pretty}},
		{"a folder", s.here + s.php, "http://{}/blog/", 0, []string{ours + "/blog" + pretty + "\n", ours + "/blog" + plain + "\n"}},
		{"one form", s.here, "http://{}/index.php?rest_route=/moserver/token", 0, []string{ours + "/index.php?rest_route=/moserver/token\n"}},
		{"PHP", s.php, "http://{}", 1, []string{"reaches PHP, and not this server. Send it here"}},
		{"PHP in one form", "location = /wp-json/moserver/token { proxy_pass http://moserver; proxy_set_header X-Forwarded-For $remote_addr; }\n" + s.php, "http://{}", 1, []string{ours + pretty, "POST http://" + s.nginx.Address + plain + " reaches PHP"}},
		{"PHP, closed", page("403", "", `{"code":"moserver_token_route_closed"}`), "http://{}", 1, []string{"moserver-close-token-route.php"}},
		{"no WordPress", page("404", "", "<html> wordfence recaptcha"), "http://{}", 1, []string{"neither this server's nor WordPress's answer"}},
		{"one form is nobody's", "location ~ ^/wp-json/moserver/(token|authorize)$ { proxy_pass http://moserver; proxy_set_header X-Forwarded-For $remote_addr; }\n", "http://{}", 0, []string{ours + pretty, "warning: POST http://" + s.nginx.Address + plain + " has the status 404"}},
		{"POST redirected", post + s.here, "http://{}", 1, []string{"is redirected with status 301 to http://" + s.nginx.Address + pretty + "/, which differs by a slash", "check --through 'http://" + s.nginx.Address + pretty + "/'"}},
		{"POST redirected in the usual form", "location = /wp-json/moserver/token { " + post + "proxy_pass http://moserver; }\n" + s.here, "http://{}", 1, []string{"is redirected with status 301", ours + plain}},
		{"the other form refused", "if ($arg_rest_route) { return 403; }\n" + s.here, "http://{}", 0, []string{ours + pretty, "warning: POST http://" + s.nginx.Address + plain + " is refused with status 403"}},
		{"moved", "location / { " + to + "}\n", "http://{}", 1, []string{"another address: clients ask there with GET"}},
		{"in a circle", "return 308 $request_uri;\n", "http://{}", 1, []string{"is redirected for ever"}},
		{"308 once", "location = /wp-json/moserver/token { return 308 /new/wp-json/moserver/token; }\n" + s.here, "http://{}", 0, []string{ours + pretty}},
		{"403", page("403", "", "<html>Forbidden"), "http://{}", 1, []string{"is refused with status 403, and not by this server"}},
		{"a password", page("401", "", "<html>"), "http://{}", 1, []string{"asks for a password"}},
		{"Cloudflare", page("403", "add_header Cf-Mitigated challenge always;", "<html>"), "http://{}", 1, []string{"a challenge page of Cloudflare (status 403)", "Bot Fight Mode"}},
		{"Cloudflare's rule", page("403", "", "<title>Attention Required! | Cloudflare</title>"), "http://{}", 1, []string{"by Cloudflare's firewall"}},
		{"Sucuri", page("403", "", "<title>Sucuri WebSite Firewall - Access Denied</title>"), "http://{}", 1, []string{"by Sucuri's firewall"}},
		{"Wordfence", page("503", "", "Generated by Wordfence at"), "http://{}", 1, []string{"by Wordfence (status 503)"}},
		{"mod_security", page("406", "", "<h1>Not Acceptable!</h1> generated by Mod_Security."), "http://{}", 1, []string{"by mod_security (status 406)", "SecRuleEngine Off"}},
		{"a captcha", page("200", "", "<html>solve this captcha"), "http://{}", 1, []string{"by a challenge page (status 200)"}},
		{"GET is stopped", "if ($request_method = GET) { return 403; }\n" + s.here, "http://{}", 0, []string{ours, "warning: GET http://" + s.nginx.Address + pretty + " is refused with status 403"}},
		{"nothing behind", "location / { proxy_pass http://unix:" + s.dir + "/gone.sock:; }\n", "http://{}", 1, []string{"has the status 502: something in front does not reach this server"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := s.ask(c.front, c.address, nil, "--wp-config", s.WPConfig)
			r.want(t, c.code, c.words...)
			if problems := strings.Contains(r.stdout, "problem: "); problems != (c.code == 1) || strings.Contains(r.stdout, "warning: ") != strings.Contains(strings.Join(c.words, ""), "warning: ") {
				t.Errorf("%s", r.stdout)
			}
		})
	}
	t.Run("laptop", s.laptop)
	t.Run("JSON", s.throughJSON)
	t.Run("caches", s.caches)
	t.Run("another site", s.anotherSite)
	t.Run("addresses", s.addresses)
}

// tokenRoute is moserver-token.conf before PHP.
func (s *throughSite) tokenRoute() string {
	conf := stage.WithUpstream(s.t, stage.ReadFile(s.t, "../docker/moserver-token.conf"), "proxy_pass http://", "unix:"+s.dir+"/token.sock")
	return "include " + stage.WriteFile(s.t, filepath.Join(s.dir, "token.conf"), conf) + ";\n" + s.php
}

// laptop: without the site's settings any moserver-sidecar is one, and PHP is not.
func (s *throughSite) laptop(t *testing.T) {
	r := s.ask(s.here, "http://{}", nil)
	r.want(t, 0, "ok: a moserver-sidecar answers at http://"+s.nginx.Address+stage.TokenPath+"\n", "whose it is cannot be told")
	if strings.Contains(r.stdout, "sees this client") || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	s.ask(s.php, "http://{}", nil).want(t, 1, "reaches PHP")
	s.ask(s.tokenRoute(), "http://{}", nil, "--php-upstream", "http://"+s.inner).want(t, 1, "only /token reaches this server", "ok: a moserver-sidecar")
	for _, wrong := range []string{"ftp://example.com", "https://user:secret@example.com", "https://example.com/?page_id=2", "http://", "%"} {
		r := command(t, nil, "check", "--through", wrong)
		if r.want(t, 1, "--through must be the address of the site"); strings.Contains(r.stderr, "secret") {
			t.Errorf("it tells the password: %s", r.stderr)
		}
	}
	command(t, nil, "check", "--through", "https://example.com", "--grants").want(t, 1, "--grants excludes")
}

func (s *throughSite) throughJSON(t *testing.T) {
	for front, want := range map[string]string{
		s.here: `{"ok":true,"addresses":["this server","this server"],"client":"127.0.0.1","problems":[],"warnings":[]}`,
		s.php:  `{"ok":false,"addresses":["PHP","PHP"],"client":"","problems":["route-php"],"warnings":[]}`,
	} {
		r := s.ask(front, "http://{}", nil, "--wp-config", s.WPConfig, "--json")
		var got struct {
			OK        bool `json:"ok"`
			Addresses []struct {
				URL string
				By  string `json:"answered_by"`
			} `json:"addresses"`
			Client             string
			Problems, Warnings []struct{ ID, Problem, Remedy string }
		}
		decoder := json.NewDecoder(strings.NewReader(r.stdout))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%v: %s", err, r.stdout)
		}
		short := map[string]any{}
		if err := json.Unmarshal([]byte(want), &short); err != nil {
			t.Fatal(err)
		}
		if got.OK != short["ok"] || len(got.Addresses) != 2 || got.Addresses[0].By != short["addresses"].([]any)[0] || got.Client != short["client"] || len(got.Problems) != len(short["problems"].([]any)) {
			t.Errorf("want %s, got %s", want, r.stdout)
		}
	}
	s.ask(s.php, "http://{}", nil, "--accept", "route-php").want(t, 1) // what is accepted is not mended
}

// caches: a stored answer to a GET is a warning, and one to a POST is a token for
// somebody else.
func (s *throughSite) caches(t *testing.T) {
	inner := stage.FreeAddress(t)
	zone := "proxy_cache_path " + s.dir + "/cache keys_zone=c:1m;\nserver { listen " + inner + ";\n" + s.here + "}\n"
	before := s.inside
	s.inside += zone
	defer func() { s.inside = before }()
	cache := "proxy_cache c; proxy_cache_valid any 10m; proxy_ignore_headers Cache-Control Expires Vary; location / { proxy_pass http://" + inner + "; proxy_set_header Host $http_host; }\n"
	r := s.ask(cache, "http://{}", nil, "--wp-config", s.WPConfig)
	r.want(t, 0, "warning: The answer to GET http://"+s.nginx.Address, "comes from a cache", "ok: this server")
	s.ask(cache+"add_header X-Cache $upstream_cache_status always;\n", "http://{}", nil).want(t, 0, "warning: The answer to GET")
	s.ask(cache, "http://{}", nil, "--wp-config", s.WPConfig).want(t, 0, "warning: The answer to GET http://"+s.nginx.Address) // of the command before
	r = s.ask("proxy_cache_methods POST;\n"+cache, "http://{}/blog", nil, "--wp-config", s.WPConfig)
	r.want(t, 1, "problem: The answer to POST http://"+s.nginx.Address, "proxy_cache off")
}

// anotherSite: a server is recognized by its settings, even if a copy of the site has
// the same salts.
func (s *throughSite) anotherSite(t *testing.T) {
	other := newSite(t, database)
	r := s.ask(s.here, "http://{}", nil, "--wp-config", other.WPConfig)
	if r.want(t, 1, "a moserver-sidecar answers that does not have this site's settings", "--config /etc/moserver/moserver.yaml"); strings.Contains(r.stdout, "ok: ") {
		t.Errorf("%s", r.stdout)
	}
}

// addresses: the server should know the clients behind a second proxy.
func (s *throughSite) addresses(t *testing.T) {
	inner := stage.FreeAddress(t)
	before := s.inside
	defer func() { s.inside = before }()
	second := "location / { proxy_pass http://" + inner + "; proxy_bind 127.0.0.2; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }\n"
	server := func(lines string) string { return before + "server { listen " + inner + ";\n" + lines + s.here + "}\n" }
	for _, c := range []struct{ name, inside, want string }{
		{"taken for the client", server(""), "warning: The server sees this client as 127.0.0.2, which is a proxy's address or the CDN's (here it is 127.0.0.1)"},
		{"named", server("set_real_ip_from 127.0.0.2; real_ip_header X-Forwarded-For; real_ip_recursive on;\n"), "ok: it sees this client at the address 127.0.0.1\n"},
		{"everybody is believed", server("set_real_ip_from 127.0.0.0/8; set_real_ip_from 0.0.0.0/0; real_ip_header X-Forwarded-For; real_ip_recursive on;\n"), "warning: The server believes an X-Forwarded-For that any client can write"},
	} {
		s.inside = c.inside
		r := s.ask(second, "http://{}", nil, "--wp-config", s.WPConfig)
		if r.want(t, 0, c.want, "ok: this server"); strings.HasPrefix(c.want, "ok: ") && strings.Contains(r.stdout, "warning") {
			t.Errorf("%s: %s", c.name, r.stdout)
		}
	}
	// A proxy that is not in trusted_proxies is the client.
	s.inside = before
	r := s.ask("location / { proxy_pass http://unix:"+s.dir+"/token.sock:; }\n", "http://{}", nil, "--wp-config", s.WPConfig)
	if r.want(t, 0, "ok: this server"); strings.Contains(r.stdout, "sees this client") {
		t.Errorf("%s", r.stdout)
	}
}

// TestThroughUnreachable: each way of getting no answer has a sentence of its own.
func TestThroughUnreachable(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for address, words := range map[string]string{
		"https://nowhere.invalid/blog":               "the name nowhere.invalid ",
		"https://%C2%9B31m.invalid":                  "the name \ufffd31m.invalid ", // U+009B is a terminal's, and redirects come from anybody
		"http://" + stage.FreeAddress(t):             "connection refused: nothing listens at 127.0.0.1:",
		"http://" + silent.Addr().String() + "/site": "did not answer in time",
	} {
		r := command(t, nil, "check", "--through", address)
		r.want(t, 1, "problem: "+address+"/wp-json/moserver/token cannot be asked: ", words)
		if strings.Count(r.stdout, "\n") != 1 {
			t.Errorf("want one line, got %s", r.stdout)
		}
	}
}
