package oauth

import (
	"context"
	"errors"
)

// refresh exchanges a refresh token for an access token (RFC 6749, 6). The
// answer always has a refresh token: there are clients that replace their
// whole record by it.
func (x *exchange) refresh(ctx context.Context) (Answer, error) {
	answer, err := x.useRefreshToken(ctx)
	var refused Error
	if errors.As(err, &refused) && (refused.Reason == ReasonRefreshUnknown || refused.Reason == ReasonRefreshTaken) {
		return x.useRotated(ctx, refused)
	}
	return answer, err
}

func (x *exchange) useRefreshToken(ctx context.Context) (Answer, error) {
	if err := x.checkRefreshToken(); err != nil {
		return Answer{}, err
	}
	p, err := x.prepare(ctx)
	if err != nil {
		return Answer{}, err
	}
	if x.facts.Client.Confidential && !x.Policy.RotateAll {
		p.Tokens.RefreshToken = x.request.RefreshToken
		return p.Answer, x.Store.Issue(ctx, p.access)
	}
	p.Tokens.RefreshToken, err = x.rotate(ctx, p.access)
	p.Tokens.Rotated = true
	return p.Answer, err
}

// rotate puts the access token and a new refresh token in the place of the one
// that was presented.
func (x *exchange) rotate(ctx context.Context, access Token) (refreshToken string, err error) {
	successor, err := x.successor()
	if err != nil {
		return "", err
	}
	return successor.Value, x.redeem(ctx, errRefreshUnknown.because(ReasonRefreshTaken), access, successor)
}

func (x *exchange) checkRefreshToken() error {
	switch {
	case x.request.RefreshToken == "":
		return errRefreshMissing
	case x.facts.Grant == nil:
		return errRefreshUnknown
	case x.expired():
		return errRefreshExpired
	}
	return x.checkGrant(errRefreshForeign)
}

// successor is the refresh token that takes the place of the presented one. It
// keeps the whole scope whatever the request narrowed (RFC 6749, 6), and the
// date of its predecessor where the administrator has set no lifetime: using a
// token that was issued for two weeks must not make it eternal.
func (x *exchange) successor() (Token, error) {
	token, err := x.newToken(RefreshToken, x.facts.Grant.Scope)
	if x.facts.Site.RefreshTokenLifetime == 0 {
		token.Expires = x.facts.Grant.Expires
	}
	return token, err
}
