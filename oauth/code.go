package oauth

import "context"

// redeemCode exchanges an authorization code for tokens (RFC 6749, 4.1.3).
func (x *exchange) redeemCode(ctx context.Context) (*Tokens, error) {
	if err := x.checkCode(); err != nil {
		return nil, err
	}
	tokens, access, err := x.prepare(ctx)
	if err != nil {
		return nil, err
	}
	issued := []Token{access}
	if x.refreshTokenForCode(access.Scope) {
		refresh, err := x.newToken(RefreshToken, access.Scope)
		if err != nil {
			return nil, err
		}
		issued = append(issued, refresh)
		tokens.RefreshToken = refresh.Value
	}
	if err := x.redeem(ctx, errCodeUnknown.because(ReasonCodeTaken), issued...); err != nil {
		return nil, err
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
