package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// resourceResponse is what the plugin tells of a user, in its order.
type resourceResponse struct {
	ID      int64   `json:"id"`
	UserID  int64   `json:"ID"`
	Subject any     `json:"sub,omitempty"` // scope openid
	Email   *string `json:"email,omitempty"`
	*profileResponse
}

// profileResponse is what the scope profile adds.
type profileResponse struct {
	Username    string `json:"username"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Nickname    string `json:"nickname"`
	DisplayName string `json:"display_name"`
}

// goneResponse is how the plugin says that the user of a token is gone.
type goneResponse struct {
	Error oauth.Code `json:"error"`
	Desc  string     `json:"desc"`
}

// resource is the protected resource of the plugin, which serves as userinfo
// endpoint (OpenID Connect Core 1.0, 5.3).
func (s *server) resource(c echo.Context) error {
	preventStorage(c.Response().Header())
	if done, err := getOnly(c); done {
		return err
	}
	token, err := bearerToken(c.Request())
	if err != nil {
		return s.bearerError(err)
	}
	return s.withDatabase(c, func(ctx context.Context) error {
		info, client, err := s.tokens.UserInfo(ctx, token)
		// Who has one of the client's access tokens has authenticated.
		noteAnswer(c, oauth.Answer{Client: client, Authenticated: true})
		if err != nil {
			return s.bearerError(err)
		}
		respond(c, http.StatusOK, s.resourceBody(info))
		return nil
	})
}

func (s *server) resourceBody(info oauth.UserInfo) resourceResponse {
	body := resourceResponse{ID: info.UserID, UserID: info.UserID}
	if info.Tells("openid") {
		body.Subject = info.UserID
		if s.options.SubjectString {
			body.Subject = strconv.FormatInt(info.UserID, 10)
		}
	}
	if info.Tells("email") {
		body.Email = &info.Email
	}
	if info.Tells("profile") {
		body.profileResponse = &profileResponse{info.Username, info.FirstName, info.LastName, info.Nickname, info.DisplayName}
	}
	return body
}

// bearerToken finds the access token of a request: in the Authorization header
// (RFC 6750, 2.1), or in the query (2.3), but not in both. It is empty where
// the request has none.
func bearerToken(r *http.Request) (string, error) {
	header, query := r.Header.Get(echo.HeaderAuthorization), queryValue(r.URL.RawQuery, "access_token")
	if header == "" {
		return query, nil
	}
	if query != "" {
		return "", malformed(reasonTwoTokens, "Only one method may be used to authenticate at a time (Auth header, GET or POST)")
	}
	parts := strings.Fields(header)
	if len(parts) != 2 || !strings.EqualFold(parts[0], "Bearer") {
		return "", malformed(reasonAuthHeader, "Malformed auth header")
	}
	return parts[1], nil
}

// bearerError is RFC 6750, 3: the status, and the challenge that names the error
// unless the request had no token at all.
func (s *server) bearerError(err error) error {
	var refused oauth.Error
	if !errors.As(err, &refused) {
		return err
	}
	e := routeError{refusal: refused, status: http.StatusUnauthorized, challenge: `Bearer realm="Service"`}
	code := refused.Code
	switch {
	case refused == oauth.ErrUserGone:
		e.status, e.body = http.StatusForbidden, goneResponse{refused.Code, refused.Description}
	case code == oauth.InvalidRequest:
		e.status = http.StatusBadRequest
	case code == oauth.ExpiredToken:
		code = oauth.InvalidToken // the plugin's own code is none of RFC 6750
	}
	if code != oauth.MissingAccessToken {
		e.challenge += fmt.Sprintf(`, error="%s", error_description="%s"`, code, refused.Description)
	}
	if s.options.ErrorStatus200 && e.body == nil {
		e.status = http.StatusOK
	}
	return e
}

// getOnly answers every method but GET and HEAD.
func getOnly(c echo.Context) (done bool, err error) {
	switch c.Request().Method {
	case http.MethodGet, http.MethodHead:
		return false, nil
	case http.MethodOptions:
		preflight(c, http.MethodGet)
		return true, c.NoContent(http.StatusNoContent)
	}
	c.Response().Header().Set(echo.HeaderAllow, http.MethodGet)
	return true, errMethodGet
}
