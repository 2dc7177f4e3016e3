package e2e_test

import (
	"net/http"
	"testing"
)

// TestRotation: a confidential client keeps its refresh token, a public one
// gets a new one at each use, and a setting replaces them all.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	standard, all := s.serve(), s.serve("--rotate-refresh-tokens", "all")
	for _, c := range []struct {
		name    string
		server  *sidecar
		client  client
		rotates bool
	}{
		{"confidential", standard, s.app, false},
		{"public", standard, s.pub, true},
		{"confidential, all", all, s.app, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.put("refresh", "first "+c.name, c.client, row{scope: "profile email"})
			// What is narrowed is this access token; the grant stays whole (RFC 6749, 6).
			a := c.server.refresh(c.client, "first "+c.name, "scope", "email")
			a.wantTokens(t, "email")
			second := a.member("refresh_token")
			if rotated := second != "first "+c.name; rotated != c.rotates {
				t.Fatalf("rotated: want %v, got %q", c.rotates, second)
			}
			s.wantRow("refresh", second, true)
			c.server.refresh(c.client, second).wantTokens(t, "profile email")
			if c.rotates {
				s.wantRow("refresh", "first "+c.name, false)
				c.server.refresh(c.client, "first "+c.name).wantError(t, http.StatusBadRequest, "invalid_grant")
			}
		})
	}
}

// TestOpenIDRefreshToken: the documentation shows a refresh token with every
// code; the plugin's way is a setting.
func TestOpenIDRefreshToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	always, offline := s.serve(), s.serve("--openid-refresh-token", "offline_access")
	for _, c := range []struct {
		name, scope string
		server      *sidecar
		want        bool
	}{
		{"always", "openid profile", always, true},
		{"offline_access, not asked for", "openid profile", offline, false},
		{"offline_access, asked for", "openid profile offline_access", offline, true},
		{"offline_access, no openid", "profile", offline, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.put("code", c.name, s.app, row{scope: c.scope})
			a := c.server.redeem(s.app, c.name)
			if a.status != http.StatusOK || a.member("scope") != c.scope {
				t.Fatalf("want tokens, got %d %s", a.status, a.text)
			}
			s.wantRow("access", a.member("access_token"), true)
			token, there := a.body["refresh_token"]
			if there != c.want {
				t.Fatalf("refresh_token: want it %v, got %v", c.want, token)
			}
			if c.want {
				s.wantRow("refresh", a.member("refresh_token"), true)
			}
		})
	}
}

// TestErrorStatus200 is for clients that cannot read an answer of any other
// status, as PHP has taught them. It is for OAuth errors only.
func TestErrorStatus200(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve("--error-status", "200")
	server.refresh(s.app, "unknown").wantError(t, http.StatusOK, "invalid_grant")
	r := formRequest(server.base+tokenPath, "grant_type", "refresh_token", "refresh_token", "unknown")
	r.SetBasicAuth(s.app.ID, "wrong")
	server.send(r).wantError(t, http.StatusOK, "invalid_client")
	s.putOption("mo_oauth_server_master_switch", "off")
	if a := server.refresh(s.app, "unknown"); a.unavailableFault() != "" {
		t.Errorf("switched off: %s: %d %s", a.unavailableFault(), a.status, a.text)
	}
}

// TestAdmin: what an administrator changes in wp-admin counts for the very
// next request, and so does what PHP writes.
func TestAdmin(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	s.put("refresh", "r1", s.app, row{})
	server.refresh(s.app, "r1").wantTokens(t, "profile email")

	s.putOption("mo_oauth_expiry_time", "120")
	if a := server.refresh(s.app, "r1"); a.body["expires_in"] != 120.0 {
		t.Errorf("after the lifetime was set to 120: %s", a.text)
	}
	s.putOption("mo_oauth_server_master_switch", "off")
	if a := server.refresh(s.app, "r1"); a.unavailableFault() != "" {
		t.Errorf("switched off: %s: %d %s", a.unavailableFault(), a.status, a.text)
	}
	s.putOption("mo_oauth_server_master_switch", "on")
	s.exec("DELETE FROM {p}moos_oauth_clients WHERE client_id = ?", s.app.ID)
	server.refresh(s.app, "r1").wantError(t, http.StatusBadRequest, "invalid_client")
	s.putClient(s.app)
	s.exec("DELETE FROM {p}moos_oauth_refresh_tokens WHERE refresh_token = 'r1'")
	server.refresh(s.app, "r1").wantError(t, http.StatusBadRequest, "invalid_grant")
}

// TestCORS: pages of the client's own origin may read an answer, a refusal
// too; others may not.
func TestCORS(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	s.put("refresh", "r1", s.app, row{})
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
			r := formRequest(server.base+tokenPath, "grant_type", "refresh_token", "refresh_token", c.token)
			r.SetBasicAuth(s.app.ID, s.app.Secret)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			a := server.send(r)
			a.wantHeader(t, "Access-Control-Allow-Origin", c.allowed)
			a.wantHeader(t, "Vary", "Origin")
			if (c.token == "r1") != (a.status == http.StatusOK) {
				t.Errorf("status %d %s", a.status, a.text)
			}
		})
	}
	preflight := mustRequest(http.MethodOptions, server.base+tokenPath, "")
	preflight.Header.Set("Origin", "https://client.example.com")
	preflight.Header.Set("Access-Control-Request-Method", "POST")
	preflight.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
	a := server.send(preflight)
	if a.status != http.StatusNoContent || a.text != "" {
		t.Errorf("preflight: %d %q", a.status, a.text)
	}
	a.wantHeader(t, "Access-Control-Allow-Origin", "https://client.example.com")
	a.wantHeader(t, "Access-Control-Allow-Methods", "POST, OPTIONS")
	a.wantHeader(t, "Access-Control-Allow-Headers", "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type")
}
