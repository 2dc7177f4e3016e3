package sandboxtest

import (
	"cmp"
	"context"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
)

// PutOption sets an option of the main blog.
func (s *Site) PutOption(name, value string) {
	s.T.Helper()
	s.Exec("REPLACE INTO {}options (option_name, option_value) VALUES (?, ?)", name, value)
}

// Client is a client with its secret in plain text; a public one has none. Alg is
// the algorithm of its ID tokens, RS256 or HS256.
type Client struct{ Name, ID, Secret, Redirect, Alg string }

// stored is the client's secret as the plugin stores it.
func (c Client) stored() string {
	if c.Secret == "" {
		return ""
	}
	return wpdb.EncryptSecret(c.Secret, c.Name)
}

// PutClient stores a client as the plugin does.
func (s *Site) PutClient(c Client) {
	s.T.Helper()
	row := sandbox.Client{ID: c.ID, Name: c.Name, Secret: c.stored(), RedirectURI: c.Redirect}
	NoError(s.T, s.Server.PutClient(context.Background(), s.Prefix, row))
}

// PutKey stores the client's key as the plugin does: that of the secret's
// algorithm is the secret as it is stored.
func (s *Site) PutKey(c Client, publicKey, privateKey string) {
	s.T.Helper()
	if c.Alg == oauth.HS256 {
		publicKey, privateKey = "", c.stored()
	}
	s.Exec("INSERT INTO {}moos_oauth_public_keys VALUES (?, ?, ?, ?)", c.ID, publicKey, privateKey, c.Alg)
}

// Never is the date of what never expires.
const Never = "0000-00-00 00:00:00"

// Row is a token or code as PHP stores it. The zero values stand for what most
// tests need.
type Row struct {
	User    int    // alice
	Expires any    // Never for tokens; in ten minutes for codes
	Scope   string // "profile email"
}

// Put stores a token or code of a client.
func (s *Site) Put(kind oauth.Kind, value, clientID string, r Row) {
	s.T.Helper()
	if r.Expires == nil {
		r.Expires = Never
		if kind == oauth.AuthorizationCode {
			r.Expires = Digits(time.Now().Add(10 * time.Minute))
		}
	}
	s.Exec("INSERT INTO {}moos_oauth_"+string(kind)+"s ("+string(kind)+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)",
		value, clientID, cmp.Or(r.User, sandbox.Alice), r.Expires, cmp.Or(r.Scope, "profile email"))
}

// Digits are those of UTC, as PHP's gmdate writes them.
func Digits(t time.Time) string { return t.UTC().Format(time.DateTime) }

// Has reports whether a token or code is in its table, byte for byte.
func (s *Site) Has(kind oauth.Kind, value string) bool {
	s.T.Helper()
	return len(s.Strings("SELECT 'x' FROM {}moos_oauth_"+string(kind)+"s WHERE "+string(kind)+" = CAST(? AS BINARY)", value)) > 0
}
