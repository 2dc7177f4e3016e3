package e2e_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestRoutes: doctor asks the site's own address where /token and /authorize end;
// check fails only if it is a different place.
func TestRoutes(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.PutOption("home", "http://"+d.nginx.Address)
	inner := stage.ReadFile(t, d.dir+"/site.conf")
	inner = inner[:strings.LastIndex(inner, "server {")]
	toPHP := func(location string) string {
		return "location " + location + " { proxy_pass http://" + d.inner + "$request_uri; proxy_set_header Host $http_host; }\n"
	}
	door := "include " + stage.ProjectFile(t, "docker/moserver-namespace.conf") + ";\n"
	for _, c := range []struct{ name, routes, permalinks, want string }{
		{"both here", door, "/%postname%/", ""},
		{"both here, plain permalinks", door, "", ""},
		{"only token", toPHP("= /wp-json/moserver/authorize") + door, "/%postname%/", "only /token reaches this server, and /authorize does not, so logins fail. (route-split)"},
		{"only authorize", toPHP("= /wp-json/moserver/token") + door, "/%postname%/", "only /authorize reaches this server, and /token does not, so logins fail. (route-split)"},
		{"none", toPHP("/"), "/%postname%/", "reach PHP, and not this server. (route-php)"},
		{"none, plain permalinks", toPHP("/"), "", "reach PHP, and not this server. (route-php)"},
		{"another address", "return 301 https://$host$request_uri;", "/%postname%/", "/token has the status 301. (route-unknown)"},
		{"a firewall", "location = /wp-json/moserver/authorize { return 403; }\n" + door, "/%postname%/", "/authorize has the status 403. (route-unknown)"},
	} {
		d.PutOption("permalink_structure", c.permalinks)
		d.nginx.Reload(inner + "server {\n" + stage.ListenLine + "\n" + c.routes + "}\n")
		t.Run(c.name, func(t *testing.T) { d.wantRoute(t, c.want, "--php-upstream", "http://"+d.inner) })
	}
	d.PutOption("permalink_structure", "/%postname%/")
	d.nginx.Reload(inner + "server {\n" + stage.ListenLine + "\n" + toPHP("= /wp-json/moserver/authorize") + door + "}\n")
	d.wantRoute(t, "") // without php_upstream /authorize is PHP's
	unknown := httptest.NewTLSServer(http.NotFoundHandler())
	d.wantRoute(t, "the certificate is signed by itself and by no CA, so clients refuse it. (route-unknown)", "--home", unknown.URL)
	unknown.Close()
	d.wantRoute(t, "connection refused: nothing listens at "+strings.TrimPrefix(unknown.URL, "https://")+". (route-unknown)", "--home", unknown.URL)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	d.wantRoute(t, " did not answer in time. (route-unknown)", "--home", "http://"+silent.Addr().String())
}

// wantRoute: doctor says this of the routes, or nothing if it is empty, and check only
// that there is a split.
func (d *door) wantRoute(t *testing.T, want string, flags ...string) {
	t.Helper()
	flags = append([]string{"--wp-config", d.WPConfig}, flags...)
	r := command(t, nil, append([]string{"doctor"}, flags...)...)
	if found := strings.Count(r.stdout, "(route-"); !strings.Contains(r.stdout, want) || (want == "") != (found == 0) || found > 1 {
		t.Errorf("doctor: want %q, got\n%s", want, r.stdout)
	}
	if strings.Contains(want, "route-unknown") != strings.Contains(r.stdout[strings.LastIndex(r.stdout, "\nNotes:"):], "(route-") {
		t.Errorf("doctor: what is unknown, and nothing else, is a note\n%s", r.stdout)
	}
	code, words := 0, "ok: "
	if text, split := strings.CutSuffix(want, " (route-split)"); split {
		code, words = 1, text
	}
	command(t, nil, append([]string{"check"}, flags...)...).want(t, code, words)
}

// TestDoctorAsksOnce: no question for variables or options comes twice.
func TestDoctorAsksOnce(t *testing.T) {
	t.Parallel()
	s, p := newSite(t, database), newFaultProxy(t, database)
	times := map[string]int{}
	for _, statement := range p.Sent(func() {
		command(t, nil, "doctor", "--wp-config", s.WPConfig, "--db-host", "localhost:"+p.socket, "--php-upstream", "http://"+stage.FreeAddress(t)).want(t, 2, "php_upstream")
	}) {
		if times[statement]++; times[statement] == 2 && (strings.HasPrefix(statement, "SHOW VARIABLES") || strings.Contains(statement, "option_value")) {
			t.Errorf("asked again: %s", statement)
		}
	}
}
