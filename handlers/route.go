package handlers

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"
)

// The routes as Echo knows them, after canonicalRoute.
const (
	namespace       = "/wp-json/moserver/"
	routeToken      = namespace + "token"
	routeRevoke     = namespace + "revoke"
	routeIntrospect = namespace + "introspect"
	routeResource   = namespace + "resource"
	routeDiscovery  = namespace + ":" + paramClient + "/.well-known/openid-configuration"
	routeKeys       = namespace + ":" + paramClient + "/.well-known/keys"
	routeAuthorize  = namespace + "authorize"
	routePassed     = namespace            // whatever else the plugin has
	routeMetadata   = "/.well-known/oauth" // of the site, for AI clients
	routeHealth     = "/healthz"
	routeReady      = "/readyz"
)

// maxPath is the length of the longest path, and of the longest rest_route, that
// are looked at. Nothing has limited the client yet.
const maxPath = 2 << 10

// paramClient is the client's id in the path of its documents.
const paramClient = "client_id"

// WordPress's own routes ignore letter case, and take a slash at the end. A
// client's id keeps its letter case: it is compared byte for byte.
const (
	prettyRoute = `(?i)^(?:/.*)?/(?:wp-json|wp-content/plugins/[^/]+/web)/moserver/(.+?)/?$`
	plainRoute  = `(?i)^/?moserver/(.+?)/?$`
	formRoute   = `(?i)^(?:token|revoke|introspect|resource)$`
	clientRoute = `(?i)^(\w+)/\.well-known/(openid-configuration|keys)$`
)

// canonicalRoute gives each route one path, whatever folder WordPress lives in
// and however its links are written: /wp-json/moserver/token,
// /index.php/wp-json/moserver/token, /?rest_route=/moserver/token, and the
// /wp-content/plugins/…/web/moserver/token of old documentation.
func (s *server) canonicalRoute() echo.MiddlewareFunc {
	// Here, because Echo calls the function that is returned for each request.
	pretty, plain := regexp.MustCompile(prettyRoute), regexp.MustCompile(plainRoute)
	form, client := regexp.MustCompile(formRoute), regexp.MustCompile(clientRoute)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			u := c.Request().URL
			if isCanonical(u.Path) { // the address that nearly all requests have
				u.RawPath = ""
				return next(c)
			}
			if s.upstream != nil && len(u.Path) <= maxPath && metadataRoute.MatchString(u.Path) {
				u.Path, u.RawPath = routeMetadata, ""
				return next(c)
			}
			route := routeIn(u, pretty, plain)
			if form.MatchString(route) {
				u.Path = namespace + strings.ToLower(route)
			} else if m := client.FindStringSubmatch(route); m != nil {
				u.Path = namespace + m[1] + "/.well-known/" + strings.ToLower(m[2])
			} else if route != "" && s.upstream != nil {
				u.Path = routePassed
				if strings.EqualFold(route, "authorize") {
					u.Path = routeAuthorize
				}
			} else {
				u.Path = "/"
			}
			u.RawPath = ""
			return next(c)
		}
	}
}

// isCanonical reports whether a path is the one path of a route.
func isCanonical(path string) bool {
	switch path {
	case routeToken, routeRevoke, routeIntrospect, routeResource, routeHealth, routeReady:
		return true
	}
	return false
}

// routeIn is the route below the plugin's namespace that a URL names, empty if
// it names none.
func routeIn(u *url.URL, pretty, plain *regexp.Regexp) string {
	if len(u.Path) > maxPath {
		return ""
	}
	m := pretty.FindStringSubmatch(u.Path)
	if m == nil && isFrontPage(u.Path) {
		if route := queryValue(u.RawQuery, "rest_route"); len(route) <= maxPath {
			m = plain.FindStringSubmatch(route)
		}
	}
	if m == nil {
		return ""
	}
	return m[1]
}

// isFrontPage: WordPress takes rest_route on the paths that its index.php
// answers. Those below wp-json are none of them here: a web server that takes
// /wp-json//moserver/token/ for the address of tokens must get no other route.
func isFrontPage(path string) bool {
	lower := strings.ToLower(path)
	return (strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/index.php")) &&
		!strings.Contains(lower, "/wp-json/") && !strings.Contains(lower, "/wp-content/")
}
