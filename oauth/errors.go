package oauth

import (
	"errors"
	"fmt"
)

// Code is the value of the error member of an error response (RFC 6749, 5.2).
type Code string

// The codes of the token endpoint. RedirectURIMismatch is not one of RFC 6749;
// the plugin answers with it, and clients know it from there.
const (
	InvalidRequest       Code = "invalid_request"
	InvalidClient        Code = "invalid_client"
	InvalidGrant         Code = "invalid_grant"
	InvalidScope         Code = "invalid_scope"
	UnauthorizedClient   Code = "unauthorized_client"
	UnsupportedGrantType Code = "unsupported_grant_type"
	RedirectURIMismatch  Code = "redirect_uri_mismatch"
)

// InvalidTarget refuses a resource (RFC 8707, 2).
const InvalidTarget Code = "invalid_target"

// The codes of the routes that take an access token. Only InvalidToken is one
// of RFC 6750, 3.1; the other two are the plugin's.
const (
	MissingAccessToken Code = "missing_access_token"
	ExpiredToken       Code = "expired_token"
	InvalidToken       Code = "invalid_token"
)

// InvalidClientKey is the plugin's code for a client whose key cannot be read.
const InvalidClientKey Code = "invalid_client_key"

// Error refuses a request. Code and Description are told to the client, so neither
// ever holds a value that came with the request or out of the store.
type Error struct {
	Code        Code
	Description string // printable ASCII without quotation mark and backslash (RFC 6749, 5.2)
	Reason      Reason // for the log
}

// Error implements error.
func (e Error) Error() string { return string(e.Code) + ": " + e.Description }

// ErrUserGone refuses an access token whose user was deleted. The plugin has a
// status of its own for it.
var ErrUserGone = Error{InvalidToken, "access_token provided is either invalid or does not belong to a valid user.", ReasonUserGone}

// ErrNotFound is returned by a Store when the grant that was to be taken is
// not there, or not there any more.
var ErrNotFound = errors.New("not found")

// ErrUnavailable is wrapped by each error with which a Store says that it
// cannot tell now: nothing is known of the grant, and the same request may
// succeed later. It must never reach a client as an OAuth error, because a
// client takes that for the end of its token.
var ErrUnavailable = errors.New("the database is not available")

// ErrSwitchedOff says that the administrator has switched the plugin's server
// off for the client's site (mo_oauth_server_master_switch).
var ErrSwitchedOff = errors.New("the OAuth server is switched off in wp-admin")

// ErrDeactivated is ErrSwitchedOff where the whole plugin is not active on the
// client's site. WordPress deactivates a plugin for a moment while it updates it.
var ErrDeactivated = fmt.Errorf("%w: the plugin is not active", ErrSwitchedOff)

// closed is the error of every request while an administrator has closed the
// site's OAuth server.
func (s Site) closed() error {
	switch {
	case s.Deactivated:
		return ErrDeactivated
	case s.SwitchedOff:
		return ErrSwitchedOff
	}
	return nil
}

// The descriptions are the plugin's, less their quotation marks.
var (
	errGrantMissing   = Error{InvalidRequest, "The grant type was not specified in the request", ReasonGrantTypeMissing}
	errGrantUnknown   = Error{UnsupportedGrantType, "The grant type is not supported", ReasonGrantTypeUnknown}
	errGrantForbidden = Error{UnauthorizedClient, "The grant type is unauthorized for this client_id", ReasonGrantTypeForbidden}

	errCredentialsMissing = Error{InvalidClient, "Client credentials were not found in the headers or body", ReasonClientMissing}
	errSecretMissing      = Error{InvalidClient, "This client is invalid or must authenticate using a client secret", ReasonSecretMissing}
	errCredentialsWrong   = Error{InvalidClient, "The client credentials are invalid", ReasonSecretWrong}

	errCodeMissing  = Error{InvalidRequest, "Missing parameter: code is required", ReasonCodeMissing}
	errCodeUnknown  = Error{InvalidGrant, "Authorization code doesn't exist or is invalid for the client", ReasonCodeUnknown}
	errCodeExpired  = Error{InvalidGrant, "The authorization code has expired", ReasonCodeExpired}
	errCodeForeign  = Error{InvalidGrant, "authorization_code doesn't exist or is invalid for the client", ReasonCodeForeign}
	errRedirectURI  = Error{RedirectURIMismatch, "The redirect URI provided does not match the one used in the authorization request", ReasonRedirectURI}
	errVerifier     = Error{InvalidGrant, "The code_verifier does not match the code_challenge of the authorization request", ReasonVerifierWrong}
	errTarget       = Error{InvalidTarget, "The resource is not the one of the authorization request", ReasonResource}
	errTokenMissing = Error{InvalidRequest, "Missing parameter: token is required", ReasonTokenMissing}
	errTokenForeign = Error{InvalidGrant, "The token was not issued to this client", ReasonTokenForeign}

	errChallenge       = Error{InvalidRequest, "The code_challenge is not one that RFC 7636 allows for its code_challenge_method", ReasonChallenge}
	errChallengeMethod = Error{InvalidRequest, "The code_challenge_method must be S256 or plain", ReasonChallenge}
	errNonce           = Error{InvalidRequest, "The nonce must be UTF-8 and have 512 bytes at most", ReasonNonce}
	errResourceForm    = Error{InvalidTarget, "The resource must be an absolute URI without a fragment", ReasonTarget}

	errRefreshMissing = Error{InvalidRequest, "Missing parameter: refresh_token is required", ReasonRefreshMissing}
	errRefreshUnknown = Error{InvalidGrant, "Invalid refresh token", ReasonRefreshUnknown}
	errRefreshExpired = Error{InvalidGrant, "Refresh token has expired", ReasonRefreshExpired}
	errRefreshForeign = Error{InvalidGrant, "refresh_token doesn't exist or is invalid for the client", ReasonRefreshForeign}

	errAccessMissing = Error{MissingAccessToken, "No Access Token provided", ReasonAccessMissing}
	errAccessUnknown = Error{InvalidToken, "The access token provided is invalid", ReasonAccessUnknown}
	errAccessExpired = Error{ExpiredToken, "The access token provided has expired", ReasonAccessExpired}

	errNoClient   = Error{InvalidClient, "Client does not exist.", ReasonClientUnknown}
	errNoKeys     = Error{InvalidClient, "Either Client does not exist or Signing algorithm is HSA based.", ReasonNoKeys}
	errInvalidKey = Error{InvalidClientKey, "Invalid Client Key", ReasonInvalidKey}

	errUserGone = Error{InvalidGrant, "The user who gave this grant does not exist any more", ReasonUserGone}
	errUserLeft = Error{InvalidGrant, "The user who gave this grant is no member of the site any more", ReasonUserLeft}
	errScope    = Error{InvalidScope, "The scope requested is invalid for this request", ReasonScope}
)
