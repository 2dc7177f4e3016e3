package handlers

import (
	"errors"
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
		entries := strings.Join(r.Header.Values(echo.HeaderXForwardedFor), ",")
		for more := true; more; {
			comma := strings.LastIndexByte(entries, ',')
			address, err := parseAddress(strings.TrimSpace(entries[comma+1:]))
			if err != nil {
				return ""
			}
			if !isTrusted(address, trusted) {
				return address.String()
			}
			if more = comma >= 0; more {
				entries = entries[:comma]
			}
		}
		return ""
	}
}

// parseAddress reads an address, of which some proxies also write the port. The
// zone of an IPv6 address is left out: it has a meaning only where it was
// written, and one client could be ever others by it.
func parseAddress(s string) (netip.Addr, error) {
	if len(s) < len("::") { // mostly a unix socket, which has none
		return netip.Addr{}, errNoAddress
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if withPort, notPort := netip.ParseAddrPort(s); notPort == nil {
		address, err = withPort.Addr(), nil
	}
	return address.Unmap().WithZone(""), err
}

var errNoAddress = errors.New("no address")

// peerAddress is the address at the other end of the connection; a unix socket
// has none, and only this machine's proxy can be there.
func peerAddress(r *http.Request) (netip.Addr, bool) {
	address, err := parseAddress(r.RemoteAddr)
	return address, err == nil
}

func isTrusted(address netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(address) })
}
