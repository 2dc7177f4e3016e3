package wpdb

import (
	"strings"

	"moserver-sidecar/oauth"
)

// The names of the columns of the identity and bearer statements.
const (
	ColKey          = "key is there"
	ColKeyAlgorithm = "key algorithm"
	ColKeyPrivate   = "key private"
	ColKeyPublic    = "key public"

	ColLogin       = "user login"
	ColEmail       = "user email"
	ColDisplayName = "user display name"
	ColFirstName   = "user first name"
	ColLastName    = "user last name"
	ColNickname    = "user nickname"

	ColOption      = "option name"
	ColOptionValue = "option value"
)

// SigningKey is the client's key. Without a row PHP signs with the client's
// secret.
func (r Row) SigningKey() oauth.SigningKey {
	if r.Integer(ColKey) == 0 {
		return oauth.SigningKey{Algorithm: oauth.HS256}
	}
	return oauth.SigningKey{
		Algorithm:  r.Text(ColKeyAlgorithm),
		PrivateKey: r.Text(ColKeyPrivate),
		PublicKey:  r.Text(ColKeyPublic),
	}
}

// Profile is the user of the row, as far as the statement selected one.
func (r Row) Profile() oauth.Profile {
	return oauth.Profile{
		Username:    r.Text(ColLogin),
		Email:       r.Text(ColEmail),
		FirstName:   r.Text(ColFirstName),
		LastName:    r.Text(ColLastName),
		Nickname:    r.Text(ColNickname),
		DisplayName: r.Text(ColDisplayName),
	}
}

// Client is the client of the row, nil if there is none. A secret that cannot
// be read makes a confidential client that no secret matches, never a public
// one.
func (r Row) Client(secretsEncrypted bool) *oauth.Client {
	if r.Null("client_id") {
		return nil
	}
	stored := r.Text("client_secret")
	c := &oauth.Client{
		ID:           r.Text("client_id"),
		Confidential: stored != "",
		Secret:       stored,
		Encrypted:    secretsEncrypted,
		RedirectURIs: strings.Fields(r.Text("redirect_uri")),
		Scope:        oauth.ParseScope(r.Text("scope")),
	}
	c.Otherwise, _ = DecryptSecret(stored, r.Text("client_name"))
	if secretsEncrypted {
		c.Secret, c.Otherwise = c.Otherwise, stored
	}
	// The engine holds a client to this column where an edition has it.
	if !r.Null("grant_types") {
		c.GrantTypes = strings.Split(r.Text("grant_types"), " ")
	}
	return c
}
