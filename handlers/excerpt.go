package handlers

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// excerpt is what the log shows of a text that a client sent and that may be a
// secret in the wrong place: the beginning, at most half of it, and printable.
func excerpt(s string) string {
	if s == "" {
		return ""
	}
	const longest = 8
	shown := s[:min(longest, len(s)/2)]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == utf8.RuneError {
			return '?'
		}
		return r
	}, shown) + "…"
}

// grantName is a grant type as it was sent, if it looks like one: words in small
// letters, as no token is. Of anything else the log has an excerpt.
func grantName(s string) string {
	const longest = 80
	if len(s) <= longest && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_-:") == "" {
		return s
	}
	return excerpt(s)
}

// requestID is an X-Request-Id such as nginx's $request_id or a UUID, and empty for
// anything else.
func requestID(s string) string {
	const shortest, longest = 8, 64
	if len(s) < shortest || len(s) > longest || strings.Trim(s, "0123456789abcdefABCDEF-") != "" {
		return ""
	}
	return s
}

// remoteName is the client's address, or where that is not known the address of the
// proxy that does not tell it.
func remoteName(address string, r *http.Request) string {
	if address != "" {
		return address
	}
	if proxy, ok := peerAddress(r); ok {
		return "proxy " + proxy.String()
	}
	return "unix"
}
