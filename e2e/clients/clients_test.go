package clients_test

import (
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestClients: each client does all that it can do, through nginx; the access
// tokens are used at PHP. What was seen is the table of docs/clients/README.md.
func TestClients(t *testing.T) {
	s := newSite(t)
	var rows table
	t.Run("all", func(t *testing.T) {
		for _, c := range samples() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				rows.add(c, judgeSample(t, s, c))
			})
		}
		for _, c := range libraries() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				rows.add(c, judgeLibrary(t, s, c))
			})
		}
		for _, c := range websites() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				rows.add(c, judgeWebsite(t, s, c))
			})
		}
	})
	rows.compare(t, len(samples())+len(libraries())+len(websites()), docs+"/README.md", "clients",
		"Client", "Version", "Code", "Refresh", "Revoke", "Credentials")
}

// judgeSample runs a sample twice: what it promises must have happened, and the
// second time it must say that its token is refused. It returns a row's cells.
func judgeSample(t *testing.T, s *site, c client) []string {
	wire := newTap(t, s.Nginx.Address)
	token := s.grant("sample " + c.name)
	env := environment(t, wire.base, s.app, "REFRESH_TOKEN="+token, "WP_USERNAME=alice", "WP_PASSWORD=pass & word")
	r := runSample(t, c, env)
	if r.status != 0 {
		t.Fatalf("exit status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	r.wantLines(t, "refreshed: an access token for 3600 seconds", "resource: alice", "revoked", "refused: invalid_grant")
	s.WantRow("refresh", token, false)
	posts := wire.posts()
	if len(posts) != 3 {
		t.Errorf("a refresh, a revocation and another refresh came in %d requests", len(posts))
	}

	if r = runSample(t, c, env); r.status != 1 {
		t.Errorf("with a token that is over its exit status is %d, want 1", r.status)
	}
	return []string{c.name, versionOf(t, c), "–", "yes", "yes", styles(posts)}
}

// wantLines checks that a sample says certain lines; newman puts frames around
// them.
func (r ran) wantLines(t *testing.T, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !slices.ContainsFunc(strings.Split(r.stdout, "\n"), func(line string) bool { return strings.Trim(line, " │'") == want }) {
			t.Errorf("it does not say %q:\n%s", want, r.stdout)
		}
	}
}

// judgeLibrary follows a grant from its code to its end. It returns a row's
// cells.
func judgeLibrary(t *testing.T, s *site, c client) []string {
	wire := newTap(t, s.Nginx.Address)
	library := open(t, c, environment(t, wire.base, s.app))
	code := s.Authorize(s.app, s.alice, "profile email")
	first := library.must("code " + code)
	s.wantStored(t, "code", code, false)
	s.wantHeld(t, first)
	library.mustBeAlice()

	second := library.must("refresh")
	s.wantHeld(t, second)
	if second.AccessToken == first.AccessToken || second.RefreshToken != first.RefreshToken {
		t.Error("a refresh must give another access token, and the same refresh token to a confidential client")
	}
	library.mustBeAlice()

	if c.revokes {
		library.must("revoke")
	} else {
		s.Token(append(stage.Credentials(s.app), "token", first.RefreshToken)...).WantRevoked(t)
	}
	s.wantStored(t, "refresh", first.RefreshToken, false)
	refused := library.do("refresh")
	if refused.OK || !strings.Contains(strings.ToLower(refused.Error), "grant") {
		t.Errorf("a revoked token: want to hear of invalid_grant, got ok %v, %s", refused.OK, refused.Error)
	}
	return []string{c.name, shortVersion(library.version), "yes", "yes", yes(c.revokes), styles(wire.posts())}
}

// judgeWebsite has alice log in on a website, whose redirects she follows. It returns
// a row's cells.
func judgeWebsite(t *testing.T, s *site, c client) []string {
	wire := newTap(t, s.Nginx.Address)
	website := stage.FreeAddress(t)
	app := s.AddClient(stage.Client{Name: "Website", Redirect: "http://" + website + "/auth/callback/wordpress"})
	version := open(t, c, environment(t, wire.base, app, "LOGIN="+s.Route("moserver/authorize"))).version
	visitor := stage.HTTPClient(website)
	visitor.Jar, _ = cookiejar.New(nil) // which never fails
	send := func(r *http.Request) stage.Answer {
		t.Helper()
		a, err := stage.Do(visitor, r)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	get := func(address string) stage.Answer { return send(stage.NewRequest(http.MethodGet, address, "")) }
	page := "http://" + website + "/auth/"
	begun := send(stage.FormRequest(page+"signin/wordpress", "csrfToken", get(page+"csrf").Member("csrfToken")))
	back := s.Person("alice").Visit(begun.Header.Get("Location"))
	get(back.Header.Get("Location"))
	if a := get("http://" + website + "/"); a.Member("visitor") != "alice" {
		t.Errorf("alice has logged in, and the website says %s", a)
	}
	return []string{c.name, shortVersion(version), "yes", "–", "–", styles(wire.posts())}
}

// wantHeld checks that the tokens that a client holds are in the tables.
func (s *site) wantHeld(t *testing.T, heard said) {
	t.Helper()
	s.wantStored(t, "access", heard.AccessToken, true)
	s.wantStored(t, "refresh", heard.RefreshToken, true)
}

// wantStored is WantRow for the test of one client; the site is that of all.
func (s *site) wantStored(t *testing.T, kind, value string, there bool) {
	t.Helper()
	if s.Has(kind, value) != there {
		t.Errorf("the row of the %s: want there %v, it is %v", kind, there, !there)
	}
}

// mustBeAlice uses the access token, at PHP.
func (s *session) mustBeAlice() {
	s.t.Helper()
	if user := s.must("resource").User; user != "alice" {
		s.t.Errorf("%s: the access token is that of %q", s.name, user)
	}
}
