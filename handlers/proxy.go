package handlers

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// forwardedFor finds the client's address behind trusted proxies: the last
// entry of X-Forwarded-For that is no trusted proxy. Anyone can send the
// header, so it counts only as far as trusted proxies wrote it (RFC 9700,
// 4.13). The address is empty where a proxy did not say it.
func forwardedFor(trusted []netip.Prefix) echo.IPExtractor {
	return func(r *http.Request) string {
		if peer, ok := peerAddress(r); ok && !isTrusted(peer, trusted) {
			return peer.String()
		}
		entries := strings.Split(strings.Join(r.Header.Values(echo.HeaderXForwardedFor), ","), ",")
		for _, entry := range slices.Backward(entries) {
			address, err := netip.ParseAddr(strings.TrimSpace(entry))
			if err != nil {
				return ""
			}
			if !isTrusted(address.Unmap(), trusted) {
				return address.Unmap().String()
			}
		}
		return ""
	}
}

// peerAddress is the address at the other end of the connection; a unix socket
// has none, and only this machine's proxy can be there.
func peerAddress(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(host)
	return address.Unmap(), err == nil
}

func isTrusted(address netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(address) })
}
