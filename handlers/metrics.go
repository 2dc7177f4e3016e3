package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"moserver-sidecar/oauth"
)

// The limits that requests are refused by, named after their settings where there are some.
const (
	limitInFlight    = "max_in_flight"
	limitConnections = "max_connections"
	limitAuth        = "auth_failures"
	limitUpstream    = "php_upstream" // its share of max_connections
	limitScans       = "unindexed"    // reads of whole tables
)

// metrics counts what came of requests. It outlives changed settings. No label has what a
// client can make up: the grant is one of ours, the client is registered, and outcomes and
// reasons are constants.
type metrics struct {
	duration  *prometheus.HistogramVec
	requests  *prometheus.CounterVec
	logins    *prometheus.CounterVec
	refreshes *prometheus.CounterVec
	idTokens  *prometheus.CounterVec
	rotations prometheus.Counter
	replays   *prometheus.CounterVec
	sealed    prometheus.Counter
	php       *prometheus.CounterVec
	refused   *prometheus.CounterVec

	clients clientLabels
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "moserver_" + name, Help: help}, labels)
	}
	m := &metrics{
		// OpenTelemetry's name, attributes and buckets, and finer buckets for what takes less than 5 ms.
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_server_request_duration_seconds", Help: "Duration of HTTP requests.",
			Buckets:     []float64{.0005, .001, .0025, .005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10},
			ConstLabels: prometheus.Labels{"url_scheme": "http"},
		}, []string{"http_request_method", "http_route", "http_response_status_code", "error_type"}),
		requests:  counter("requests_total", "Requests by what came of them and why.", "route", "grant", "client_id", "outcome", "reason"),
		logins:    counter("logins_total", "Authorization codes exchanged for tokens.", "client_id"),
		refreshes: counter("refreshes_total", "Refresh tokens exchanged for tokens.", "client_id"),
		idTokens:  counter("id_tokens_total", "ID tokens handed out.", "client_id"),
		rotations: prometheus.NewCounter(prometheus.CounterOpts{Name: "moserver_rotations_total", Help: "Refresh tokens replaced by new ones."}),
		replays:   counter("replays_total", "Codes and replaced refresh tokens used again, and whether that ended the login.", "kind", "ended"),
		sealed:    prometheus.NewCounter(prometheus.CounterOpts{Name: "moserver_sealed_codes_total", Help: "Authorization codes sealed."}),
		php:       counter("php_requests_total", "Requests passed to PHP, by the class of its status or what went wrong.", "outcome"),
		refused:   counter("refused_requests_total", "Requests refused because of a limit.", "limit"),
	}
	// A series that begins with its first event hides it from rate and increase.
	for _, limit := range []string{limitInFlight, limitConnections, limitAuth, limitUpstream, limitScans} {
		m.refused.WithLabelValues(limit)
	}
	for _, outcome := range []string{"2xx", "3xx", "4xx", "5xx", errUpstreamAway.code, errBroken.code, errLoop.code} {
		m.php.WithLabelValues(outcome)
	}
	for _, ended := range []string{"true", "false"} {
		m.replays.WithLabelValues(string(oauth.AuthorizationCode), ended)
	}
	m.replays.WithLabelValues(string(oauth.RefreshToken), "true")
	return m
}

// observe counts a request that has been answered.
func (m *metrics) observe(c echo.Context, n *remark, took time.Duration) {
	status, outcome, client := c.Response().Status, n.outcome(), m.clients.label(n.client)
	errorType := ""
	if status >= http.StatusInternalServerError || errors.Is(n.err, context.Canceled) {
		errorType = outcome
	}
	m.duration.WithLabelValues(attributeMethod(c.Request().Method), attributeRoute(c.Path()), strconv.Itoa(status), errorType).Observe(took.Seconds())
	m.requests.WithLabelValues(routeName(c.Path()), n.grant, client, outcome, reasonOf(n.err)).Inc()
	if n.passed {
		if n.err == nil {
			outcome = strconv.Itoa(status/100) + "xx"
		}
		m.php.WithLabelValues(outcome).Inc()
	}
	if n.replay != nil {
		m.replays.WithLabelValues(string(n.replay.Kind), strconv.FormatBool(n.replay.Ended)).Inc()
	}
	switch {
	case errors.Is(n.err, oauth.ErrBusy):
		m.refused.WithLabelValues(limitScans).Inc()
	case status == http.StatusTooManyRequests && !n.passed: // PHP has limits of its own
		m.refused.WithLabelValues(limitAuth).Inc()
	}
	if n.tokens != nil && n.err == nil {
		m.issued(n, client)
	}
}

// issued counts an answer with tokens.
func (m *metrics) issued(n *remark, client string) {
	switch n.grant {
	case string(oauth.GrantAuthorizationCode):
		m.logins.WithLabelValues(client).Inc()
	case string(oauth.GrantRefreshToken):
		m.refreshes.WithLabelValues(client).Inc()
	}
	if n.tokens.IDToken != "" {
		m.idTokens.WithLabelValues(client).Inc()
	}
	if n.tokens.Rotated {
		m.rotations.Inc()
	}
}

// collectors are all that metrics counts with.
func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.duration, m.requests, m.logins, m.refreshes, m.idTokens, m.rotations, m.replays, m.sealed, m.php, m.refused}
}

// What is in flight is counted by the slots themselves.
var (
	inFlight      = prometheus.NewDesc("moserver_in_flight_requests", "Requests that are with the database (max_in_flight) or with PHP (php_upstream).", []string{"limit"}, nil)
	inFlightLimit = prometheus.NewDesc("moserver_in_flight_requests_limit", "How many may be there at once.", []string{"limit"}, nil)
)

// Describe implements prometheus.Collector.
func (h *Handler) Describe(descs chan<- *prometheus.Desc) {
	for _, c := range h.current.Load().metrics.collectors() {
		c.Describe(descs)
	}
	descs <- inFlight
	descs <- inFlightLimit
}

// Collect implements prometheus.Collector: it tells what came of all requests so far.
func (h *Handler) Collect(metrics chan<- prometheus.Metric) {
	s := h.current.Load()
	for _, c := range s.metrics.collectors() {
		c.Collect(metrics)
	}
	all := []*overload{s.overload}
	if s.upstream != nil {
		all = append(all, s.upstream.slots)
	}
	for _, o := range all {
		metrics <- prometheus.MustNewConstMetric(inFlight, prometheus.GaugeValue, float64(len(o.slots)), o.limit)
		metrics <- prometheus.MustNewConstMetric(inFlightLimit, prometheus.GaugeValue, float64(cap(o.slots)), o.limit)
	}
}

const (
	// maxClientLabels bounds the series. A site has a few clients.
	maxClientLabels = 500
	// Clients beyond that share a label, and so do those that have registered themselves,
	// of which anybody can make more. No client has these ids.
	labelOtherClients = "*"
	labelAIClients    = "mcp_*"
)

// clientLabels are the ids of the clients that have labels of their own.
type clientLabels struct {
	mu    sync.RWMutex
	known map[string]string
}

// label is the label of a registered client; empty if id is.
func (l *clientLabels) label(id string) string {
	if id == "" {
		return ""
	}
	if oauth.RegisteredItself(id) {
		return labelAIClients
	}
	l.mu.RLock()
	label, known := l.known[id]
	l.mu.RUnlock()
	if known {
		return label
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) >= maxClientLabels {
		return labelOtherClients
	}
	if l.known == nil {
		l.known = map[string]string{}
	}
	l.known[id] = strings.ToValidUTF8(id, "?") // the column may have any bytes
	return l.known[id]
}

// attributeMethod is a method as OpenTelemetry has it.
func attributeMethod(method string) string {
	if name := methodName(method); name != "other" {
		return name
	}
	return "_OTHER"
}

// attributeRoute is a route as OpenTelemetry has it, with {} around parameters; empty if
// there is none.
func attributeRoute(path string) string {
	if routeName(path) == "none" {
		return ""
	}
	return strings.Replace(path, ":"+paramClient, "{"+paramClient+"}", 1)
}
