package oauth

import "context"

// redeemCode exchanges an authorization code for tokens (RFC 6749, 4.1.3).
func (x *exchange) redeemCode(ctx context.Context) (Answer, error) {
	err := x.checkSeal()
	if err == nil {
		err = x.checkCode()
	}
	switch err {
	case nil:
	case errCodeUnknown, errCodeUnknown.because(ReasonSealBroken): // which must take as long
		return x.replayedCode(ctx, err)
	default:
		return Answer{}, err
	}
	p, err := x.prepare(ctx)
	if err != nil {
		return Answer{}, err
	}
	issued := []Token{p.access}
	if x.refreshTokenForCode(p) {
		refresh, err := x.newToken(RefreshToken, p.access.Scope)
		if err != nil {
			return Answer{}, err
		}
		issued = append(issued, refresh)
		p.Tokens.RefreshToken = refresh.Value
	}
	return p.Answer, x.redeem(ctx, errCodeUnknown.because(ReasonCodeTaken), issued...)
}

// checkCode checks in the plugin's order: the code, its age, its redirect URI, then its
// client and user.
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

func (x *exchange) refreshTokenForCode(p prepared) bool {
	return !x.Policy.OfflineAccess || !p.openID || p.access.Scope.Contains("offline_access")
}
