package handlers

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// tokenResponse is RFC 6749, 5.1, with the members in PHP's order. No member
// is ever null: there are clients that stop at one.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"`
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
}

// revokedResponse is the body of a successful revocation, as the plugin's
// engine has it; RFC 7009, 2.2 lets a client ignore it.
type revokedResponse struct {
	Revoked bool `json:"revoked"`
}

// token is the token endpoint.
func (s *server) token(c echo.Context) error {
	return s.post(c, func(ctx context.Context, r oauth.Request) (any, oauth.Answer, error) {
		if grant, known := r.Grant(); known {
			note(c).grant = string(grant)
		} else {
			note(c).grantSent = r.GrantType
		}
		answer, err := s.tokens.Token(ctx, r)
		return tokenBody(answer), answer, err
	})
}

// revoke is the revocation endpoint (RFC 7009).
func (s *server) revoke(c echo.Context) error {
	return s.post(c, func(ctx context.Context, r oauth.Request) (any, oauth.Answer, error) {
		answer, err := s.tokens.Revoke(ctx, r)
		return revokedResponse{Revoked: true}, answer, statusError(err)
	})
}

// tokenBody is the body of a successful answer of the token endpoint.
func tokenBody(answer oauth.Answer) any {
	if answer.Tokens == nil {
		return revokedResponse{Revoked: true}
	}
	return tokenResponse{
		AccessToken:  answer.Tokens.AccessToken,
		ExpiresIn:    answer.Tokens.ExpiresIn,
		TokenType:    "Bearer",
		Scope:        answer.Tokens.Scope.String(),
		RefreshToken: answer.Tokens.RefreshToken,
		IDToken:      answer.Tokens.IDToken,
	}
}

// post is what the routes have in common to which a client posts its
// credentials: the methods, the limit of failures, the time. carryOut returns
// the body of a success.
func (s *server) post(c echo.Context, carryOut func(context.Context, oauth.Request) (any, oauth.Answer, error)) error {
	r := c.Request()
	preventStorage(c.Response().Header())
	s.prove(c)
	switch r.Method {
	case http.MethodOptions:
		preflight(c, http.MethodPost)
		return c.NoContent(http.StatusNoContent)
	case http.MethodPost:
	default:
		c.Response().Header().Set(echo.HeaderAllow, http.MethodPost)
		return errMethod
	}
	request, err := s.parse(c)
	if err != nil {
		return err
	}
	if s.upstream != nil && r.URL.Path == routeToken && foreignGrant(request.GrantType) {
		return s.passToken(c, request)
	}
	return s.withDatabase(c, func(ctx context.Context) error {
		attempt, err := s.limiter.reserve(ctx, c.RealIP(), request, false)
		if err != nil {
			return err
		}
		verdict := unjudged // also after a panic
		defer func() { attempt.done(verdict) }()
		body, answer, err := carryOut(ctx, request)
		verdict = judge(answer, err)
		noteAnswer(c, answer)
		if err != nil {
			return err
		}
		respond(c, http.StatusOK, body)
		return nil
	})
}

// noteAnswer tells the log, the metrics and the browser what came of a request. Pages may read
// the answer to a client that has authenticated. Anybody can name a client's id,
// and could ask for one origin after the other which of them are its own. Of a
// public client nothing but its id is ever asked.
func noteAnswer(c echo.Context, answer oauth.Answer) {
	note(c).defect, note(c).replay, note(c).tokens = answer.Defect, answer.Replay, answer.Tokens
	if client := answer.Client; client != nil {
		note(c).client = client.ID
		note(c).authenticated = answer.Authenticated && client.Confidential
		if answer.Authenticated || !client.Confidential {
			allowOrigin(c, client)
		}
	}
}

// preventStorage is RFC 6749, 5.1, and what WordPress sends with every answer
// of its REST API.
func preventStorage(h http.Header) {
	h.Set(echo.HeaderCacheControl, "no-store")
	h.Set("Pragma", "no-cache")
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set(echo.HeaderVary, echo.HeaderOrigin)
}
