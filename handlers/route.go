package handlers

import (
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"
)

// The routes as Echo knows them, after canonicalRoute.
const (
	routeToken  = "/wp-json/moserver/token"
	routeHealth = "/healthz"
	routeReady  = "/readyz"
)

// canonicalRoute gives the token endpoint one path, whatever folder WordPress
// lives in and however its links are written: /wp-json/moserver/token,
// /index.php/wp-json/moserver/token, /?rest_route=/moserver/token, and the
// /wp-content/plugins/…/web/moserver/token of old documentation.
func canonicalRoute(next echo.HandlerFunc) echo.HandlerFunc {
	// WordPress's own routes ignore letter case, and take a slash at the end.
	pretty := regexp.MustCompile(`(?i)^(/.*)?/(wp-json|wp-content/plugins/[^/]+/web)/moserver/token/?$`)
	plain := regexp.MustCompile(`(?i)^/?moserver/token/?$`)
	return func(c echo.Context) error {
		u := c.Request().URL
		switch {
		case pretty.MatchString(u.Path), isFrontPage(u.Path) && plain.MatchString(u.Query().Get("rest_route")):
			u.Path, u.RawPath = routeToken, ""
		case u.Path != routeHealth && u.Path != routeReady:
			u.Path, u.RawPath = "/", "" // no route
		}
		return next(c)
	}
}

// isFrontPage: WordPress takes rest_route on the paths that its index.php
// answers.
func isFrontPage(path string) bool {
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/index.php")
}
