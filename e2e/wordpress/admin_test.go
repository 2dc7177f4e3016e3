package wordpress_test

import (
	"net/http"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// adminChanges: what is changed in wp-admin counts for the very next request.
func adminChanges(t *testing.T, p *people) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, p *people)
	}{
		{"master switch", masterSwitch},
		{"plugin deactivated", deactivated},
		{"OpenID Connect off", openIDSwitch},
		{"signing algorithm", algorithm},
		{"access token lifetime", accessLifetime},
		{"refresh token lifetime", refreshLifetime},
		{"client's redirect URI", redirectURI},
		{"client's secret", clientSecret},
		{"client deleted", clientDeleted},
		{"user deleted", userDeleted},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, p) })
	}
}

func (p *people) setOption(name string, value any) {
	p.PHP("set_option", stage.Args{"name": name, "value": value}, nil)
}

func (p *people) deleteOption(name string) { p.PHP("delete_option", stage.Args{"name": name}, nil) }

func masterSwitch(t *testing.T, p *people) {
	token := p.grant(t, p.alice)
	p.setOption("mo_oauth_server_master_switch", "off")
	if a := p.refresh(p.client, token); a.UnavailableFault() != "" {
		t.Errorf("switched off: %s: %s", a.UnavailableFault(), a)
	}
	p.setOption("mo_oauth_server_master_switch", "on")
	p.refresh(p.client, token).WantTokens(t, "profile email")
}

// deactivated: as WordPress itself writes the list of active plugins.
func deactivated(t *testing.T, p *people) {
	token := p.grant(t, p.alice)
	p.setOption("active_plugins", []string{"miniorange-login/mo_oauth_settings.php"})
	if a := p.refresh(p.client, token); a.UnavailableFault() != "" {
		t.Errorf("deactivated: %s: %s", a.UnavailableFault(), a)
	}
	p.setOption("active_plugins", []string{"akismet/akismet.php", "miniorange-oauth-20-server/mo_oauth_settings.php"})
	p.refresh(p.client, token).WantTokens(t, "profile email")
}

func openIDSwitch(t *testing.T, p *people) {
	for _, value := range []string{"off", "on"} {
		p.setOption("mo_oauth_server_enable_oidc", value)
		a := p.redeem(p.client, p.Authorize(p.client, p.alice, "openid"))
		_, there := a.Body["id_token"]
		if a.Status != http.StatusOK || there != (value == "on") {
			t.Errorf("%s: %s", value, a)
		}
	}
}

// algorithm: a login that PHP has begun with the old key is finished with the
// new one, because clients fetch the keys that are.
func algorithm(t *testing.T, p *people) {
	for _, name := range []string{"HS256", "RS256"} {
		code := p.Authorize(p.client, p.alice, "openid")
		p.PHP("set_algorithm", stage.Args{"client_id": p.client.ID, "algorithm": name}, nil)
		p.wantIDToken(t, p.redeem(p.client, code), p.alice, name)
		p.wantIDToken(t, p.redeem(p.client, p.Authorize(p.client, p.alice, "openid")), p.alice, name)
	}
}

// accessLifetime: also PHP takes the token for as long, and no longer.
func accessLifetime(t *testing.T, p *people) {
	token := p.grant(t, p.alice)
	defer p.deleteOption("mo_oauth_expiry_time")
	p.setOption("mo_oauth_expiry_time", "120")
	a := p.refresh(p.client, token)
	if a.Body["expires_in"] != 120.0 {
		t.Errorf("want 120 seconds, got %s", a)
	}
	p.wantUser(t, a, p.alice)
	p.setOption("mo_oauth_expiry_time", "1")
	short := p.refresh(p.client, token).Member("access_token")
	stage.Eventually(t, stage.Patience, "PHP says that the token is over", func() bool {
		return p.Resource(short).Member("error") == "expired_token"
	})
}

func refreshLifetime(t *testing.T, p *people) {
	forever := p.grant(t, p.alice)
	defer p.deleteOption("mo_oauth_refresh_expiry_time")
	p.setOption("mo_oauth_refresh_expiry_time", "1")
	short := p.grant(t, p.alice)
	stage.Eventually(t, stage.Patience, "the refresh token is over", func() bool {
		return p.refresh(p.client, short).Member("error") == "invalid_grant"
	})
	p.refresh(p.client, forever).WantTokens(t, "profile email")
}

// redirectURI: pages of the client's own origin may read the answers.
func redirectURI(t *testing.T, p *people) {
	old := p.client
	p.client.Redirect = "https://moved.example.com/cb"
	p.PHP("set_redirect_uri", stage.Args{"client_id": p.client.ID, "redirect_uri": p.client.Redirect}, nil)
	for origin, allowed := range map[string]string{
		"https://moved.example.com":             "https://moved.example.com",
		strings.TrimSuffix(old.Redirect, "/cb"): "",
	} {
		code := p.Authorize(p.client, p.alice, "profile email")
		r := stage.FormRequest(p.Route("moserver/token"), append(stage.CodeForm(p.client, code), "redirect_uri", p.client.Redirect)...)
		r.Header.Set("Origin", origin)
		a := p.WordPress.Nginx.Send(r)
		a.WantTokens(t, "profile email")
		a.WantHeader(t, "Access-Control-Allow-Origin", allowed)
	}
	// A code is bound to the address that its login was for.
	a := p.redeem(old, p.Authorize(p.client, p.alice, "profile email"))
	a.WantError(t, http.StatusBadRequest, "redirect_uri_mismatch")
}

func clientSecret(t *testing.T, p *people) {
	token := p.grant(t, p.alice)
	old := p.client
	p.client.Secret = `new "secret" \ é`
	p.PHP("set_secret", stage.Args{"client_id": old.ID, "name": old.Name, "secret": p.client.Secret}, nil)
	p.refresh(old, token).WantError(t, http.StatusBadRequest, "invalid_client")
	p.refresh(p.client, token).WantTokens(t, "profile email")
}

// clientDeleted: one of the same name that is made anew has nothing of the old.
func clientDeleted(t *testing.T, p *people) {
	token := p.grant(t, p.alice)
	code := p.Authorize(p.client, p.alice, "profile email")
	p.PHP("delete_client", stage.Args{"client_id": p.client.ID, "name": p.client.Name}, nil)
	p.refresh(p.client, token).WantError(t, http.StatusBadRequest, "invalid_client")
	p.redeem(p.client, code).WantError(t, http.StatusBadRequest, "invalid_client")

	p.client = p.AddClient(p.client)
	p.refresh(p.client, token).WantError(t, http.StatusBadRequest, "invalid_grant")
	p.redeem(p.client, code).WantError(t, http.StatusBadRequest, "invalid_grant")
	p.refresh(p.client, p.grant(t, p.alice)).WantTokens(t, "profile email")
}

func userDeleted(t *testing.T, p *people) {
	token := p.grant(t, p.bob)
	code := p.Authorize(p.client, p.bob, "profile email")
	p.PHP("delete_user", stage.Args{"user": p.bob}, nil)
	p.refresh(p.client, token).WantError(t, http.StatusBadRequest, "invalid_grant")
	p.redeem(p.client, code).WantError(t, http.StatusBadRequest, "invalid_grant")
}

// ownOptions: a setting of one blog is none of the other's.
func ownOptions(t *testing.T, w *stage.WordPress) {
	one, two := newPeople(w.Blog, "own"), newPeople(w.Two, "own")
	ofOne, ofTwo := one.grant(t, one.alice), two.grant(t, two.alice)
	two.setOption("mo_oauth_expiry_time", "120")
	if a := two.refresh(two.client, ofTwo); a.Body["expires_in"] != 120.0 {
		t.Errorf("blog 2, which has a setting: %s", a)
	}
	one.refresh(one.client, ofOne).WantTokens(t, "profile email")
	two.setOption("mo_oauth_server_master_switch", "off")
	one.refresh(one.client, ofOne).WantTokens(t, "profile email")
	two.setOption("mo_oauth_server_master_switch", "on")
	two.deleteOption("mo_oauth_expiry_time")
}

// membership: who is taken from a client's blog gets no more tokens for it, and
// stays as before in the others.
func membership(t *testing.T, w *stage.WordPress) {
	for _, b := range []*stage.Blog{w.Blog, w.Two} {
		p := newPeople(b, "member")
		token := p.grant(t, p.alice)
		code := p.Authorize(p.client, p.alice, "profile email")
		p.PHP("remove_from_blog", stage.Args{"user": p.alice}, nil)
		p.refresh(p.client, token).WantError(t, http.StatusBadRequest, "invalid_grant")
		p.redeem(p.client, code).WantError(t, http.StatusBadRequest, "invalid_grant")
		p.refresh(p.client, p.grant(t, p.bob)).WantTokens(t, "profile email")
		p.PHP("add_to_blog", stage.Args{"user": p.alice}, nil)
		p.refresh(p.client, token).WantTokens(t, "profile email")
	}
}

// blogDeleted: a deleted blog takes its clients with it, and no others.
func blogDeleted(t *testing.T, w *stage.WordPress) {
	one, two := newPeople(w.Blog, "stays"), newPeople(w.Two, "goes")
	ofOne, ofTwo := one.grant(t, one.alice), two.grant(t, two.alice)
	one.PHP("delete_blog", stage.Args{"blog": w.Two.ID}, nil)
	one.refresh(two.client, ofTwo).WantError(t, http.StatusBadRequest, "invalid_client")
	one.refresh(one.client, ofOne).WantTokens(t, "profile email")
}
