package wpdb

import (
	"fmt"
	"strconv"

	"moserver-sidecar/oauth"
)

// The names of the columns of the find statement that are not the client's.
// No column of the plugin has a space in its name.
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

// Null says if a column is NULL or not there.
func (r Row) Null(column string) bool { return r[column] == nil }

// Integer is a column's value; NULL and what is no number are 0.
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
