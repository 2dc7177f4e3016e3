package stage

import (
	"context"
	"net"
	"net/http"
	"strings"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// HTTPClient speaks to one address, and never follows a redirect: a client
// that posts a secret must not be sent elsewhere.
func HTTPClient(address string) *http.Client {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	return &http.Client{
		Timeout:       Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 64,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			},
		},
	}
}

// FreeAddress is an address that nothing listens on.
func FreeAddress(t T) string { return sandboxtest.FreeAddress(t) }
