package store_test

import (
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/storetest"
	"moserver-sidecar/wpdb"
	"strings"
	"testing"
	"time"
)

func (s *site) SetSite(want oauth.Site) {
	s.T.Helper()
	s.PutOption("mo_oauth_expiry_time", fmt.Sprint(int(want.AccessTokenLifetime.Seconds())))
	s.PutOption("mo_oauth_refresh_expiry_time", fmt.Sprint(int(want.RefreshTokenLifetime.Seconds())))
	s.PutOption("mo_oauth_server_token_length", fmt.Sprint(want.TokenLength))
	s.PutOption("mo_oauth_server_master_switch", map[bool]string{true: "off", false: "on"}[want.SwitchedOff])
	s.PutOption("active_plugins", map[bool]string{true: otherPlugins, false: activePlugins}[want.Deactivated])
}

func (s *site) SetOpenID(issuer string, off bool) {
	s.T.Helper()
	s.PutOption("mo_oauth_server_enable_oidc", map[bool]string{true: "off", false: "on"}[off])
	home, pretty := strings.CutSuffix(issuer, "/wp-json/moserver")
	s.PutOption("home", strings.TrimSuffix(home, "/?rest_route=/moserver"))
	s.PutOption("permalink_structure", map[bool]string{true: "/%postname%/", false: ""}[pretty])
}

func (s *site) PutProfile(id int64, p oauth.Profile) {
	s.T.Helper()
	s.Exec("REPLACE INTO {}users (ID, user_login, user_email, display_name) VALUES (?, ?, ?, ?)", id, p.Username, p.Email, p.DisplayName)
	s.Exec("DELETE FROM {}usermeta WHERE user_id = ?", id)
	for key, value := range map[string]string{"first_name": p.FirstName, "last_name": p.LastName, "nickname": p.Nickname} {
		s.Exec("INSERT INTO {}usermeta (user_id, meta_key, meta_value) VALUES (?, ?, ?), (?, ?, 'a later one')", id, key, value, id, key)
	}
}

func (s *site) PutKey(clientID string, key oauth.SigningKey) {
	s.T.Helper()
	s.Exec("DELETE FROM {}moos_oauth_public_keys WHERE client_id = CAST(? AS BINARY)", clientID)
	s.Exec("INSERT INTO {}moos_oauth_public_keys VALUES (?, ?, ?, ?)", clientID, key.PublicKey, key.PrivateKey, key.Algorithm)
}

func (s *site) PutIDToken(code string, stored oauth.StoredIDToken) {
	s.T.Helper()
	s.Exec("UPDATE {}moos_oauth_authorization_codes SET id_token = ?, expires = expires WHERE authorization_code = CAST(? AS BINARY)", stored.OfCode, code)
	s.PutOption("mo_oauth_server_current_id_token", stored.Current)
}

func (s *site) PutClient(c oauth.Client) {
	s.T.Helper()
	s.DeleteClient(c.ID)
	uris := ""
	for i, uri := range c.RedirectURIs {
		uris += map[bool]string{true: "", false: " "}[i == 0] + uri
	}
	s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) VALUES (?, ?, ?, ?, 1)",
		"Café 日本", c.ID, wpdb.EncryptSecret(c.Secret, "Café 日本"), uris)
}

func (s *site) DeleteClient(id string) {
	s.T.Helper()
	s.Exec("DELETE FROM {}moos_oauth_clients WHERE client_id = ?", id)
}

func (s *site) PutUser(id int64) {
	s.T.Helper()
	s.Exec("REPLACE INTO {}users (ID, user_login) VALUES (?, ?)", id, fmt.Sprint("user", id))
}

func (s *site) DeleteUser(id int64) {
	s.T.Helper()
	s.Exec("DELETE FROM {}users WHERE ID = ?", id)
}

func (s *site) PutGrant(p oauth.Presented, g oauth.Grant) {
	s.T.Helper()
	expires := "0000-00-00 00:00:00"
	if !g.Expires.IsZero() {
		expires = g.Expires.UTC().Format(time.DateTime)
	}
	table := map[oauth.Kind]string{
		oauth.AuthorizationCode: "authorization_codes",
		oauth.AccessToken:       "access_tokens",
		oauth.RefreshToken:      "refresh_tokens",
	}[p.Kind]
	s.Exec("INSERT INTO {}moos_oauth_"+table+" ("+string(p.Kind)+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)",
		p.Value, g.ClientID, g.UserID, expires, g.Scope.String())
	if p.Kind == oauth.AuthorizationCode {
		s.Exec("UPDATE {}moos_oauth_authorization_codes SET redirect_uri = ?, expires = ? WHERE authorization_code = CAST(? AS BINARY)",
			g.RedirectURI, expires, p.Value)
	}
}

func (s *site) Tokens(kind oauth.Kind) []oauth.Token {
	s.T.Helper()
	rows, err := s.Root.Query(s.SQL("SELECT " + string(kind) + ", client_id, user_id, expires, scope FROM {}moos_oauth_" + string(kind) + "s"))
	if err != nil {
		s.T.Fatal(err)
	}
	defer rows.Close()
	var tokens []oauth.Token
	for rows.Next() {
		token := oauth.Token{Kind: kind}
		var expires, scope string
		if err := rows.Scan(&token.Value, &token.ClientID, &token.UserID, &expires, &scope); err != nil {
			s.T.Fatal(err)
		}
		token.Scope = oauth.ParseScope(scope)
		if expires != "0000-00-00 00:00:00" {
			if token.Expires, err = time.Parse(time.DateTime, expires); err != nil {
				s.T.Fatal(err)
			}
		}
		tokens = append(tokens, token)
	}
	if err := rows.Err(); err != nil {
		s.T.Fatal(err)
	}
	return tokens
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject { return newRotatingSite(t, database) })
	for _, blog := range []int{1, 2} {
		storetest.RunNetwork(t, func(t *testing.T) storetest.NetworkSubject { return networkSubject{newNetwork(t), blog} })
	}
}
