package stage

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
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

// ports counts the addresses that were given out, so that two tests that run at
// once never get the same.
var ports atomic.Int64

// FreeAddress is an address that nothing listens on. Its port is below those
// that the kernel gives to outgoing connections: another test's client could
// take one of these between now and the server's start.
func FreeAddress(t T) string {
	t.Helper()
	first := int64(os.Getpid()) * 101
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+(first+ports.Add(1))%10000)
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
