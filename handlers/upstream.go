package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// upstreamPatience is how long PHP may take to begin its answer. The web server
	// before it gives up earlier, nginx after a minute.
	upstreamPatience = 2 * time.Minute
	// clientPatience is how long a client may take for the next piece of a body.
	clientPatience = time.Minute

	headerLoop = "X-Moserver-Loop"
)

var (
	errUpstreamAway = unavailable{status: http.StatusServiceUnavailable, code: "wordpress_unavailable",
		message: "WordPress does not answer at the moment. The request may be repeated.", retryAfter: retryAfter}
	errLoop = unavailable{status: http.StatusLoopDetected, code: "upstream_loop",
		message: "The server passes this request on to itself."}
	errBroken = unavailable{status: http.StatusBadGateway, code: "wordpress_broke_off",
		message: "WordPress's answer broke off."}
)

// upstream is where WordPress itself answers what this server does not. What is
// passed on has slots of its own and never takes one that a token request needs: at
// most a quarter of the connections, so that a PHP that hangs leaves the others.
type upstream struct {
	target    url.URL
	transport *http.Transport
	slots     *overload
	name      string // unguessable; a request that comes with it has been here before
	log       *slog.Logger
}

// newUpstream is nil if there is no address.
func newUpstream(at Upstream, maxConnections int, m *metrics, log *slog.Logger) *upstream {
	if at.Address == "" {
		return nil
	}
	target := url.URL{Scheme: "http", Host: at.Address}
	if at.Network == "unix" {
		target.Host = "localhost"
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &upstream{
		target: target, name: rand.Text(), log: log,
		slots: newOverload(limitUpstream, (maxConnections+3)/4, m, log),
		transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, at.Network, at.Address)
			},
			ResponseHeaderTimeout: upstreamPatience,
			DisableKeepAlives:     true, // a POST that meets a closing connection would be lost
			DisableCompression:    true,
		},
	}
}

// pass sends a request on to WordPress, and its answer back. modify, which may be
// nil, can change the answer before a byte of it is sent; an error of modify is
// answered in its place.
func (u *upstream) pass(c echo.Context, modify func(*http.Response) error) error {
	if !u.slots.enter() {
		return errOverloaded
	}
	defer u.slots.leave()
	return u.send(c, modify)
}

// send is pass for who has a slot.
func (u *upstream) send(c echo.Context, modify func(*http.Response) error) (err error) {
	r := c.Request()
	if slices.Contains(r.Header.Values(headerLoop), u.name) {
		return fmt.Errorf("%w; php_upstream must be an address where PHP itself answers", errLoop)
	}
	note(c).passed = true
	preventStorage(c.Response().Header())
	atWork(r.Context())
	w := newPassing(c)
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler: // how ReverseProxy says that the answer broke off
			w.breakOff()
			if note(c).err = r.Context().Err(); note(c).err == nil {
				note(c).err = errBroken
			}
		case p != nil:
			panic(p)
		}
	}()
	proxy := httputil.ReverseProxy{
		Transport: u.transport, FlushInterval: -1, ErrorLog: slog.NewLogLogger(u.log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) { u.rewrite(p, c) },
		ModifyResponse: func(response *http.Response) error {
			if modify != nil {
				if err = modify(response); err != nil {
					return err
				}
			}
			endStream(r, response)
			clear(w.Header()) // the answer is PHP's alone
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, cause error) {
			if err == nil {
				err = upstreamError(cause)
			}
		},
	}
	proxy.ServeHTTP(w, r)
	return err
}

// rewrite addresses a request to WordPress. It keeps its path byte for byte and the
// site's own Host. As the sender WordPress is told one address, and only a trusted
// proxy may say that the request came by https.
func (u *upstream) rewrite(p *httputil.ProxyRequest, c echo.Context) {
	for _, name := range []string{"Forwarded", "X-Forwarded-Host", echo.HeaderXForwardedProto} {
		if values := p.In.Header[name]; values != nil {
			p.Out.Header[name] = values
		}
	}
	client := c.RealIP()
	if client == "" { // all that are named are trusted proxies: the nearest asks for itself
		entries := strings.Split(strings.Join(p.In.Header.Values(echo.HeaderXForwardedFor), ","), ",")
		if address, err := parseAddress(strings.TrimSpace(entries[len(entries)-1])); err == nil {
			client = address.String()
		}
	}
	p.Out.Header.Del(echo.HeaderXForwardedFor)
	if client != "" {
		p.Out.Header.Set(echo.HeaderXForwardedFor, client)
		if peer, ok := peerAddress(p.In); ok && peer.String() == client {
			p.Out.Header.Set(echo.HeaderXForwardedProto, "http")
		}
	}
	p.Out.Header.Add(headerLoop, u.name)
	target := u.target
	target.Opaque = p.In.RequestURI
	if strings.HasPrefix(target.Opaque, "//") { // which would be taken for a host
		parsed, err := url.ParseRequestURI(target.Opaque)
		if err != nil {
			parsed = p.In.URL // net/http has parsed it before
		}
		target.Opaque, target.Path, target.RawPath, target.RawQuery = "", parsed.Path, parsed.RawPath, parsed.RawQuery
	}
	p.Out.URL = &target
}

// upstreamError is why there is no answer. Nothing in it is PHP's or the client's.
func upstreamError(cause error) error {
	var (
		operation *net.OpError
		timeout   net.Error
	)
	switch {
	case errors.Is(cause, context.Canceled):
		return cause
	case errors.As(cause, &operation):
		return fmt.Errorf("%w: php_upstream: %w", errUpstreamAway, operation)
	case errors.As(cause, &timeout) && timeout.Timeout():
		return fmt.Errorf("%w: php_upstream has not answered in %s", errUpstreamAway, upstreamPatience)
	}
	return fmt.Errorf("%w: what php_upstream answered is not HTTP", errUpstreamAway)
}

// passing is the client's side of a request that is passed on. It has no limit of
// time or size but WordPress's, as long as the client goes on reading and sending.
type passing struct {
	http.ResponseWriter
	response *echo.Response
	control  *http.ResponseController
	body     io.ReadCloser
}

func newPassing(c echo.Context) *passing {
	r := c.Request()
	w := &passing{c.Response().Writer, c.Response(), http.NewResponseController(c.Response().Writer), r.Body}
	w.awaitBody(time.Time{})
	if r.ContentLength != 0 {
		r.Body = passingBody{w}
	}
	return w
}

// WriteHeader implements http.ResponseWriter. Hints before the answer (status 103) stay
// here: nginx before 1.29 takes the first of them for the answer.
func (w *passing) WriteHeader(status int) {
	if status < http.StatusOK && status != http.StatusSwitchingProtocols {
		return
	}
	w.response.Status, w.response.Committed = status, true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *passing) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(clientPatience)) // a recorder in a test has none
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *passing) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *passing) awaitBody(deadline time.Time) { _ = w.control.SetReadDeadline(deadline) }

// breakOff ends the connection, so that the client does not take half an answer for
// a whole one.
func (w *passing) breakOff() {
	if conn, _, err := w.control.Hijack(); err == nil {
		_ = conn.Close() // it is given up
	}
}

// passingBody is the body of the request.
type passingBody struct{ *passing }

// Read implements io.Reader.
func (b passingBody) Read(p []byte) (int, error) {
	b.awaitBody(time.Now().Add(clientPatience))
	n, err := b.body.Read(p)
	if err != nil {
		b.awaitBody(time.Time{}) // else the end of the time would end the request
	}
	return n, err
}

// Close implements io.Closer.
func (b passingBody) Close() error { return b.body.Close() }
