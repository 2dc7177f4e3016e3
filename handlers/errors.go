package handlers

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// retryAfter is what a client is asked to wait when the server cannot tell.
const retryAfter = 5 * time.Second

// unavailable is an answer of WordPress's REST API that is no OAuth error: it
// says nothing of the token that was presented, so it has no error member,
// which clients take for the end of their token.
type unavailable struct {
	status     int
	code       string
	message    string
	retryAfter time.Duration // 0: there is no use in waiting
}

// Error implements error.
func (u unavailable) Error() string { return u.code + ": " + u.message }

// errorResponse is an error response of RFC 6749, 5.2.
type errorResponse struct {
	Error       oauth.Code `json:"error"`
	Description string     `json:"error_description"`
}

// restError is the error shape of WordPress's REST API.
type restError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Data    struct {
		Status int `json:"status"`
	} `json:"data"`
}

// routeError is an OAuth error with a status of its own and, where its route
// needs them, a challenge and a body.
type routeError struct {
	refusal   oauth.Error
	status    int
	challenge string // of WWW-Authenticate; empty: none
	body      any    // nil: that of RFC 6749, 5.2
}

// Error implements error.
func (e routeError) Error() string { return e.refusal.Error() }

// Unwrap is the refusal, for the code that counts refusals.
func (e routeError) Unwrap() error { return e.refusal }

// basicChallenge asks for client credentials (RFC 7617, 2).
const basicChallenge = `Basic realm="moserver", charset="UTF-8"`

var (
	errNoRoute = unavailable{status: http.StatusNotFound, code: "rest_no_route",
		message: "No route was found matching the URL and request method."}
	errAway = unavailable{status: http.StatusServiceUnavailable, code: "database_unavailable",
		message: "The database is not available at the moment. The request may be repeated.", retryAfter: retryAfter}
	errOverloaded = unavailable{status: http.StatusServiceUnavailable, code: "overloaded",
		message: "The server has too many requests at the moment. The request may be repeated.", retryAfter: retryAfter}
	errSwitchedOff = unavailable{status: http.StatusServiceUnavailable, code: "oauth_server_switched_off",
		message: "The OAuth server of this site is switched off.", retryAfter: time.Minute}
	errInternal = unavailable{status: http.StatusInternalServerError, code: "internal_server_error",
		message: "The server has met an error."}

	errMethod    = badRequest(http.StatusMethodNotAllowed, reasonMethod, "The request method must be POST")
	errMethodGet = badRequest(http.StatusMethodNotAllowed, reasonMethod, "The request method must be GET")
	errTooLarge  = badRequest(http.StatusRequestEntityTooLarge, reasonTooLarge, "The request body is too large")
	errSlow      = badRequest(http.StatusRequestTimeout, reasonSlow, "The request body did not arrive in time")
)

// badRequest is invalid_request with a status of HTTP's own.
func badRequest(status int, reason oauth.Reason, description string) error {
	return routeError{refusal: oauth.Error{Code: oauth.InvalidRequest, Description: description, Reason: reason}, status: status}
}

// respondError is the one place that turns an error into a response.
func (s *server) respondError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	err = fromEcho(err)
	note(c).err = err
	var (
		away   unavailable
		route  routeError
		denied oauth.Error
	)
	switch {
	case errors.As(err, &route):
		respondRoute(c, route)
	case errors.As(err, &away):
		respondUnavailable(c, away)
	case errors.As(err, &denied):
		respondRoute(c, s.tokenError(c, denied))
	case errors.Is(err, oauth.ErrSwitchedOff):
		respondUnavailable(c, errSwitchedOff)
	case errors.Is(err, oauth.ErrBusy):
		respondUnavailable(c, errOverloaded)
	case errors.Is(err, oauth.ErrUnavailable), errors.Is(err, context.Canceled):
		respondUnavailable(c, errAway)
	default:
		respondUnavailable(c, errInternal)
	}
}

// fromEcho translates what Echo itself refuses: a method that a probe does not
// have. The other routes take all methods, and judge them themselves.
func fromEcho(err error) error {
	var refused *echo.HTTPError
	if errors.As(err, &refused) && refused.Code == http.StatusMethodNotAllowed {
		return errMethodGet
	}
	return err
}

// tokenError is RFC 6749, 5.2: status 400, but 401 to a client that tried to
// authenticate with the Authorization header.
func (s *server) tokenError(c echo.Context, refusal oauth.Error) routeError {
	e := routeError{refusal: refusal, status: http.StatusBadRequest}
	switch {
	case s.options.ErrorStatus200:
		e.status = http.StatusOK
	case refusal.Code == oauth.InvalidClient && note(c).headerAuth:
		e.status, e.challenge = http.StatusUnauthorized, basicChallenge
	}
	return e
}

func respondRoute(c echo.Context, e routeError) {
	if e.challenge != "" {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, e.challenge)
	}
	if e.body == nil {
		e.body = errorResponse{Error: e.refusal.Code, Description: e.refusal.Description}
	}
	respond(c, e.status, e.body)
}

func respondUnavailable(c echo.Context, u unavailable) {
	if u.retryAfter > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, u.retrySeconds())
	}
	respond(c, u.status, u.body())
}

// retrySeconds is the value of Retry-After.
func (u unavailable) retrySeconds() string {
	return strconv.Itoa(int(math.Ceil(u.retryAfter.Seconds())))
}

func (u unavailable) body() restError {
	body := restError{Code: u.code, Message: u.message}
	body.Data.Status = u.status
	return body
}

// panicked is the error of a panic: where it came from, but not what it said,
// which may have a token in it.
func panicked(r any) error {
	pc := make([]uintptr, 16)
	frames := runtime.CallersFrames(pc[:runtime.Callers(4, pc)])
	frame, _ := frames.Next()
	return fmt.Errorf("panic (%T) in %s, line %d", r, frame.Function, frame.Line)
}
