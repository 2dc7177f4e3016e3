package e2e_test

import (
	"net/http"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// TestRevoke revokes a token in each way that clients have to say so: that of
// RFC 7009, and those of the plugin's documentation.
func TestRevoke(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
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
				s.Put(c.kind, token, s.app, stage.Row{})
				request := func() stage.Answer {
					return server.Send(send(server.Base, s.app, append(c.form, c.parameter, token)...))
				}
				request().WantRevoked(t)
				s.WantRow(c.kind, token, false)
				request().WantRevoked(t) // twice is not an error (RFC 7009, 2.2)
				if c.kind == "refresh" {
					server.Refresh(s.app, token).WantError(t, http.StatusBadRequest, "invalid_grant")
				}
			})
		}
	}
}

// credentialStyles are the ways to send parameters and credentials.
func credentialStyles() map[string]func(base string, c stage.Client, pairs ...string) *http.Request {
	return map[string]func(string, stage.Client, ...string) *http.Request{
		"form": func(base string, c stage.Client, pairs ...string) *http.Request {
			return stage.FormRequest(base+stage.TokenPath, append(stage.Credentials(c), pairs...)...)
		},
		"JSON": func(base string, c stage.Client, pairs ...string) *http.Request {
			return stage.JSONRequest(base+stage.TokenPath, append(stage.Credentials(c), pairs...)...)
		},
		"Basic": func(base string, c stage.Client, pairs ...string) *http.Request {
			r := stage.FormRequest(base+stage.TokenPath, pairs...)
			r.SetBasicAuth(c.ID, c.Secret)
			return r
		},
	}
}

// TestRevokeOfPublicClient: its id is all that it has.
func TestRevokeOfPublicClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "public", s.pub, stage.Row{})
	server.Post("client_id", s.pub.ID, "token", "public").WantRevoked(t)
	s.WantRow("refresh", "public", false)
	server.Refresh(s.pub, "public").WantError(t, http.StatusBadRequest, "invalid_grant")
}

// TestRevokeOfUnknownToken is a success: what the client wanted is so already.
func TestRevokeOfUnknownToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	s.Put("refresh", "known", s.app, stage.Row{})
	server.Post(append(stage.Credentials(s.app), "token", "unknown")...).WantRevoked(t)
	server.Post(append(stage.Credentials(s.app), "token", "KNOWN")...).WantRevoked(t) // another token: case counts
	s.WantRow("refresh", "known", true)
	server.Post(append(stage.Credentials(s.app), "grant_type", "revoke_token")...).WantError(t, http.StatusBadRequest, "invalid_request")
}

// TestRevokeRefused: nothing is taken away from anybody by the wrong one.
func TestRevokeRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	server := s.Serve()
	wrong := stage.Client{ID: s.app.ID, Secret: "wrong"}
	for _, kind := range []string{"refresh", "access"} {
		token := "kept-" + kind
		s.Put(kind, token, s.app, stage.Row{})
		server.Post(append(stage.Credentials(wrong), "token", token)...).WantError(t, http.StatusBadRequest, "invalid_client")
		server.Post("token", token).WantError(t, http.StatusBadRequest, "invalid_client")
		server.Post("client_id", s.app.ID, "token", token).WantError(t, http.StatusBadRequest, "invalid_client")
		server.Post(append(stage.Credentials(s.hs), "token", token)...).WantError(t, http.StatusBadRequest, "invalid_grant")
		server.Post(append(stage.Credentials(s.pub), "token", token)...).WantError(t, http.StatusBadRequest, "invalid_grant")

		basic := stage.FormRequest(server.Base+stage.TokenPath, "token", token)
		basic.SetBasicAuth(s.app.ID, "wrong")
		a := server.Send(basic)
		a.WantError(t, http.StatusUnauthorized, "invalid_client")
		if a.Header.Get("WWW-Authenticate") == "" {
			t.Error("a 401 without WWW-Authenticate")
		}
		s.WantRow(kind, token, true)
	}
	server.Refresh(s.app, "kept-refresh").WantTokens(t, "profile email")
}

// TestRevokeAccessTokens: which access tokens of the same client and user end with a
// refresh token is a setting, which was a boolean once.
func TestRevokeAccessTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for _, c := range []struct {
		name        string
		environment []string
		stays       bool // what is of no grant
		granted     bool // what the refresh token has given stays
	}{
		{"default", nil, true, false},
		{"all", []string{"MOSERVER_REVOKE_ACCESS_TOKENS=all"}, false, false},
		{"true", []string{"MOSERVER_REVOKE_ACCESS_TOKENS=true"}, false, false},
		{"none", []string{"MOSERVER_REVOKE_ACCESS_TOKENS=none"}, true, true},
		{"false", []string{"MOSERVER_REVOKE_ACCESS_TOKENS=false"}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := s.ServeWith(c.environment)
			s.Put("refresh", "refresh-"+c.name, s.app, stage.Row{})
			s.Put("access", "own-"+c.name, s.app, stage.Row{})
			s.Put("access", "bob-"+c.name, s.app, stage.Row{User: sandbox.Bob})
			s.Put("access", "hs-"+c.name, s.hs, stage.Row{})
			given := server.Refresh(s.app, "refresh-"+c.name).Member("access_token")
			server.Post(append(stage.Credentials(s.app), "token", "refresh-"+c.name)...).WantRevoked(t)
			s.WantRow("access", given, c.granted)
			s.WantRow("refresh", "refresh-"+c.name, false)
			s.WantRow("access", "own-"+c.name, c.stays)
			s.WantRow("access", "bob-"+c.name, true)
			s.WantRow("access", "hs-"+c.name, true)
		})
	}
}
