package clients_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// door is a site of https that has PHP behind the server: logins go through it too.
type door struct {
	*stage.WordPress
	t          *testing.T
	alice, bob int
}

func newDoor(t *testing.T) *door {
	d := &door{WordPress: stage.StartWordPress(t, binary, stage.WordPressOptions{Door: true, TLS: true}), t: t}
	d.alice, d.bob = d.AddUser("alice"), d.AddUser("bob")
	return d
}

// open starts a library's program for a client, which trusts the site's certificate.
func (d *door) open(t *testing.T, name string, app stage.Client, more ...string) *session {
	t.Helper()
	for _, c := range append(libraries(), websites()...) {
		if c.name == name {
			return open(t, c, environment(t, d.URL, app, append(more, "NODE_EXTRA_CA_CERTS="+d.CertificateFile())...))
		}
	}
	t.Fatalf("there is no client %s", name)
	return nil
}

// logIn sends a user where a client wants, and returns where the login ends. In
// between nothing but the server can know the code.
func (d *door) logIn(t *testing.T, login, address string) *url.URL {
	t.Helper()
	a := d.Person(login).Visit(address)
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("the login of %s does not end with a code: %s", login, a)
	}
	if code := back.Query().Get("code"); len(code) < 100 || d.Has("code", code) {
		t.Errorf("the code, of %d characters, is not sealed", len(code))
	}
	return back
}

// TestMCP: the SDK that AI clients are written with finds the server from a 401,
// registers, logs a user in with PKCE, and lives on refreshes, with and without a
// secret.
func TestMCP(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, method := range []string{"client_secret_post", "none"} {
		t.Run(method, func(t *testing.T) {
			app := stage.Client{Redirect: "http://127.0.0.1:9999/callback"}
			c := d.open(t, "Node.js: @modelcontextprotocol/sdk", app, "AUTH_METHOD="+method)
			heard := c.do("resource")
			if heard.OK || heard.Login == "" {
				t.Fatalf("without a token it wants no login: %s", heard.Error)
			}
			app.ID = heard.ClientID
			back := d.logIn(t, "alice", heard.Login)
			if iss := back.Query().Get("iss"); iss != d.URL {
				t.Errorf("iss: want %q, got %q", d.URL, iss)
			}
			d.wantStolenCodeRefused(t, app, back.Query().Get("code"))
			c.must("finish " + back.Query().Get("code"))
			c.mustBeAlice()
			d.liveOnRefreshes(t, c, method == "none")
		})
	}
}

// wantStolenCodeRefused: who has seen the redirect has no verifier, and takes
// nothing away.
func (d *door) wantStolenCodeRefused(t *testing.T, app stage.Client, code string) {
	t.Helper()
	stored := d.Strings("SELECT client_name FROM {}moos_oauth_clients WHERE client_id = ?", app.ID)
	if len(stored) != 1 || !strings.HasSuffix(stored[0], app.ID) {
		t.Fatal("the client has not registered itself")
	}
	a := d.Token(append(stage.CodeForm(app, code), "redirect_uri", app.Redirect, "code_verifier", strings.Repeat("x", 43))...)
	if a.Status == http.StatusOK || a.Member("access_token") != "" {
		t.Errorf("the code was redeemed with another verifier: %s", a)
	}
}

// liveOnRefreshes: an access token is over, then again while the server answers 503,
// and again after that. Only a public client gets another refresh token.
func (d *door) liveOnRefreshes(t *testing.T, c *session, public bool) {
	t.Helper()
	first := d.expire(t, c)
	second := c.must("resource")
	if second.AccessToken == first.AccessToken || second.User != "alice" || (second.RefreshToken != first.RefreshToken) != public {
		t.Error("the SDK has not refreshed as it should")
	}
	if public && d.Has("refresh", first.RefreshToken) {
		t.Error("the replaced refresh token is still there")
	}
	d.PHP("set_option", stage.Args{"name": "mo_oauth_server_master_switch", "value": "off"}, nil)
	before := d.expire(t, c)
	if heard := c.do("resource"); heard.OK || heard.RefreshToken != before.RefreshToken {
		t.Errorf("during the 503: ok %v, %s; it has kept its refresh token: %v", heard.OK, heard.Error, heard.RefreshToken == before.RefreshToken)
	}
	d.PHP("set_option", stage.Args{"name": "mo_oauth_server_master_switch", "value": "on"}, nil)
	c.mustBeAlice()
}

// expire ends the access token that a client has used, and returns its tokens.
func (d *door) expire(t *testing.T, c *session) said {
	t.Helper()
	heard := c.must("resource")
	d.Exec("UPDATE {}moos_oauth_access_tokens SET expires = '2001-01-01 00:00:00' WHERE access_token = ?", heard.AccessToken)
	return heard
}

// TestOverlappingLogins: of two people who log in at once with openid-client, each
// gets the ID token with the nonce and of the login that were the own. PHP has kept
// only the second one's, and neither's whole in its row.
func TestOverlappingLogins(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	app := d.AddClient(stage.Client{Name: "App", Redirect: "https://client.example.com/callback"})
	c := d.open(t, "Node.js: openid-client", app, "ISSUER="+d.Route("moserver")+"/"+app.ID)
	ofAlice, ofBob := c.must("login").Login, c.must("login").Login
	alices, bobs := d.logIn(t, "alice", ofAlice), d.logIn(t, "bob", ofBob)
	if cut := d.Strings("SELECT COUNT(*) FROM {}moos_oauth_authorization_codes WHERE LENGTH(id_token) = 255"); cut[0] != "2" {
		t.Fatal("the rows have whole ID tokens, and so this test proves nothing")
	}
	for _, login := range []struct {
		user int
		back *url.URL
	}{{d.alice, alices}, {d.bob, bobs}} {
		// The library itself compares state, nonce, issuer and signature.
		if got := c.must("callback " + login.back.String()).Subject; got != strconv.Itoa(login.user) {
			t.Errorf("the subject is %s, want %d", got, login.user)
		}
	}
}
