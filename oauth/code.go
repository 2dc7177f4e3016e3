package oauth

import (
	"context"
	"errors"
)

// redeemCode exchanges an authorization code for tokens (RFC 6749, 4.1.3).
func (x *exchange) redeemCode(ctx context.Context) (*Tokens, error) {
	if err := x.checkCode(); err != nil {
		return nil, err
	}
	scope, err := narrow(ParseScope(x.request.Scope), x.facts.Grant.Scope, x.facts.Client)
	if err != nil {
		return nil, err
	}
	access, err := x.newToken(AccessToken, scope)
	if err != nil {
		return nil, err
	}
	issued := []Token{access}
	// What can fail comes before the code is taken.
	idToken, err := x.idToken(ctx, scope)
	if err != nil {
		return nil, err
	}
	if x.refreshTokenForCode(scope) {
		refresh, err := x.newToken(RefreshToken, scope)
		if err != nil {
			return nil, err
		}
		issued = append(issued, refresh)
	}
	// Taking the code is the gate: whoever loses it here has stored nothing.
	if err := x.Store.Redeem(ctx, x.presented, issued...); errors.Is(err, ErrNotFound) {
		return nil, errCodeUnknown
	} else if err != nil {
		return nil, err
	}
	tokens := x.tokens(access)
	tokens.IDToken = idToken
	if len(issued) > 1 {
		tokens.RefreshToken = issued[1].Value
	}
	return tokens, nil
}

// checkCode is the plugin's order: the code, its age, its redirect URI, then
// whose it is.
func (x *exchange) checkCode() error {
	code := x.facts.Grant
	switch {
	case x.request.Code == "":
		return errCodeMissing
	case code == nil:
		return errCodeUnknown
	case x.expired():
		return errCodeExpired
	case code.RedirectURI != "" && code.RedirectURI != x.request.RedirectURI:
		return errRedirectURI
	}
	return x.checkGrant(errCodeForeign)
}

func (x *exchange) refreshTokenForCode(scope Scope) bool {
	return !x.Policy.OfflineAccess || !x.openID || scope.Contains("offline_access")
}
