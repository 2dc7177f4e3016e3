package oauth

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// newToken makes a token of the kind for the client and user of the grant, in the family
// of what was presented, with the site's lifetime for its kind and as much randomness as
// the site's tokens are long.
func (x *exchange) newToken(kind Kind, scope Scope) (Token, error) {
	random, err := randomHex(x.Random, x.facts.Site.TokenLength)
	lifetime := x.facts.Site.AccessTokenLifetime
	if kind == RefreshToken {
		lifetime = x.facts.Site.RefreshTokenLifetime
	}
	return Token{
		Kind:     kind,
		Value:    FamilyOf(x.presented) + random,
		ClientID: x.facts.Client.ID,
		UserID:   x.facts.Grant.UserID,
		Expires:  x.expires(lifetime),
		Scope:    scope,
	}, err
}

// prepared is the answer that both grants give, before anything is taken or stored.
type prepared struct {
	Answer
	access Token
	openID bool // OpenID Connect applies
}

// prepare makes an access token with the scope that was asked for and, with openid,
// an ID token. Whatever can fail fails here.
func (x *exchange) prepare(ctx context.Context) (prepared, error) {
	if len(x.request.Scope) > maxRequestedScope {
		return prepared{}, errScope
	}
	scope, err := narrow(ParseScope(x.request.Scope), x.facts.Grant.Scope, x.facts.Client)
	if err != nil {
		return prepared{}, err
	}
	access, err := x.newToken(AccessToken, scope)
	if err != nil {
		return prepared{}, err
	}
	id, err := x.idToken(ctx, scope)
	return prepared{access: access, openID: id.applies, Answer: Answer{Defect: id.defect, Tokens: &Tokens{
		AccessToken: access.Value,
		ExpiresIn:   int64(access.Expires.Sub(x.now) / time.Second),
		Scope:       scope,
		IDToken:     id.text,
	}}}, err
}

// expires is the end of a lifetime that begins now; 0 is never.
func (x *exchange) expires(lifetime time.Duration) time.Time {
	if lifetime == 0 {
		return time.Time{}
	}
	end := x.now.Add(lifetime)
	if last := LastExpiry(); end.After(last) {
		return last
	}
	return end
}

// LastExpiry is the last moment at which a token may expire. The TIMESTAMP
// columns of the plugin's tables end at 2038-01-19 03:14:07 UTC, less what a
// server's time zone may take off that.
func LastExpiry() time.Time { return time.Date(2038, 1, 18, 0, 0, 0, 0, time.UTC) }

// randomHex is a string of n lower-case hex digits, 4 bits of randomness each.
func randomHex(random io.Reader, n int) (string, error) {
	b := make([]byte, (n+1)/2)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("no randomness for a token: %w", err)
	}
	return hex.EncodeToString(b)[:n], nil
}
