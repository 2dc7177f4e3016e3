package oauth

import "strings"

// Profile is what WordPress knows of a user, in the words of its users and
// usermeta tables. A field that is not set there is empty.
type Profile struct {
	Username    string // user_login
	Email       string
	FirstName   string
	LastName    string
	Nickname    string
	DisplayName string
	Avatar      string // address of the picture, without scheme and slashes before the host
}

// The values of the alg header of an ID token (RFC 7518, 3.1), which are also
// what the plugin keeps as a client's encryption_algorithm.
const (
	RS256 = "RS256"
	HS256 = "HS256"
)

// SigningKey is what a client's ID tokens are signed with, as it is stored. With
// HS256 the key is the client's secret, and both texts mean nothing.
type SigningKey struct {
	Algorithm  string // RS256 or HS256; with any other nothing can be signed
	PrivateKey string // PEM
	PublicKey  string // PEM
}

// StoredIDToken is what the authorization endpoint has left of the ID token that
// it made for a code. None of it may reach a client unless it is proved to be
// this code's.
type StoredIDToken struct {
	OfCode  string // the code's own; older tables cut it at 255 characters
	Current string // the last one that the site made, for any client and user
}

// Identity is what an ID token is made of. Only the requests that may have one
// read it.
type Identity struct {
	OpenIDOff bool   // an administrator has switched OpenID Connect off: there are no ID tokens
	Issuer    string // address of the plugin's routes, without a slash at the end; empty: the site has none

	Key     SigningKey
	Profile Profile
	Stored  StoredIDToken
}

// ClientIssuer is the issuer of a client's ID tokens (OpenID Connect Core 1.0,
// 2). The plugin gives each client an issuer of its own.
func (i Identity) ClientIssuer(clientID string) string { return i.Issuer + "/" + clientID }

// Home is the address of the site itself, which is the issuer that the plugin tells
// AI clients.
func (i Identity) Home() string {
	home, _, _ := strings.Cut(i.Issuer, "/wp-json/moserver")
	home, _, _ = strings.Cut(home, "/?rest_route=/moserver")
	return home
}

// IdentityQuery names a client, a user, and the code that is redeemed, if it
// is one. Blog is that of the client's Site.
type IdentityQuery struct {
	Blog     int64
	ClientID string
	UserID   int64
	Code     string // empty: none
}

// Bearer is what an access token stands for.
type Bearer struct {
	Site    Site    // the client's, or the main one where the client is gone
	Client  *Client // nil: it is gone, which does not end its tokens
	Grant   *Grant  // nil: the token is not in the store
	Profile Profile // of the grant's user; empty where the user is gone
}
