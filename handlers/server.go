package handlers

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// TokenServer carries out what the routes are asked; oauth.Server is one, and
// says of each method what it promises.
type TokenServer interface {
	Token(context.Context, oauth.Request) (oauth.Answer, error)
	Revoke(context.Context, oauth.Request) (oauth.Answer, error)
	Authorized(context.Context, oauth.Authorization, string) (oauth.Redirection, error)
	Refused(context.Context, oauth.Authorization) (string, error)
	Introspect(context.Context, oauth.Request) (oauth.Introspection, oauth.Answer, error)
	UserInfo(ctx context.Context, accessToken string) (oauth.UserInfo, *oauth.Client, error)
	Metadata(context.Context) (oauth.Metadata, error)
	Discover(ctx context.Context, clientID string) (oauth.Discovery, error)
	PublicKey(ctx context.Context, clientID string) (*rsa.PublicKey, error)
}

// Options is what an operator can choose of the HTTP side.
type Options struct {
	RequestTimeout time.Duration  // how long a request may wait for the database
	MaxBodyBytes   int64          // a larger request body is refused with 413
	ErrorStatus200 bool           // OAuth errors come with status 200, as from PHP
	SubjectString  bool           // sub of the resource is a string, as in OpenID Connect, not PHP's number
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	MaxInFlight    int            // requests that may be with the database at once; 0: no limit
	MaxConnections int            // connections that may be open, with a few more for probes
	AuthFailures   int            // failed authentications a minute, per address and client; 0: no limit
	Proof          *oauth.Proof   // answers check --through; nil: it is not answered
	Upstream       Upstream       // where WordPress answers the rest; the zero value: nowhere
}

// Upstream is an address as package net takes it: tcp and host:port, or unix and a path.
type Upstream struct{ Network, Address string }

// server is what the handlers share.
type server struct {
	tokens   TokenServer
	ready    func(context.Context) error
	options  Options
	log      *slog.Logger
	limiter  *limiter
	overload *overload
	refusals *refusals
	metrics  *metrics
	upstream *upstream    // nil: nothing is passed on
	entry    http.Handler // routes
}

// Handler is the handler of all routes, and a prometheus.Collector of what came of them.
type Handler struct{ current atomic.Pointer[server] }

// New returns a Handler. ready says what is wrong while the server cannot serve; it
// is asked for /readyz.
func New(tokens TokenServer, ready func(context.Context) error, options Options, log *slog.Logger) *Handler {
	h := &Handler{}
	h.current.Store(&server{ready: ready, log: log, limiter: newLimiter(0), refusals: newRefusals(log), metrics: newMetrics()})
	h.Change(tokens, options)
	return h
}

// Change has the requests that come from now on answered by tokens, as options say.
// What was counted so far still counts. It must not be called
// twice at the same time.
func (h *Handler) Change(tokens TokenServer, options Options) {
	next := *h.current.Load()
	if next.overload == nil || options.MaxInFlight != next.options.MaxInFlight {
		next.overload = newOverload(limitInFlight, options.MaxInFlight, next.metrics, next.log)
	}
	if next.upstream == nil || options.Upstream != next.options.Upstream {
		next.upstream = newUpstream(options.Upstream, options.MaxConnections, next.metrics, next.log)
	}
	next.tokens, next.options = tokens, options
	next.limiter.allow(options.AuthFailures)
	next.entry = next.routes()
	h.current.Store(&next)
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.current.Load().entry.ServeHTTP(w, r)
}

// routes is the handler of all routes.
func (s *server) routes() http.Handler {
	e := echo.New()
	e.IPExtractor = forwardedFor(s.options.TrustedProxies)
	e.HTTPErrorHandler = s.respondError
	e.Pre(s.canonicalRoute())
	e.Use(s.logRequest, recovered)
	for route, handler := range map[string]echo.HandlerFunc{
		routeToken: s.token, routeRevoke: s.revoke, routeIntrospect: s.introspect,
		routeResource: s.resource, routeDiscovery: s.discovery, routeKeys: s.keys,
	} {
		e.Any(route, handler)
	}
	if s.upstream != nil {
		e.Any(routeAuthorize, s.authorize)
		e.Any(routePassed, s.passOn)
		e.Any(routeMetadata, s.metadata)
	}
	probes := []string{http.MethodGet, http.MethodHead}
	e.Match(probes, routeHealth, s.healthz)
	e.Match(probes, routeReady, s.readyz)
	e.RouteNotFound("/*", s.noRoute)
	return s.overload.before(e)
}

// noRoute answers what no route is for, and methods that Echo does not know.
func (s *server) noRoute(c echo.Context) error {
	switch path := c.Request().URL.Path; {
	case path == routeToken:
		return s.token(c)
	case s.upstream != nil && path == routeAuthorize:
		return s.authorize(c)
	case s.upstream != nil && path == routeMetadata:
		return s.metadata(c)
	case s.upstream != nil && path == routePassed:
		return s.passOn(c)
	}
	return errNoRoute
}

// passOn passes on what only WordPress knows.
func (s *server) passOn(c echo.Context) error { return s.upstream.pass(c, nil) }

// withDatabase does the part of a request that may have to wait for the
// database, for as long as a request may. In an outage requests pile up; beyond
// a limit they are refused at once, so that they do not take all memory.
func (s *server) withDatabase(c echo.Context, work func(context.Context) error) error {
	if !s.overload.enter() {
		return errOverloaded
	}
	defer s.overload.leave()
	atWork(c.Request().Context())
	ctx, cancel := context.WithTimeout(c.Request().Context(), s.options.RequestTimeout)
	defer cancel()
	return work(ctx)
}

// recovered turns a panic into an error of its request, so that it gets an
// answer and a line in the log. What the panic said stays out of both.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = panicked(r)
			}
		}()
		return next(c)
	}
}

// HTTPServer wraps handler with the limits of one listener. Reading is
// bounded so that a slow sender cannot hold a connection; the idle time is
// longer than nginx's for its upstream connections, so that nginx is the one
// to close them and never sends into a closing one.
func HTTPServer(handler http.Handler, options Options, log *slog.Logger) *Server {
	draining, drain := context.WithCancel(context.Background())
	return &Server{connections: newConnections(options.MaxConnections, log), draining: draining, drain: drain, Server: &http.Server{
		Handler:           closing(handler, draining),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      options.RequestTimeout + 40*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnState:         onState,
		ConnContext:       withConnection,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), drainingKey{}, draining)
		},
	}}
}
