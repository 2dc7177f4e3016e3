package handlers

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// remark is what the log and the metrics learn of a request on its way. Of what a client
// can send as it likes, the log has excerpts only.
type remark struct {
	remote     string // the client's address; empty: not known
	grant      string
	grantSent  string // where it is none that is known
	client     string // the id of a registered client
	clientSent string // the id that was sent, whosesoever it is
	headerAuth bool   // credentials were looked for in the Authorization header

	passed        bool // WordPress was asked for the answer
	authenticated bool // the client has proved who it is; a public one cannot
	err           error
	defect        error         // of the client's registration; the request was answered
	replay        *oauth.Replay // of a code or a refresh token
	tokens        *oauth.Tokens // of the answer; only counted
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
		took := time.Since(start)
		s.metrics.observe(c, n, took)
		level := slog.LevelInfo
		attributes := []slog.Attr{
			slog.String("route", routeName(c.Path())),
			slog.String("method", methodName(c.Request().Method)),
			slog.String("grant", n.grant),
			slog.String("client_id", n.client),
			slog.String("outcome", n.outcome()),
			slog.Int("status", c.Response().Status),
			slog.Float64("duration_ms", float64(took.Microseconds())/1000),
			slog.String("remote", remoteName(n.remote, c.Request())),
		}
		for _, a := range n.more(c.Request()) {
			if a.Value.String() != "" {
				attributes = append(attributes, a)
			}
		}
		if n.defect != nil {
			level = slog.LevelWarn
			attributes = append(attributes, slog.String("client_defect", n.defect.Error()))
		}
		if n.replay != nil {
			if n.replay.Ended {
				level = slog.LevelWarn
			}
			attributes = append(attributes, replayAttributes(n.replay)...)
		}
		if reason := serverFault(n.err); reason != "" {
			level = slog.LevelError
			attributes = append(attributes, slog.String("error", reason))
		}
		if level != slog.LevelWarn && n.open() && !s.refusals.admit(n.err) {
			return nil
		}
		if path := c.Path(); n.err == nil && (path == routeHealth || path == routeReady) {
			level = slog.LevelDebug // a probe every few seconds tells nothing
		}
		s.log.LogAttrs(c.Request().Context(), level, "request", attributes...)
		return nil
	}
}

// outcome is what came of a request. Of an answer of PHP only the status is known.
func (n *remark) outcome() string {
	if n.passed && n.err == nil {
		return "passed"
	}
	return outcome(n.err)
}

// more are attributes that have a value only at times.
func (n *remark) more(r *http.Request) []slog.Attr {
	clientSent := ""
	if n.client == "" {
		clientSent = excerpt(n.clientSent)
	}
	return []slog.Attr{
		slog.String("reason", reasonOf(n.err)),
		slog.String("grant_sent", grantName(n.grantSent)),
		slog.String("client_id_sent", clientSent),
		slog.String("request_id", requestID(r.Header.Get(echo.HeaderXRequestID))),
	}
}

// open is whether anybody can have such an answer without a secret, and so as many
// lines of the log as there is time for.
func (n *remark) open() bool { return n.err != nil && !n.authenticated }

// replayAttributes name the user whose login was ended and may have been stolen.
func replayAttributes(r *oauth.Replay) []slog.Attr {
	text, age := "a refresh token that was replaced was used again; the one that took its place was ended", "replaced_ago_ms"
	if r.Kind == oauth.AuthorizationCode {
		text, age = "a code was used again; all tokens that it had given were ended", "used_ago_ms"
	}
	if !r.Ended {
		text = "a code was used again; its tokens go on, for it may have been a reload"
	}
	attributes := []slog.Attr{slog.String("replay", text), slog.Int64("user_id", r.UserID)}
	if r.Age >= 0 {
		attributes = append(attributes, slog.Int64(age, r.Age.Milliseconds()))
	}
	return attributes
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
	case routeAuthorize:
		return "authorize"
	case routeMetadata:
		return "metadata"
	case routePassed:
		return "passed"
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
