package oauth

import "context"

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
	var refresh Token
	if x.refreshTokenForCode(scope) {
		if refresh, err = x.newToken(RefreshToken, scope); err != nil {
			return nil, err
		}
		issued = append(issued, refresh)
	}
	if err := x.redeem(ctx, errCodeUnknown, issued...); err != nil {
		return nil, err
	}
	return x.tokens(access, refresh.Value), nil
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
	return !x.Policy.OfflineAccess || !scope.Contains("openid") || scope.Contains("offline_access")
}
