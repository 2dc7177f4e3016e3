package store_test

import (
	"fmt"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
)

// openIDSite has a client with a key, and the code c1 and the refresh token r1 with openid.
func openIDSite(t *testing.T, server *sandbox.Server) *site {
	s := newSite(t, server)
	s.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
	s.PutKey(clientID, oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: "key"})
	for _, p := range []oauth.Presented{{Kind: oauth.AuthorizationCode, Value: "c1"}, refreshToken("r1")} {
		s.PutGrant(p, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour(), Scope: oauth.Scope{"openid", "profile"}})
	}
	return s
}

// TestFindIdentityOnOtherEditions: what an ID token is made of is read along where the
// edition has it. What it lacks keeps no client from its tokens.
func TestFindIdentityOnOtherEditions(t *testing.T) {
	s := openIDSite(t, database)
	code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c1"}
	s.PutGrant(oauth.Presented{Kind: oauth.AuthorizationCode, Value: "C1"}, oauth.Grant{ClientID: clientID, UserID: 3})
	s.PutIDToken("c1", oauth.StoredIDToken{OfCode: "own"})
	s.PutIDToken("C1", oauth.StoredIDToken{OfCode: "another's"})
	if got := s.find(clientID, code).Identity; got == nil || got.Key.PrivateKey != "key" || got.Stored.OfCode != "own" || got.Profile.FirstName != "Alice" {
		t.Errorf("a code: %+v", got)
	}
	s.Exec("ALTER TABLE {}moos_oauth_authorization_codes DROP COLUMN id_token")
	s.Exec("ALTER TABLE {}moos_oauth_clients ADD id_token text")
	if got := s.find(clientID, code).Identity; got == nil || got.Key.PrivateKey != "key" || got.Stored.OfCode != "" {
		t.Errorf("without the column id_token: %+v", got)
	}
	s.Exec("DROP TABLE {}moos_oauth_public_keys")
	for range 2 {
		if got := s.find(clientID, refreshToken("r1")); got.Client == nil || got.Grant == nil || got.Identity != nil {
			t.Errorf("without the table of the keys: %+v", got)
		}
	}
}

// TestFindIdentityHome: WP_HOME counts before the option, as in Identify.
func TestFindIdentityHome(t *testing.T) {
	s := openIDSite(t, database)
	for _, home := range []string{"", "https://b.example.com"} {
		s.PutOption("home", "https://a.example.com")
		other := s.reopen(func(c *wpdb.Config) { c.Home = home })
		want := other.identify(oauth.IdentityQuery{ClientID: clientID, UserID: alice})
		if got := other.find(clientID, refreshToken("r1")).Identity; got == nil || *got != want {
			t.Errorf("%q: Find tells %+v, Identify %+v", home, got, want)
		}
	}
}

// sharedPlans: reads that share a statement find each token by the index.
func sharedPlans(t *testing.T, server *sandbox.Server) {
	s := openIDSite(t, server)
	s.Exec("INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, client_id, user_id, expires, scope) " +
		"SELECT SHA2(n.seq, 256), '" + clientID + "', 2, NULL, 'openid' FROM " + sandbox.Numbers(20_000) + " AS n")
	s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens ADD INDEX moserver_refresh_token (refresh_token(64))")
	s.Exec("ANALYZE TABLE {}moos_oauth_refresh_tokens")
	tokens := s.Strings("SELECT refresh_token FROM {}moos_oauth_refresh_tokens LIMIT 20")
	rows := func() int { return s.Status("Handler_read_rnd_next") + s.Status("Handler_read_next") }
	before := rows()
	s.together(len(tokens), func(i int) {
		if s.find(clientID, refreshToken(tokens[i])).Identity == nil {
			t.Error(fmt.Sprint("token ", i, " is not found with its identity"))
		}
	})
	if n := rows() - before; n > 5_000 {
		t.Errorf("%d tokens together read %d rows", len(tokens), n)
	}
}
