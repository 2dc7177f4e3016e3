package oauth

// GrantType is the value of the grant_type parameter (RFC 6749, 4.1.3 and 6).
type GrantType string

// The grants of the token endpoint. GrantRevoke is not one of RFC 6749: it is
// how this server calls a revocation that comes by POST to the token endpoint,
// as the plugin documents it.
const (
	GrantAuthorizationCode GrantType = "authorization_code"
	GrantRefreshToken      GrantType = "refresh_token"
	GrantRevoke            GrantType = "revoke_token"
)

// Credential is one reading of the client credentials of a request.
type Credential struct {
	ClientID     string
	ClientSecret string // empty: none was given, as of a public client
}

// Request is a request to the token endpoint, parsed once. A parameter that
// was absent or empty is the empty string (RFC 6749, 3.2).
type Request struct {
	// Credentials holds the readings of the one set of credentials that was
	// given, most likely first. There are two when HTTP Basic leaves open
	// whether its parts were url-encoded (RFC 6749, 2.3.1), and none when the
	// request has no credentials.
	Credentials []Credential

	GrantType     string
	Code          string
	CodeVerifier  string // RFC 7636, 4.5
	RedirectURI   string
	Resource      string // RFC 8707, 2.2
	RefreshToken  string
	Scope         string
	Token         string // to be revoked, RFC 7009, 2.1
	TokenTypeHint string
}

// Grant says which grant the request asks for, and if it is one of those that
// the token endpoint knows. A revocation is a token without a grant_type, or
// grant_type "revoke_token" or "revoke".
func (r Request) Grant() (grant GrantType, known bool) {
	switch r.GrantType {
	case string(GrantAuthorizationCode), string(GrantRefreshToken):
		return GrantType(r.GrantType), true
	case string(GrantRevoke), "revoke":
		return GrantRevoke, true
	case "":
		if r.Token != "" {
			return GrantRevoke, true
		}
	}
	return "", false
}

// Answer is what came of a request. It is filled as far as the request was
// judged, so also beside an error: a handler needs the client for CORS and for
// the log whatever the outcome.
type Answer struct {
	Client *Client // nil while no known client was named

	// Authenticated is whether the client has proved who it is. A public client
	// has by its id alone.
	Authenticated bool

	Tokens *Tokens // nil for a revocation and beside an error
	Defect error   // what an administrator should mend of the client, though it was answered

	// Replay is a second use of a code or of a refresh token that was replaced; of the
	// latter only one that has ended something.
	Replay *Replay
}

// Tokens is a successful response to a grant (RFC 6749, 5.1).
type Tokens struct {
	AccessToken  string
	ExpiresIn    int64 // seconds
	Scope        Scope
	RefreshToken string // empty: none was issued
	Rotated      bool   // RefreshToken has just taken the place of the presented one
	IDToken      string // empty: none was asked for, or none can be signed
}
