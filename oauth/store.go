package oauth

import (
	"context"
	"time"
)

// Kind names what a credential is, in the words of RFC 6749 and of the
// token_type_hint of RFC 7009.
type Kind string

// The kinds of credentials that a Store keeps.
const (
	AuthorizationCode Kind = "authorization_code"
	AccessToken       Kind = "access_token"
	RefreshToken      Kind = "refresh_token"
)

// Presented is a code or token as a client presented it.
type Presented struct {
	Kind  Kind
	Value string
}

// Client is a registered client.
type Client struct {
	ID           string
	Confidential bool     // false: a public client, registered without a secret
	Secret       string   // as the client knows it, not as it is stored; empty: it cannot be read
	Encrypted    bool     // the site says that its secrets are stored encrypted
	Otherwise    string   // what Secret would be if the site said the contrary; for the log alone
	RedirectURIs []string // as registered
	GrantTypes   []string // nil: all grants are allowed
	Scope        Scope    // may be requested where a grant has none; nil: no limit of its own
}

// Site is what an administrator has set in wp-admin for the client's site.
type Site struct {
	Blog                 int64 // the site's number in a network of sites; 0: the main one, or no network
	SwitchedOff          bool
	Deactivated          bool // the plugin is not active on the site
	AccessTokenLifetime  time.Duration
	RefreshTokenLifetime time.Duration // 0: refresh tokens never expire
	TokenLength          int           // in hex digits
}

// Grant is a stored code or token.
type Grant struct {
	ClientID    string
	UserID      int64
	UserExists  bool
	UserLeft    bool      // the user is not, or no longer, a member of the client's site in a network of sites
	RedirectURI string    // codes only; empty: none was in the authorization request
	Expires     time.Time // whole seconds; the zero time: never
	Scope       Scope
}

// Token is an access or refresh token to be stored.
type Token struct {
	Kind     Kind
	Value    string
	ClientID string
	UserID   int64
	Expires  time.Time // whole seconds; the zero time: never
	Scope    Scope
}

// Facts is all that a request is judged by, as it stood at one moment.
type Facts struct {
	Site   Site
	Client *Client // nil: there is no client of that id
	Grant  *Grant  // nil: what was presented is not in the store

	// Identity is what the ID token of a code or refresh token with openid in its scope
	// is made of, as far as that scope tells of the user. nil: it was not read along.
	Identity *Identity
}

// Rotation is the record of a refresh token that another one has replaced.
type Rotation struct {
	ClientID  string
	UserID    int64
	Successor string        // the refresh token that took its place
	Age       time.Duration // since then, by the store's own clock, in whole seconds
}

// SuccessorOf is the refresh token among tokens that replaces p. There is one
// only if p is a refresh token too.
func SuccessorOf(p Presented, tokens []Token) (successor Token, ok bool) {
	if p.Kind != RefreshToken {
		return Token{}, false
	}
	for _, t := range tokens {
		if t.Kind == RefreshToken {
			return t, true
		}
	}
	return Token{}, false
}

// MaxRotations is how many rotations a Store follows from one refresh token to
// the one at the end.
const MaxRotations = 1000

// Revocation says what to take away: the presented token, if it is the
// client's, and with it the access tokens in reach that the client has for the
// user. A refresh token that was replaced stands for the one that took
// its place last, whose grant it is then; where that is more than MaxRotations away,
// for all refresh tokens that the client has for the user.
type Revocation struct {
	Presented    Presented
	ClientID     string
	UserID       int64
	AccessTokens Reach
}

// Store keeps clients and tokens. One method is one transaction: it does all
// that it promises or nothing, also when the process or the database dies in
// the middle.
//
// All comparisons are byte for byte. Every method may return an error that
// wraps ErrUnavailable after it has tried again for as long as ctx allows.
// When a write's ctx ends after its transaction has begun, the write is
// finished all the same: no token is lost between the database and the client
// because of a deadline.
type Store interface {
	// Find reads what a request is judged by. An empty value, or one that no
	// row can hold, is never found. That a client, a grant or both are absent
	// is no error.
	Find(ctx context.Context, clientID string, p Presented) (Facts, error)

	// Scans reports whether a look for a credential of that kind reads a whole
	// table, because an index is missing. It answers at once, from what was so up to
	// a minute ago, and true while it does not know.
	Scans(Kind) bool

	// FindBearer reads what an access token stands for. An empty value, or one
	// that no row can hold, is never found.
	FindBearer(ctx context.Context, accessToken string) (Bearer, error)

	// Identify reads what an ID token is made of. That the user or the code is
	// absent leaves those fields empty and is no error; a client without a key
	// of its own signs with HS256.
	Identify(ctx context.Context, q IdentityQuery) (Identity, error)

	// PublicClients reports whether any client has no secret.
	PublicClients(ctx context.Context) (bool, error)

	// FindFamily reads what the client has of the tokens of a family. It is nil if there
	// is nothing.
	FindFamily(ctx context.Context, clientID, family string) (*Family, error)

	// Issue stores tokens.
	Issue(ctx context.Context, tokens ...Token) error

	// Redeem takes p away and stores tokens in its place. Of any number of
	// calls for the same p, in this process and others, one succeeds; the rest
	// return ErrNotFound and have stored nothing. That a refresh token replaces
	// p is put on record with it, for FindRotation and Revoke, if the store
	// keeps such records.
	Redeem(ctx context.Context, p Presented, tokens ...Token) error

	// FindRotation reads the record of a refresh token that was replaced. It is
	// nil for any other, where the record is too old to be kept, and in a store
	// that keeps none.
	FindRotation(ctx context.Context, refreshToken string) (*Rotation, error)

	// Revoke takes tokens away, and reports whether the presented one, or the one
	// that stands for it, was there. If it was not, that is no error, and the access
	// tokens stay. Access tokens that Redeem stores for it at the same moment end too;
	// what Issue stores after Revoke has begun may stay.
	Revoke(ctx context.Context, r Revocation) (ended bool, err error)

	// Ready returns nil if the store can serve now, else an error that says
	// what is wrong. It does not try again.
	Ready(ctx context.Context) error
}
