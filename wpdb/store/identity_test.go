package store_test

import (
	"context"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"strings"
	"testing"
)

const client = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"

func (s *site) identify(q oauth.IdentityQuery) oauth.Identity {
	s.T.Helper()
	identity, err := s.Identify(context.Background(), q)
	if err != nil {
		s.T.Fatal(err)
	}
	return identity
}

// TestAvatar holds addresses to what WordPress gives: those of 6.1 were taken
// from one.
func TestAvatar(t *testing.T) {
	const md5, sha256 = "c160f8cc69a4f0bf2b0362752353d060", "ff8d9819fc0e12bf0d24892e45987e249a28dce836a85cad60e28eaaa8c6d976"
	for name, test := range map[string]struct {
		options map[string]string
		email   string
		want    string
	}{
		"6.1 with http":     {map[string]string{"db_version": "53496"}, "alice@example.com", "0.gravatar.com/avatar/" + md5 + "?s=96&d=mm"},
		"6.1 with https":    {map[string]string{"db_version": "53496", "home": "https://example.com"}, "alice@example.com", "secure.gravatar.com/avatar/" + md5 + "?s=96&d=mm"},
		"another server":    {map[string]string{"db_version": "53496"}, "bob@example.com", "1.gravatar.com/avatar/4b9bb80620f03eb3719e0a061c14283d?s=96&d=mm"},
		"6.7 with http":     {map[string]string{"db_version": "58975"}, "alice@example.com", "secure.gravatar.com/avatar/" + md5 + "?s=96&d=mm"},
		"6.8":               {map[string]string{"db_version": "60421"}, "alice@example.com", "secure.gravatar.com/avatar/" + sha256 + "?s=96&d=mm"},
		"unknown version":   {nil, "alice@example.com", "secure.gravatar.com/avatar/" + sha256 + "?s=96&d=mm"},
		"letter case":       {nil, " Alice@Example.COM", "secure.gravatar.com/avatar/" + sha256 + "?s=96&d=mm"},
		"rating, identicon": {map[string]string{"avatar_rating": "PG", "avatar_default": "identicon"}, "alice@example.com", "secure.gravatar.com/avatar/" + sha256 + "?s=96&d=identicon&r=pg"},
		"mystery":           {map[string]string{"avatar_default": "mystery"}, "alice@example.com", "secure.gravatar.com/avatar/" + sha256 + "?s=96&d=mm"},
		"Gravatar's own":    {map[string]string{"avatar_default": "gravatar_default"}, "alice@example.com", "secure.gravatar.com/avatar/" + sha256 + "?s=96"},
		"a picture":         {map[string]string{"avatar_default": "https://example.com/a b.png"}, "alice@example.com", "secure.gravatar.com/avatar/" + sha256 + "?s=96&d=https%3A%2F%2Fexample.com%2Fa%20b.png"},
		"no e-mail":         {nil, "", "secure.gravatar.com/avatar/?s=96&d=mm"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, database)
			s.PutProfile(2, oauth.Profile{Email: test.email})
			for option, value := range test.options {
				s.PutOption(option, value)
			}
			if got := s.identify(oauth.IdentityQuery{UserID: 2}).Profile.Avatar; got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestIssuer is home and permalink structure of the client's own blog.
func TestIssuer(t *testing.T) {
	s := newSite(t, database)
	s.network()
	s.Exec("CREATE TABLE {}3_options LIKE {}options")
	s.Exec("INSERT INTO {}3_options (option_name, option_value) VALUES ('home', 'https://example.com/three/'), ('permalink_structure', '/%postname%/')," +
		"('mo_oauth_server_enable_oidc', 'off'), ('mo_oauth_server_is_client_secret_encrypted', '1'), ('mo_oauth_server_current_id_token', 'of blog 3')," +
		"('db_version', '53496')")
	s.PutOption("home", "http://example.com/wordpress")
	s.PutOption("mo_oauth_server_current_id_token", "of the main blog")
	s.PutClient(oauth.Client{ID: client, Secret: "s"})
	s.Exec("UPDATE {}moos_oauth_clients SET active_oauth_server_id = 3")
	s.Exec("INSERT INTO {}moos_oauth_authorization_codes (authorization_code, client_id, user_id) VALUES ('c1', ?, 2)", client)
	s.PutGrant(oauth.Presented{Kind: oauth.AccessToken, Value: "a1"}, oauth.Grant{ClientID: client, UserID: 2})
	for name, test := range map[string]struct {
		config         wpdb.Config
		issuer, option string
		off            bool
	}{
		"no network":         {wpdb.Config{}, "http://example.com/wordpress/wp-json/moserver", "of the main blog", false},
		"network":            {wpdb.Config{Multisite: true}, "https://example.com/three/wp-json/moserver", "of blog 3", true},
		"WP_HOME":            {wpdb.Config{Home: "https://www.example.com/"}, "https://www.example.com/wp-json/moserver", "of the main blog", false},
		"WP_HOME of network": {wpdb.Config{Home: "https://www.example.com", Multisite: true}, "https://example.com/three/wp-json/moserver", "of blog 3", true},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.Prefix = s.Prefix
			other := openSite(t, database, test.config)
			facts, err := other.Find(context.Background(), client, oauth.Presented{})
			if err != nil || facts.Client == nil {
				t.Fatalf("client %v, error %v", facts.Client, err)
			}
			bearer, err := other.FindBearer(context.Background(), "a1")
			if err != nil || bearer.Site != facts.Site || bearer.Client == nil {
				t.Errorf("bearer %+v, error %v; want the client's site %+v", bearer, err, facts.Site)
			}
			got := other.identify(oauth.IdentityQuery{Blog: facts.Site.Blog, ClientID: client, UserID: 2, Code: "c1"})
			if got.Issuer != test.issuer || got.OpenIDOff != test.off {
				t.Errorf("issuer %s, off %v; want %s, %v", got.Issuer, got.OpenIDOff, test.issuer, test.off)
			}
			if got.Stored.Current != test.option {
				t.Errorf("the stored ID token is %q, want that %s", got.Stored.Current, test.option)
			}
		})
	}
}

// TestOpenIDOption: PHP takes nothing and the very word 'on' for on.
func TestOpenIDOption(t *testing.T) {
	s := newSite(t, database)
	for value, off := range map[string]bool{"on": false, "": false, "0": false, "off": true, "1": true, "ON": true, "no": true, " on": true} {
		s.PutOption("mo_oauth_server_enable_oidc", value)
		if got := s.identify(oauth.IdentityQuery{ClientID: client}).OpenIDOff; got != off {
			t.Errorf("%q: off is %v, want %v", value, got, off)
		}
	}
}

// TestIdentifyOnOtherEditions: columns and tables that an edition does not have
// must not keep a client from its tokens.
func TestIdentifyOnOtherEditions(t *testing.T) {
	s := newSite(t, database)
	s.PutKey(client, oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: "key"})
	s.PutGrant(oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c1"}, oauth.Grant{ClientID: client, UserID: 2})
	q := oauth.IdentityQuery{ClientID: client, UserID: 2, Code: "c1"}
	s.Exec("ALTER TABLE {}moos_oauth_authorization_codes DROP COLUMN id_token, ADD COLUMN more TEXT")
	if got := s.identify(q); got.Key.PrivateKey != "key" || got.Stored.OfCode != "" {
		t.Errorf("without the column id_token: %+v", got)
	}
	s.Exec("DROP TABLE {}moos_oauth_public_keys")
	if got := s.identify(q); got.Key.Algorithm != "" {
		t.Errorf("without the table of the keys: %+v; nothing may be signed", got)
	}
	findings, err := doctor.Diagnose(context.Background(), s.DB)
	want := []wpdb.Kind{wpdb.KindTableMissing, wpdb.KindColumnsUnknown}
	if err != nil || len(findings) != 2 || findings[0].Kind != want[0] || findings[1].Kind != want[1] || findings[0].Fatal {
		t.Errorf("findings %v, error %v; want %v, the missing table not fatal", findings, err, want)
	}
}

// TestUserTables are those of wp-config.php, and may be in another database.
func TestUserTables(t *testing.T) {
	s := newSite(t, database)
	s.Exec("RENAME TABLE {}users TO {}people, {}usermeta TO {}people_meta")
	s.Exec("UPDATE {}people_meta SET meta_value = 'al' WHERE user_id = 2 AND meta_key = 'nickname'")
	other := openSite(t, database, wpdb.Config{Prefix: s.Prefix,
		UsersTable: "wordpress." + s.Prefix + "people", UsermetaTable: s.Prefix + "people_meta"})
	if got := other.identify(oauth.IdentityQuery{UserID: 2}).Profile; got.Username != "alice" || got.Nickname != "al" {
		t.Errorf("profile %+v", got)
	}
	_, err := wpdb.Open(wpdb.Config{Prefix: "wp_", UsermetaTable: "x` WHERE 1"}, nil)
	if err == nil || !strings.Contains(err.Error(), "not a table name") {
		t.Errorf("a usermeta table with a quotation mark: %v", err)
	}
}
