package wpdb

import (
	"fmt"
	"strconv"
	"strings"

	"moserver-sidecar/oauth"
)

// The names of the columns of the find statement that are not the client's.
// No column of the plugin has a space in its name.
const (
	colGrant         = "grant is there"
	colGrantClient   = "grant client_id"
	colGrantUser     = "grant user_id"
	colGrantRedirect = "grant redirect_uri"
	colGrantExpires  = "grant expires"
	colGrantScope    = "grant scope"
	colUser          = "user ID"
	colMember        = "user is member"     // of the client's blog
	colInactive      = "plugin is inactive" // on the client's blog
)

// row is a result row by column name. The driver gives texts and dates as bytes,
// numbers as the Go type that suits their column, and NULL as nil.
type row map[string]any

// text is a column's value; NULL and a column that is not there are "".
func (r row) text(column string) string {
	switch v := r[column].(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	default: // user_id is an int in most editions, but need not be
		return fmt.Sprint(v)
	}
}

// null says if a column is NULL or not there.
func (r row) null(column string) bool { return r[column] == nil }

func (r row) integer(column string) int64 {
	n, _ := strconv.ParseInt(r.text(column), 10, 64)
	return n
}

// options are the values of the options that are set.
func (r row) options() map[string]string {
	options := map[string]string{}
	for _, name := range optionList() {
		options[name] = r.text(name)
	}
	options[colMember], options[colInactive] = r.text(colMember), r.text(colInactive)
	return options
}

// client is the client of the row, nil if there is none. A secret that cannot
// be read makes a confidential client that no secret matches, never a public
// one.
func (r row) client(secretsEncrypted bool) *oauth.Client {
	if r.null("client_id") {
		return nil
	}
	stored := r.text("client_secret")
	c := &oauth.Client{
		ID:           r.text("client_id"),
		Confidential: stored != "",
		Secret:       stored,
		Encrypted:    secretsEncrypted,
		RedirectURIs: strings.Fields(r.text("redirect_uri")),
		Scope:        oauth.ParseScope(r.text("scope")),
	}
	c.Otherwise, _ = DecryptSecret(stored, r.text("client_name"))
	if secretsEncrypted {
		c.Secret, c.Otherwise = c.Otherwise, stored
	}
	// The engine holds a client to this column where an edition has it.
	if !r.null("grant_types") {
		c.GrantTypes = strings.Split(r.text("grant_types"), " ")
	}
	return c
}

// grant is the code or token of the row, nil if there is none.
func (r row) grant(kind oauth.Kind) *oauth.Grant {
	if r.integer(colGrant) == 0 {
		return nil
	}
	return &oauth.Grant{
		ClientID:    r.text(colGrantClient),
		UserID:      r.integer(colGrantUser),
		UserExists:  !r.null(colUser),
		RedirectURI: r.text(colGrantRedirect),
		Expires:     parseExpires(kind, r.text(colGrantExpires)),
		Scope:       oauth.ParseScope(r.text(colGrantScope)),
	}
}
