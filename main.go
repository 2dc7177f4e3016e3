// Moserver-sidecar stands beside WordPress and answers the token endpoint of
// the miniOrange "WP OAuth Server" plugin, on the plugin's own tables.
package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"moserver-sidecar/commands"
	"moserver-sidecar/config"
	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

func main() {
	os.Exit(commands.Main(os.Args[1:], newServer))
}

// newServer puts the parts together; they meet nowhere else.
func newServer(store oauth.Store, s config.Settings, log *slog.Logger) commands.Server {
	server := &oauth.Server{
		Store: store,
		Policy: oauth.Policy{
			RotateAll:          s.RotateRefreshTokens == config.RotateAll,
			OfflineAccess:      s.OpenIDRefreshToken == config.OpenIDOffline,
			RevokeAccessTokens: s.RevokeAccessTokens,
			RotationGrace:      s.RotationGrace,
		},
		Now:    time.Now,
		Random: rand.Reader,
	}
	options := handlers.Options{
		RequestTimeout: s.RequestTimeout,
		MaxBodyBytes:   int64(s.MaxBodyBytes),
		ErrorStatus200: s.ErrorStatus == config.ErrorStatus200,
		SubjectString:  s.ResourceSub == config.SubString,
		TrustedProxies: s.TrustedProxies,
		MaxInFlight:    s.MaxInFlight,
		MaxConnections: s.MaxConnections,
		AuthFailures:   s.AuthFailures,
	}
	return handlers.HTTPServer(handlers.New(server, store.Ready, options, log), options, log)
}
