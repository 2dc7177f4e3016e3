package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// introspectionResponse is RFC 7662, 2.2. Of a token that is not active it has
// nothing but that.
type introspectionResponse struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"` // access tokens only
	Expires   int64  `json:"exp,omitempty"`        // absent: never
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
}

// introspect is the introspection endpoint (RFC 7662).
func (s *server) introspect(c echo.Context) error {
	return s.post(c, func(ctx context.Context, r oauth.Request) (any, oauth.Answer, error) {
		found, answer, err := s.tokens.Introspect(ctx, r)
		return introspectionBody(found), answer, statusError(err)
	})
}

func introspectionBody(i oauth.Introspection) introspectionResponse {
	if !i.Active {
		return introspectionResponse{}
	}
	body := introspectionResponse{
		Active:   true,
		Scope:    i.Scope.String(),
		ClientID: i.ClientID,
		Subject:  strconv.FormatInt(i.UserID, 10),
		Audience: i.ClientID,
	}
	if i.Kind == oauth.AccessToken {
		body.TokenType = "Bearer"
	}
	if !i.Expires.IsZero() {
		body.Expires = i.Expires.Unix()
	}
	return body
}

// statusError gives an OAuth error the status of its RFC on the routes that PHP
// never had, whatever a client of the token endpoint depends on: a refusal with
// status 200 would there be a success (RFC 7009, 2.2.1; RFC 7662, 2.3).
func statusError(err error) error {
	var refused oauth.Error
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.Code == oauth.InvalidClient:
		return routeError{refusal: refused, status: http.StatusUnauthorized, challenge: basicChallenge}
	}
	return routeError{refusal: refused, status: http.StatusBadRequest}
}
