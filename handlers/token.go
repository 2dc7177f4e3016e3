package handlers

import (
	"context"
	"errors"
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
}

func newTokenResponse(t *oauth.Tokens) tokenResponse {
	return tokenResponse{
		AccessToken:  t.AccessToken,
		ExpiresIn:    t.ExpiresIn,
		TokenType:    "Bearer",
		Scope:        t.Scope.String(),
		RefreshToken: t.RefreshToken,
	}
}

// revokedResponse is the body of a successful revocation, as the plugin's
// engine has it; RFC 7009, 2.2 lets a client ignore it.
type revokedResponse struct {
	Revoked bool `json:"revoked"`
}

// token is the token endpoint.
func (s *server) token(c echo.Context) error {
	r := c.Request()
	preventStorage(c.Response().Header())
	switch r.Method {
	case http.MethodOptions:
		preflight(c)
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
	if err := s.limiter.allow(c.RealIP(), request); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.options.RequestTimeout)
	defer cancel()
	answer, err := s.tokens.Token(ctx, request)
	s.noteAnswer(c, request, answer, err)
	if err != nil {
		return err
	}
	if answer.Tokens == nil {
		respond(c, http.StatusOK, revokedResponse{Revoked: true})
	} else {
		respond(c, http.StatusOK, newTokenResponse(answer.Tokens))
	}
	return nil
}

// noteAnswer tells the log, the limiter and the browser what came of a request.
func (s *server) noteAnswer(c echo.Context, request oauth.Request, answer oauth.Answer, err error) {
	n := note(c)
	if grant, known := request.Grant(); known {
		n.grant = string(grant)
	}
	if answer.Client != nil {
		n.client = answer.Client.ID
		allowOrigin(c, answer.Client)
	}
	var refused oauth.Error
	if errors.As(err, &refused) && refused.Code == oauth.InvalidClient {
		s.limiter.failed(c.RealIP(), request)
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
