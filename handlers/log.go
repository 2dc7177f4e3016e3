package handlers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// remark is what the log learns of a request on its way. It holds nothing that
// the client chose, but for the id of a client that is registered.
type remark struct {
	remote     string // the client's address; empty: not known
	grant      string
	client     string
	headerAuth bool // credentials were looked for in the Authorization header
	err        error
	defect     error           // of the client's registration; the request was answered
	replay     *oauth.Rotation // the request has ended its successor
}

const remarkKey = "remark"

// note is the remark of a request.
func note(c echo.Context) *remark {
	if n, ok := c.Get(remarkKey).(*remark); ok {
		return n
	}
	n := &remark{}
	c.Set(remarkKey, n)
	return n
}

// logRequest writes one line for each request, when it has been answered.
func (s *server) logRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		n := note(c)
		n.remote = c.RealIP()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelInfo
		attributes := []slog.Attr{
			slog.String("route", routeName(c.Path())),
			slog.String("method", methodName(c.Request().Method)),
			slog.String("grant", n.grant),
			slog.String("client_id", n.client),
			slog.String("outcome", outcome(n.err)),
			slog.Int("status", c.Response().Status),
			slog.Duration("duration", time.Since(start).Round(time.Microsecond)),
			slog.String("remote", n.remote),
		}
		if n.defect != nil {
			level = slog.LevelWarn
			attributes = append(attributes, slog.String("client_defect", n.defect.Error()))
		}
		if n.replay != nil {
			level = slog.LevelWarn
			attributes = append(attributes, replayAttributes(n.replay)...)
		}
		if reason := serverFault(n.err); reason != "" {
			level = slog.LevelError
			attributes = append(attributes, slog.String("error", reason))
		}
		if path := c.Path(); n.err == nil && (path == routeHealth || path == routeReady) {
			level = slog.LevelDebug // a probe every few seconds tells nothing
		}
		s.log.LogAttrs(c.Request().Context(), level, "request", attributes...)
		return nil
	}
}

// replayAttributes tell whose login was ended, and perhaps stolen.
func replayAttributes(r *oauth.Rotation) []slog.Attr {
	return []slog.Attr{
		slog.String("replay", "a refresh token that was replaced was used again; the one that took its place was ended"),
		slog.Int64("user_id", r.UserID),
		slog.Duration("replaced_ago", r.Age),
	}
}

// routeName is what a route is called in the log. The path itself is what the
// client made it, with a token in it at times.
func routeName(path string) string {
	switch path {
	case routeToken:
		return "token"
	case routeRevoke:
		return "revoke"
	case routeIntrospect:
		return "introspect"
	case routeResource:
		return "resource"
	case routeDiscovery:
		return "openid-configuration"
	case routeKeys:
		return "keys"
	case routeHealth:
		return "healthz"
	case routeReady:
		return "readyz"
	}
	return "none"
}

func methodName(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// outcome is "ok", the error code, or what kept the server from answering.
func outcome(err error) string {
	var (
		denied oauth.Error
		away   unavailable
	)
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &denied):
		return string(denied.Code)
	case errors.As(err, &away):
		return away.code
	case errors.Is(err, context.Canceled):
		return "client_gone"
	case errors.Is(err, oauth.ErrDeactivated):
		return "plugin_not_active"
	case errors.Is(err, oauth.ErrSwitchedOff):
		return errSwitchedOff.code
	case errors.Is(err, oauth.ErrBusy):
		return errOverloaded.code
	case errors.Is(err, oauth.ErrUnavailable):
		return errAway.code
	}
	return errInternal.code
}

// serverFault is the text of an error that is the server's or the database's,
// for the operator.
func serverFault(err error) string {
	switch code := outcome(err); code {
	case errAway.code, errInternal.code:
		return err.Error()
	}
	return ""
}
