// Moserver-sidecar stands beside WordPress and answers the token endpoint of
// the miniOrange "WP OAuth Server" plugin, on the plugin's own tables.
package main

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"moserver-sidecar/commands"
	"moserver-sidecar/config"
	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

func main() {
	os.Exit(commands.Main(os.Args[1:], newServer))
}

// server is what the commands serve with.
type server struct {
	*handlers.Server
	prometheus.Collector
	change  func(config.Settings)
	metrics func(prometheus.Gatherer) *http.Server
}

// Change implements commands.Server.
func (s server) Change(settings config.Settings) { s.change(settings) }

// Metrics implements commands.Server.
func (s server) Metrics(g prometheus.Gatherer) *http.Server { return s.metrics(g) }

// newServer puts the parts together; they meet nowhere else.
func newServer(store oauth.Store, s config.Settings, log *slog.Logger) commands.Server {
	handler := handlers.New(tokenServer(store, s), store.Ready, options(s), log)
	change := func(s config.Settings) { handler.Change(tokenServer(store, s), options(s)) }
	metrics := func(g prometheus.Gatherer) *http.Server { return handlers.MetricsServer(g, log) }
	return server{handlers.HTTPServer(handler, options(s), log), handler, change, metrics}
}

func tokenServer(store oauth.Store, s config.Settings) *oauth.Server {
	return &oauth.Server{
		Store: store,
		Policy: oauth.Policy{
			RotateAll:          s.RotateRefreshTokens == config.RotateAll,
			OfflineAccess:      s.OpenIDRefreshToken == config.OpenIDOffline,
			RevokeAccessTokens: reach(s),
			RotationGrace:      s.RotationGrace,
		},
		Now:    time.Now,
		Random: rand.Reader,
		Seals:  seals(s),
	}
}

func reach(s config.Settings) oauth.Reach {
	switch s.RevokeAccessTokens {
	case config.RevokeAll:
		return oauth.ReachAll
	case config.RevokeNone:
		return oauth.ReachNone
	}
	return oauth.ReachGrant
}

// seals is nil where codes are not sealed.
func seals(s config.Settings) *oauth.Seals {
	if s.SealKey == "" {
		return nil
	}
	seals, err := oauth.NewSeals([]byte(s.SealKey))
	if err != nil {
		panic(err) // config takes none that is too short
	}
	return seals
}

func options(s config.Settings) handlers.Options {
	network, address := config.Endpoint(s.PHPUpstream)
	return handlers.Options{
		RequestTimeout: s.RequestTimeout,
		MaxBodyBytes:   int64(s.MaxBodyBytes),
		ErrorStatus200: s.ErrorStatus == config.ErrorStatus200,
		SubjectString:  s.ResourceSub == config.SubString,
		TrustedProxies: s.TrustedProxies,
		MaxInFlight:    s.MaxInFlight,
		MaxConnections: s.MaxConnections,
		AuthFailures:   s.AuthFailures,
		Upstream:       handlers.Upstream{Network: network, Address: address},
		Proof:          oauth.NewProof(s.ProofKey),
	}
}
