package store_test

import (
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// clientRow is a row of the clients table as PHP writes it.
type clientRow struct{ name, secret, redirectURI any }

func (s *site) putRow(r clientRow) {
	s.T.Helper()
	s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri) VALUES (?, ?, ?, ?)",
		r.name, clientID, r.secret, r.redirectURI)
}

// checkClient compares what Find says of the client, but for what only the log is
// told.
func (s *site) checkClient(want oauth.Client) {
	s.T.Helper()
	want.ID = clientID
	if diff := cmp.Diff(&want, s.find(clientID, refreshToken("none")).Client, cmpopts.IgnoreFields(oauth.Client{}, "Encrypted", "Otherwise")); diff != "" {
		s.T.Errorf("client (-want +got):\n%s", diff)
	}
}

const secretsEncrypted = "mo_oauth_server_is_client_secret_encrypted"

func TestSecretColumn(t *testing.T) {
	const secret = "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	stored := wpdb.EncryptSecret(secret, "My App")
	confidential := func(secret string) oauth.Client { return oauth.Client{Confidential: true, Secret: secret} }
	for _, test := range []struct {
		what   string
		option any // nil: there is none
		row    clientRow
		want   oauth.Client
	}{
		{"encrypted", "1", clientRow{"My App", stored, nil}, confidential(secret)},
		{"plain, no option", nil, clientRow{"My App", secret, nil}, confidential(secret)},
		{"plain, empty option", "", clientRow{"My App", secret, nil}, confidential(secret)},
		{"plain, option 0", "0", clientRow{"My App", secret, nil}, confidential(secret)},
		{"public", "1", clientRow{"SPA", "", nil}, oauth.Client{}},
		{"public, NULL", "1", clientRow{"SPA", nil, nil}, oauth.Client{}},
		{"public, plain", nil, clientRow{"SPA", "", nil}, oauth.Client{}},
		{"public, nothing but an id", "1", clientRow{}, oauth.Client{}},
		// Without a secret that can be read nothing matches; it must not make
		// the client a public one, which needs none.
		{"no base64", "1", clientRow{"My App", "?!", nil}, confidential("")},
		{"no name", "1", clientRow{"", stored, nil}, confidential("")},
		{"name NULL", "1", clientRow{nil, stored, nil}, confidential("")},
		{"four-byte name", "1", clientRow{"📚 日本", wpdb.EncryptSecret(secret, "📚 日本"), nil}, confidential(secret)},
		{"quotes", "1", clientRow{`O'Neill\"`, wpdb.EncryptSecret(`a'b\c"`, `O'Neill\"`), nil}, confidential(`a'b\c"`)},
	} {
		t.Run(test.what, func(t *testing.T) {
			s := newSite(t, database)
			s.Exec("DELETE FROM {}options WHERE option_name = ?", secretsEncrypted)
			if test.option != nil {
				s.PutOption(secretsEncrypted, test.option.(string))
			}
			s.putRow(test.row)
			test.want.RedirectURIs = []string{}
			s.checkClient(test.want)
		})
	}
}

// PHP adds the bytes of the name as its own connection gives them, in the
// charset of DB_CHARSET, and so must the server.
func TestSecretInTheCharsetOfTheConnection(t *testing.T) {
	s := newSite(t, database).reopen(func(c *wpdb.Config) { c.Charset = "latin1" })
	s.putRow(clientRow{"Café", wpdb.EncryptSecret("secret of the café", "Caf\xe9"), ""})
	s.checkClient(oauth.Client{Confidential: true, Secret: "secret of the café", RedirectURIs: []string{}})
}

func TestRedirectURIs(t *testing.T) {
	s := newSite(t, database)
	s.putRow(clientRow{"Multi", "", " https://a.example.com/cb  https://b.example.com/cb "})
	s.checkClient(oauth.Client{RedirectURIs: []string{"https://a.example.com/cb", "https://b.example.com/cb"}})
}

// PHP takes the first row that it is given.
func TestClientTwice(t *testing.T) {
	s := newSite(t, database)
	for _, secret := range []string{"first", "second"} {
		s.putRow(clientRow{"Twice", wpdb.EncryptSecret(secret, "Twice"), "https://" + secret + ".example.com/cb"})
	}
	p := s.putCode("c1")
	s.putCode("c1") // a row that is there twice makes more rows of the join
	facts := s.find(clientID, p)
	if facts.Client == nil || facts.Client.Secret != "first" || facts.Grant == nil {
		t.Errorf("found %+v and %+v", facts.Client, facts.Grant)
	}
}

// Other editions and versions have more columns or fewer.
func TestColumnsOfOtherEditions(t *testing.T) {
	s := newSite(t, database)
	s.Exec("ALTER TABLE {}moos_oauth_clients DROP COLUMN active_oauth_server_id")
	s.putRow(clientRow{"SPA", "", ""})
	public := oauth.Client{RedirectURIs: []string{}}
	s.checkClient(public)
	multisite := s.network()
	multisite.checkClient(public)

	s.Exec("ALTER TABLE {}moos_oauth_clients ADD grant_types varchar(80), ADD scope text, ADD user_id bigint unsigned DEFAULT 7")
	s.checkClient(public)
	s.Exec("UPDATE {}moos_oauth_clients SET grant_types = 'authorization_code refresh_token', scope = 'email custom'")
	s.checkClient(oauth.Client{
		RedirectURIs: []string{},
		GrantTypes:   []string{"authorization_code", "refresh_token"},
		Scope:        oauth.Scope{"email", "custom"},
	})
	// The engine's explode(' ', '') is a list of one empty name: no grant.
	s.Exec("UPDATE {}moos_oauth_clients SET grant_types = '', scope = ''")
	s.checkClient(oauth.Client{RedirectURIs: []string{}, GrantTypes: []string{""}})
}

// Numbers may be of any type of column.
func TestWideNumbers(t *testing.T) {
	s := newSite(t, database)
	s.Exec("ALTER TABLE {}moos_oauth_authorization_codes MODIFY user_id bigint unsigned")
	if g := s.find(clientID, s.putCode("c1")).Grant; g == nil || g.UserID != alice || !g.UserExists {
		t.Errorf("found %+v", g)
	}
}
