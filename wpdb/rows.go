package wpdb

import (
	"fmt"
	"strconv"
	"strings"

	"moserver-sidecar/oauth"
)

// The columns of the find statement that are not the client's. No column of the
// plugin has a space in its name.
const (
	ColGrant         = "grant is there"
	ColGrantClient   = "grant client_id"
	ColGrantUser     = "grant user_id"
	ColGrantRedirect = "grant redirect_uri"
	ColGrantExpires  = "grant expires"
	ColGrantScope    = "grant scope"
	ColUser          = "user ID"
	ColMember        = "user is member"     // of the client's blog
	ColInactive      = "plugin is inactive" // on the client's blog
)

// Row is a result row by column name. The driver gives texts and dates as bytes,
// numbers as the Go type that suits their column, and NULL as nil.
type Row map[string]any

// Text is a column's value; NULL and a column that is not there are "".
func (r Row) Text(column string) string {
	switch v := r[column].(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	default: // user_id is an int in most editions, but need not be
		return fmt.Sprint(v)
	}
}

// Null reports whether a column is NULL or not there.
func (r Row) Null(column string) bool { return r[column] == nil }

// Integer is a column's value; NULL and what is not a number are 0.
func (r Row) Integer(column string) int64 {
	n, _ := strconv.ParseInt(r.Text(column), 10, 64)
	return n
}

// Options are the values of the options that are set.
func (r Row) Options() map[string]string {
	options := map[string]string{}
	for _, name := range OptionList() {
		options[name] = r.Text(name)
	}
	options[ColMember], options[ColInactive] = r.Text(ColMember), r.Text(ColInactive)
	return options
}

// Grant is the code or token of the row, nil if there is none.
func (r Row) Grant(kind oauth.Kind) *oauth.Grant {
	if r.Integer(ColGrant) == 0 {
		return nil
	}
	return &oauth.Grant{
		ClientID:    r.Text(ColGrantClient),
		UserID:      r.Integer(ColGrantUser),
		UserExists:  !r.Null(ColUser),
		RedirectURI: r.Text(ColGrantRedirect),
		Expires:     ParseExpires(kind, r.Text(ColGrantExpires)),
		Scope:       oauth.ParseScope(r.Text(ColGrantScope)),
	}
}

// The columns of the identity and bearer statements.
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

// SigningKey is the client's key. Without one PHP signs with the client's secret.
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

// Client is the client of the row, nil if there is none. One whose secret cannot be
// read is confidential and no secret matches; it is never public.
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
	// Editions that have this column enforce it.
	if !r.Null("grant_types") {
		c.GrantTypes = strings.Split(r.Text("grant_types"), " ")
	}
	return c
}
