package e2e_test

import (
	"net/http"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestRotation: a confidential client keeps its refresh token, a public one
// gets a new one at each use, and a setting replaces them all.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	standard, all := s.Serve(), s.Serve("--rotate-refresh-tokens", "all")
	for _, c := range []struct {
		name    string
		server  *stage.Sidecar
		client  stage.Client
		rotates bool
	}{
		{"confidential", standard, s.app, false},
		{"public", standard, s.pub, true},
		{"confidential, all", all, s.app, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Put("refresh", "first "+c.name, c.client, stage.Row{Scope: "profile email"})
			// What is narrowed is this access token; the grant stays whole (RFC 6749, 6).
			a := c.server.Refresh(c.client, "first "+c.name, "scope", "email")
			a.WantTokens(t, "email")
			second := a.Member("refresh_token")
			if rotated := second != "first "+c.name; rotated != c.rotates {
				t.Fatalf("rotated: want %v, got %q", c.rotates, stage.Shorten(second))
			}
			s.WantRow("refresh", second, true)
			c.server.Refresh(c.client, second).WantTokens(t, "profile email")
			if c.rotates {
				s.WantRow("refresh", "first "+c.name, false)
				c.server.Refresh(c.client, "first "+c.name).WantError(t, http.StatusBadRequest, "invalid_grant")
			}
		})
	}
}

// TestOpenIDRefreshToken: the documentation shows a refresh token with every
// code; the plugin's way is a setting.
func TestOpenIDRefreshToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	always, offline := s.Serve(), s.Serve("--openid-refresh-token", "offline_access")
	for _, c := range []struct {
		name, scope string
		server      *stage.Sidecar
		want        bool
	}{
		{"always", "openid profile", always, true},
		{"offline_access, not asked for", "openid profile", offline, false},
		{"offline_access, asked for", "openid profile offline_access", offline, true},
		{"offline_access, no openid", "profile", offline, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Put("code", c.name, s.app, stage.Row{Scope: c.scope})
			a := c.server.Redeem(s.app, c.name)
			if a.Status != http.StatusOK || a.Member("scope") != c.scope {
				t.Fatalf("want tokens, got %s", a)
			}
			s.WantRow("access", a.Member("access_token"), true)
			if _, there := a.Body["refresh_token"]; there != c.want {
				t.Fatalf("refresh_token: want it %v, got %s", c.want, a)
			}
			if c.want {
				s.WantRow("refresh", a.Member("refresh_token"), true)
			}
		})
	}
}

// TestErrorStatus200 is for clients that cannot read an answer of any other
// status, as PHP has taught them. It is for OAuth errors only.
func TestErrorStatus200(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve("--error-status", "200")
	server.Refresh(s.app, "unknown").WantError(t, http.StatusOK, "invalid_grant")
	r := stage.FormRequest(server.Base+stage.TokenPath, "grant_type", "refresh_token", "refresh_token", "unknown")
	r.SetBasicAuth(s.app.ID, "wrong")
	server.Send(r).WantError(t, http.StatusOK, "invalid_client")
	s.PutOption("mo_oauth_server_master_switch", "off")
	if a := server.Refresh(s.app, "unknown"); a.UnavailableFault() != "" {
		t.Errorf("switched off: %s: %s", a.UnavailableFault(), a)
	}
}

// TestAdmin: what an administrator changes in wp-admin counts for the very
// next request, and so does what PHP writes.
func TestAdmin(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")

	s.PutOption("mo_oauth_expiry_time", "120")
	if a := server.Refresh(s.app, "r1"); a.Body["expires_in"] != 120.0 {
		t.Errorf("after the lifetime was set to 120: %s", a)
	}
	s.PutOption("mo_oauth_server_master_switch", "off")
	if a := server.Refresh(s.app, "r1"); a.UnavailableFault() != "" {
		t.Errorf("switched off: %s: %s", a.UnavailableFault(), a)
	}
	s.PutOption("mo_oauth_server_master_switch", "on")
	s.Exec("DELETE FROM {}moos_oauth_clients WHERE client_id = ?", s.app.ID)
	server.Refresh(s.app, "r1").WantError(t, http.StatusBadRequest, "invalid_client")
	s.PutClient(s.app)
	s.Exec("DELETE FROM {}moos_oauth_refresh_tokens WHERE refresh_token = 'r1'")
	server.Refresh(s.app, "r1").WantError(t, http.StatusBadRequest, "invalid_grant")
}

// TestCORS: pages of the client's own origin may read an answer, a refusal
// too; others may not, and who does not know the secret learns no origin.
func TestCORS(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "r1", s.app, stage.Row{})
	for _, c := range []struct{ name, origin, token, allowed string }{
		{"own", "https://client.example.com", "r1", "https://client.example.com"},
		{"own, refused", "https://client.example.com", "unknown", "https://client.example.com"},
		{"foreign", "https://elsewhere.example.org", "r1", ""},
		{"another scheme", "http://client.example.com", "r1", ""},
		{"another port", "https://client.example.com:8443", "r1", ""},
		{"null", "null", "r1", ""},
		{"none", "", "r1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := stage.FormRequest(server.Base+stage.TokenPath, "grant_type", "refresh_token", "refresh_token", c.token)
			r.SetBasicAuth(s.app.ID, s.app.Secret)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			a := server.Send(r)
			a.WantHeader(t, "Access-Control-Allow-Origin", c.allowed)
			a.WantHeader(t, "Vary", "Origin")
			if (c.token == "r1") != (a.Status == http.StatusOK) {
				t.Errorf("status %s", a)
			}
		})
	}
	for _, c := range []struct {
		client          stage.Client
		origin, allowed string
	}{
		{stage.Client{ID: s.app.ID, Secret: "wrong"}, "https://client.example.com", ""},
		{stage.Client{ID: s.app.ID}, "https://client.example.com", ""},
		{s.pub, "https://spa.example.com", "https://spa.example.com"},
	} {
		r := stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(c.client, "unknown")...)
		r.Header.Set("Origin", c.origin)
		server.Send(r).WantHeader(t, "Access-Control-Allow-Origin", c.allowed)
	}
	preflight := stage.NewRequest(http.MethodOptions, server.Base+stage.TokenPath, "")
	preflight.Header.Set("Origin", "https://client.example.com")
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	preflight.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	a := server.Send(preflight)
	if a.Status != http.StatusNoContent || a.Text != "" {
		t.Errorf("preflight: %s", a)
	}
	a.WantHeader(t, "Access-Control-Allow-Origin", "https://client.example.com")
	a.WantHeader(t, "Access-Control-Allow-Methods", "POST, OPTIONS")
	a.WantHeader(t, "Access-Control-Allow-Headers", "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type")
}
