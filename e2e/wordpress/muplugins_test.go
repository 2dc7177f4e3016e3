package wordpress_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// The files of packaging/wordpress.
const (
	closing    = "moserver-close-token-route.php"
	siteHealth = "moserver-site-health.php"
)

// putIn puts a file of packaging/wordpress where its README says, and returns
// what takes it away again.
func (p *people) putIn(t *testing.T, name string) (takeAway func()) {
	t.Helper()
	text := stage.ReadFile(t, stage.ProjectFile(t, "packaging/wordpress/"+name))
	path := stage.WriteFile(t, filepath.Join(p.WordPress.Home(), "wp-content/mu-plugins", name), text)
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// spelling is a way to PHP's token route. It sends a form there.
type spelling struct {
	name  string
	query string   // of the front page
	pairs []string // beside those of the form
}

// spellings are those that a rule in nginx hardly sees, after the usual one.
func spellings() []spelling {
	return []spelling{
		{"plain", "?rest_route=/moserver/token", nil},
		{"an encoded letter", "?rest_route=/%6doserver/token", nil},
		{"given twice", "?rest_route=/x&rest_route=/moserver/token", nil},
		{"an encoded name", "?rest%5froute=/moserver/token", nil},
		{"a dot in the name", "?rest.route=/moserver/token", nil},
		{"in the body", "", []string{"rest_route", "/moserver/token"}},
	}
}

func (p *people) sendTo(s spelling, pairs ...string) stage.Answer {
	return p.WordPress.Nginx.Send(stage.FormRequest(p.URL+"/"+s.query, append(pairs, s.pairs...)...))
}

// codeForm is the exchange of a new code of alice.
func (p *people) codeForm() []string {
	code := p.Authorize(p.client, p.alice, "profile email")
	return append(stage.CodeForm(p.client, code), "redirect_uri", p.client.Redirect)
}

// refused: a 503 that is not that of the master switch.
func refused(a stage.Answer) bool {
	return a.UnavailableFault() == "" && a.Member("code") == "moserver_token_route_closed"
}

// TestTokenRouteClosed: the mu-plugin closes PHP's token route, however it is
// spelled, for what the server serves; other grants reach PHP.
func TestTokenRouteClosed(t *testing.T) {
	t.Parallel()
	w := stage.StartWordPress(t, binary, stage.WordPressOptions{Door: true})
	p := newPeople(w.Blog, "closed")
	open := func(when string) {
		for _, s := range spellings()[1:] {
			if s.name == "given twice" {
				continue // which nginx's own rule has seen
			}
			if a := p.sendTo(s, p.codeForm()...); a.Header.Get("Link") == "" || a.Member("access_token") == "" {
				t.Errorf("%s, %s: want PHP to redeem the code, got %s", when, s.name, a)
			}
		}
	}
	open("without the file")
	takeAway := p.putIn(t, closing)
	login(t, p) // which nginx sends to the server, as the next, which the server passes on
	wantPHPs(t, "passed on", p.Token(append(stage.Credentials(p.client), "grant_type", "password", "username", "x")...))
	wantRoute(t, w, "")
	w.RouteToPHP()
	wantRoute(t, w, "route-closed")
	for _, s := range spellings() {
		t.Run(s.name, func(t *testing.T) { closedAt(t, p, s) })
	}
	closedToJSON(t, p)
	takeAway()
	wantRoute(t, w, "route-php")
	w.RouteToSidecar()
	open("without the file again")
}

// wantRoute: doctor has this finding about the routes, and no other; none if empty.
func wantRoute(t *testing.T, w *stage.WordPress, id string) {
	t.Helper()
	doctor := stage.Start(t, nil, binary, "doctor", "--wp-config", w.WPConfig, "--php-upstream", "http://127.0.0.1:1")
	doctor.Exit()
	if found := regexp.MustCompile(`\(route-.*\)`).FindString(doctor.Stdout.String()); strings.Trim(found, "()") != id {
		t.Errorf("doctor: want %q, got %q:\n%s", id, found, doctor.Stdout.String())
	}
}

// closedAt sends what the server serves, and what it does not, to PHP.
func closedAt(t *testing.T, p *people, s spelling) {
	served := map[string][]string{
		"code":                  p.codeForm(),
		"refresh":               stage.RefreshForm(p.client, "x"),
		"white space":           append(stage.Credentials(p.client), "grant_type", " refresh_token\n", "refresh_token", "x"),
		"revoke_token":          append(stage.Credentials(p.client), "grant_type", "revoke_token", "token", "x"),
		"revoke":                append(stage.Credentials(p.client), "grant_type", "revoke", "token", "x"),
		"RFC 7009":              append(stage.Credentials(p.client), "token", "x"),
		"the last grant counts": append(p.codeForm(), "grant_type", "password", "grant.type", "authorization_code"),
	}
	for name, pairs := range served {
		if a := p.sendTo(s, pairs...); !refused(a) {
			t.Errorf("%s: want it closed, got %s", name, a)
		}
	}
	if code := served["code"][7]; !p.WordPress.Has("code", code) {
		t.Error("the code that was refused is gone")
	}
	for name, pairs := range map[string][]string{
		"password":           append(stage.Credentials(p.client), "grant_type", "password", "username", "x"),
		"client_credentials": append(stage.Credentials(p.client), "grant_type", "client_credentials"),
		"nothing":            stage.Credentials(p.client),
		"the last counts":    append(stage.Credentials(p.client), "grant_type", "authorization_code", "grant_type", "password"),
		"an array":           append(stage.Credentials(p.client), "grant_type[]", "authorization_code"),
	} {
		wantPHPs(t, name, p.sendTo(s, pairs...))
	}
}

// wantPHPs: PHP itself has refused a grant.
func wantPHPs(t *testing.T, name string, a stage.Answer) {
	t.Helper()
	if a.Status != http.StatusOK || a.Member("error") != "invalid_grant" {
		t.Errorf("%s: want PHP's own answer, got %s", name, a)
	}
}

// closedToJSON: the plugin reads JSON too.
func closedToJSON(t *testing.T, p *people) {
	if a := p.WordPress.Nginx.Send(stage.JSONRequest(p.Route("moserver/token"), p.codeForm()...)); !refused(a) {
		t.Errorf("JSON, a code: want it closed, got %s", a)
	}
	a := p.WordPress.Nginx.Send(stage.JSONRequest(p.Route("moserver/token"), "grant_type", "password"))
	if a.Status != http.StatusOK || a.Member("error") == "" {
		t.Errorf("JSON, a password: want PHP's own answer, got %s", a)
	}
}

// TestSiteHealth: an administrator opens Tools, Site Health, whose page runs the
// test; whether token requests reach the server decides what it says.
func TestSiteHealth(t *testing.T) {
	t.Parallel()
	for _, o := range []stage.WordPressOptions{{}, {PlainPermalinks: true, Folder: "/blog"}, {Door: true, TLS: true}} {
		w := stage.StartWordPress(t, binary, o)
		p := newPeople(w.Blog, "health")
		p.putIn(t, siteHealth)
		admin := p.Person("admin")
		want := func(status, label, seen string) {
			t.Helper()
			a := runSiteHealth(t, admin, p.URL)
			if a.Member("status") != status || !strings.HasPrefix(a.Member("label"), label) || !strings.Contains(a.Member("description"), seen) {
				t.Errorf("want %s, %q and %q, got %s", status, label, seen, a)
			}
		}
		want("good", "Token requests reach", "status 405")
		takeAway := p.putIn(t, closing)
		want("good", "Token requests reach", "status 405")
		w.RouteToPHP()
		want("critical", "Nobody answers", "status 404")
		takeAway()
		want("recommended", "Token requests do not reach", "status 404")
		w.RouteToSidecar()
		p.putIn(t, closing)
		w.Sidecar.Stop()
		want("critical", "Nobody answers", "status 502")
	}
}

// runSiteHealth opens the page, and does what its script does for this test.
func runSiteHealth(t *testing.T, admin *stage.Person, site string) stage.Answer {
	t.Helper()
	page := admin.Visit(site + "/wp-admin/site-health.php")
	find := func(pattern string) (found []byte) {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(page.Text); m != nil {
			return []byte(m[1])
		}
		t.Fatalf("the page has no %s: status %d", pattern, page.Status)
		return nil
	}
	var health struct {
		Status struct {
			Async []struct{ Test string }
		} `json:"site_status"`
	}
	var api struct{ Nonce string }
	if err := json.Unmarshal(find(`var SiteHealth = (.*);`), &health); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(find(`var wpApiSettings = (.*);`), &api); err != nil {
		t.Fatal(err)
	}
	for _, test := range health.Status.Async {
		if strings.Contains(test.Test, "moserver-sidecar/v1") {
			if a := admin.Send(stage.NewRequest(http.MethodGet, test.Test, "")); a.Status != http.StatusUnauthorized {
				t.Errorf("without the nonce: want 401, got %s", a)
			}
			r := stage.NewRequest(http.MethodGet, test.Test, "")
			r.Header.Set("X-WP-Nonce", api.Nonce)
			return admin.Send(r)
		}
	}
	t.Fatal("Site Health's page does not run the test")
	return stage.Answer{}
}
