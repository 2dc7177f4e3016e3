package oauth

import (
	"context"
	"errors"
	"time"
)

// refresh exchanges a refresh token for an access token (RFC 6749, 6). The
// answer always has a refresh token: there are clients that replace their
// whole record by it.
func (x *exchange) refresh(ctx context.Context) (*Tokens, error) {
	if err := x.checkRefreshToken(); err != nil {
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
	tokens := x.tokens(access)
	if tokens.IDToken, err = x.idToken(ctx, scope); err != nil {
		return nil, err
	}
	if x.facts.Client.Confidential && !x.Policy.RotateAll {
		tokens.RefreshToken = x.request.RefreshToken
		return tokens, x.Store.Issue(ctx, access)
	}
	successor, err := x.successor()
	if err != nil {
		return nil, err
	}
	tokens.RefreshToken = successor.Value
	if err := x.Store.Redeem(ctx, x.presented, access, successor); errors.Is(err, ErrNotFound) {
		return nil, errRefreshUnknown
	} else if err != nil {
		return nil, err
	}
	return tokens, nil
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

// tokens is the answer that hands out an access token.
func (x *exchange) tokens(access Token) *Tokens {
	return &Tokens{
		AccessToken: access.Value,
		ExpiresIn:   int64(access.Expires.Sub(x.now) / time.Second),
		Scope:       access.Scope,
	}
}
