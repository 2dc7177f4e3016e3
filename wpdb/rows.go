package wpdb

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"moserver-sidecar/oauth"
)

// The columns of the find statement that are not the client's. No column of the
// plugin has a space in its name.
const (
	ColRequest       = "request number" // among those that share the statement
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

// Row is a result row. Its columns are found by name; of two with one name the last
// counts. The zero Row has none.
type Row struct {
	columns map[string]int // shared by all rows of a result, see columnsOf
	text    string         // of all columns, one after the other
	ends    []int          // of each column in text; of NULL the bitwise complement
}

// headings are the columns of recent results, the newest first: fewer than 20 kinds of
// result are on the way of requests, and making such a map costs more than comparing the
// names. So it is also right when a table has got another column.
var headings atomic.Pointer[[]heading]

// maxHeadings bounds headings.
const maxHeadings = 32

type heading struct {
	names   []string
	columns map[string]int
}

// columnsOf is the place of each column by its name.
func columnsOf(names []string) map[string]int {
	var known []heading
	if recent := headings.Load(); recent != nil {
		known = *recent
	}
	for _, h := range known {
		if slices.Equal(h.names, names) {
			return h.columns
		}
	}
	columns := make(map[string]int, len(names))
	for i, name := range names {
		columns[name] = i
	}
	known = append([]heading{{names, columns}}, known[:min(len(known), maxHeadings-1)]...)
	headings.Store(&known)
	return columns
}

// at is a column's value, and whether it is neither NULL nor missing.
func (r Row) at(column string) (text string, ok bool) {
	i, ok := r.columns[column]
	if !ok || r.ends[i] < 0 {
		return "", false
	}
	start := 0
	if i > 0 {
		start = max(r.ends[i-1], ^r.ends[i-1])
	}
	return r.text[start:r.ends[i]], true
}

// Empty reports whether this is the zero Row.
func (r Row) Empty() bool { return r.columns == nil }

// Has reports whether there is a column of that name, NULL or not.
func (r Row) Has(column string) bool {
	_, ok := r.columns[column]
	return ok
}

// Text is a column's value; NULL and a column that is not there are "".
func (r Row) Text(column string) string {
	text, _ := r.at(column)
	return text
}

// Null reports whether a column is NULL or not there.
func (r Row) Null(column string) bool {
	_, ok := r.at(column)
	return !ok
}

// Integer is a column's value; NULL and what is not a number are 0.
func (r Row) Integer(column string) int64 {
	n, _ := strconv.ParseInt(r.Text(column), 10, 64)
	return n
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
	ColKey          = "key client_id"
	ColKeyAlgorithm = "key algorithm"
	ColKeyPrivate   = "key private"
	ColKeyPublic    = "key public"

	ColLogin       = "user login"
	ColEmail       = "user email"
	ColDisplayName = "user display name"
	ColFirstName   = "user first name"
	ColLastName    = "user last name"
	ColNickname    = "user nickname"
)

// Identity is what an ID token is made of. WP_HOME in wp-config.php, if given as home,
// counts before the option.
func (r Row) Identity(home string) oauth.Identity {
	if home == "" {
		home = r.Text(OptionHome)
	}
	identity := oauth.Identity{
		OpenIDOff: OpenIDOff(r.Text(OptionOpenID)),
		Issuer:    IssuerOf(home, r.Text(OptionPermalinks)),
		Key:       r.SigningKey(),
		Profile:   r.Profile(),
		Stored:    oauth.StoredIDToken{OfCode: r.Text("id_token"), Current: r.Text(OptionIDToken)},
	}
	identity.Profile.Avatar = avatar(identity.Profile.Email, home, r)
	return identity
}

// SigningKey is the client's key. Without one PHP signs with the client's secret.
func (r Row) SigningKey() oauth.SigningKey {
	if r.Null(ColKey) {
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
