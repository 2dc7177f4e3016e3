package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// preflight answers OPTIONS. It names no client, so any origin may ask; the
// answer to the request itself is readable only for the client's own origins.
func preflight(c echo.Context, method string) {
	h := c.Response().Header()
	h.Set(echo.HeaderAllow, method)
	origin := c.Request().Header.Get(echo.HeaderOrigin)
	if origin == "" {
		return
	}
	h.Set(echo.HeaderAccessControlAllowOrigin, origin)
	h.Set(echo.HeaderAccessControlAllowMethods, method+", "+http.MethodOptions)
	h.Set(echo.HeaderAccessControlAllowHeaders, "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type")
	h.Set(echo.HeaderAccessControlMaxAge, "600")
}

// allowOrigin lets a browser read the answer if the page that asked is of the
// origin of one of the client's redirect URIs.
func allowOrigin(c echo.Context, client *oauth.Client) {
	origin := c.Request().Header.Get(echo.HeaderOrigin)
	for _, uri := range client.RedirectURIs {
		if origin != "" && origin == originOf(uri) {
			c.Response().Header().Set(echo.HeaderAccessControlAllowOrigin, origin)
		}
	}
}

// originOf is the origin of a URI as browsers write it (RFC 6454, 6.2); empty
// if it has none.
func originOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" {
		return ""
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return ""
	}
	return scheme + "://" + host
}
