package e2e_test

import (
	"net/http"
	"testing"

	"moserver-sidecar/wpdb/sandbox"
)

// TestRevoke revokes a token in each way that clients have to say so: that of
// RFC 7009, and those of the plugin's documentation.
func TestRevoke(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	for _, c := range []struct {
		name, kind string
		form       []string // without the token
		parameter  string   // that the token is in
	}{
		{"token alone", "refresh", nil, "token"},
		{"right hint", "refresh", []string{"token_type_hint", "refresh_token"}, "token"},
		{"wrong hint", "refresh", []string{"token_type_hint", "access_token"}, "token"},
		{"unknown hint", "refresh", []string{"token_type_hint", "saml2"}, "token"},
		{"revoke_token, token", "refresh", []string{"grant_type", "revoke_token"}, "token"},
		{"revoke_token, refresh_token", "refresh", []string{"grant_type", "revoke_token"}, "refresh_token"},
		{"revoke, token", "refresh", []string{"grant_type", "revoke"}, "token"},
		{"revoke, refresh_token", "refresh", []string{"grant_type", "revoke"}, "refresh_token"},
		{"access token alone", "access", nil, "token"},
		{"access token, right hint", "access", []string{"token_type_hint", "access_token"}, "token"},
		{"access token, wrong hint", "access", []string{"token_type_hint", "refresh_token"}, "token"},
		{"access token, revoke_token", "access", []string{"grant_type", "revoke_token"}, "token"},
	} {
		for style, send := range credentialStyles() {
			t.Run(c.name+", "+style, func(t *testing.T) {
				token := "revoke " + t.Name()
				s.put(c.kind, token, s.app, row{})
				request := func() answer { return server.send(send(server.base, s.app, append(c.form, c.parameter, token)...)) }
				request().wantRevoked(t)
				s.wantRow(c.kind, token, false)
				request().wantRevoked(t) // twice is not an error (RFC 7009, 2.2)
				if c.kind == "refresh" {
					server.refresh(s.app, token).wantError(t, http.StatusBadRequest, "invalid_grant")
				}
			})
		}
	}
}

// credentialStyles are the ways to send parameters and credentials.
func credentialStyles() map[string]func(base string, c client, pairs ...string) *http.Request {
	return map[string]func(string, client, ...string) *http.Request{
		"form": func(base string, c client, pairs ...string) *http.Request {
			return formRequest(base+tokenPath, append(credentials(c), pairs...)...)
		},
		"JSON": func(base string, c client, pairs ...string) *http.Request {
			return jsonRequest(base+tokenPath, append(credentials(c), pairs...)...)
		},
		"Basic": func(base string, c client, pairs ...string) *http.Request {
			r := formRequest(base+tokenPath, pairs...)
			r.SetBasicAuth(c.ID, c.Secret)
			return r
		},
	}
}

// TestRevokeOfPublicClient: its id is all that it has.
func TestRevokeOfPublicClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	s.put("refresh", "public", s.pub, row{})
	server.post("client_id", s.pub.ID, "token", "public").wantRevoked(t)
	s.wantRow("refresh", "public", false)
	server.refresh(s.pub, "public").wantError(t, http.StatusBadRequest, "invalid_grant")
}

// TestRevokeOfUnknownToken is a success: what the client wanted is so already.
func TestRevokeOfUnknownToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	s.put("refresh", "known", s.app, row{})
	server.post(append(credentials(s.app), "token", "unknown")...).wantRevoked(t)
	server.post(append(credentials(s.app), "token", "KNOWN")...).wantRevoked(t) // another token: case counts
	s.wantRow("refresh", "known", true)
	server.post(append(credentials(s.app), "grant_type", "revoke_token")...).wantError(t, http.StatusBadRequest, "invalid_request")
}

// TestRevokeRefused: nothing is taken away from anybody by the wrong one.
func TestRevokeRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.serve()
	wrong := client{ID: s.app.ID, Secret: "wrong"}
	for _, kind := range []string{"refresh", "access"} {
		token := "kept-" + kind
		s.put(kind, token, s.app, row{})
		server.post(append(credentials(wrong), "token", token)...).wantError(t, http.StatusBadRequest, "invalid_client")
		server.post("token", token).wantError(t, http.StatusBadRequest, "invalid_client")
		server.post("client_id", s.app.ID, "token", token).wantError(t, http.StatusBadRequest, "invalid_client")
		server.post(append(credentials(s.hs), "token", token)...).wantError(t, http.StatusBadRequest, "invalid_grant")
		server.post(append(credentials(s.pub), "token", token)...).wantError(t, http.StatusBadRequest, "invalid_grant")

		basic := formRequest(server.base+tokenPath, "token", token)
		basic.SetBasicAuth(s.app.ID, "wrong")
		a := server.send(basic)
		a.wantError(t, http.StatusUnauthorized, "invalid_client")
		if a.header.Get("WWW-Authenticate") == "" {
			t.Error("a 401 without WWW-Authenticate")
		}
		s.wantRow(kind, token, true)
	}
	server.refresh(s.app, "kept-refresh").wantTokens(t, "profile email")
}

// TestRevokeAccessTokens: the setting lets the end of a refresh token end the
// access tokens of the same client and user, and of no other.
func TestRevokeAccessTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for _, c := range []struct {
		name        string
		environment []string
		stays       bool
	}{
		{"default", nil, true},
		{"on", []string{"MOSERVER_REVOKE_ACCESS_TOKENS=true"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := s.serveWith(c.environment)
			s.put("refresh", "refresh-"+c.name, s.app, row{})
			s.put("access", "own-"+c.name, s.app, row{})
			s.put("access", "bob-"+c.name, s.app, row{user: sandbox.Bob})
			s.put("access", "hs-"+c.name, s.hs, row{})
			server.post(append(credentials(s.app), "token", "refresh-"+c.name)...).wantRevoked(t)
			s.wantRow("refresh", "refresh-"+c.name, false)
			s.wantRow("access", "own-"+c.name, c.stays)
			s.wantRow("access", "bob-"+c.name, true)
			s.wantRow("access", "hs-"+c.name, true)
		})
	}
}
