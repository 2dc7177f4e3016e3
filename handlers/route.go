package handlers

import (
	"net/http"
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

// WordPress's own routes ignore letter case, and take a slash at the end.
const tokenRoute = `(?i)^/?moserver/token/?$`

// canonicalRoute gives the token endpoint one path, whatever folder WordPress
// lives in and however its links are written: /wp-json/moserver/token,
// /index.php/wp-json/moserver/token, /?rest_route=/moserver/token, and the
// /wp-content/plugins/…/web/moserver/token of old documentation.
func canonicalRoute(next echo.HandlerFunc) echo.HandlerFunc {
	pretty := regexp.MustCompile(`(?i)^(/.*)?/(wp-json|wp-content/plugins/[^/]+/web)/moserver/token/?$`)
	plain := regexp.MustCompile(tokenRoute)
	return func(c echo.Context) error {
		u := c.Request().URL
		if pretty.MatchString(u.Path) || isFrontPage(u.Path) && plain.MatchString(u.Query().Get("rest_route")) {
			u.Path, u.RawPath = routeToken, ""
		} else if u.Path == routeHealth || u.Path == routeReady {
			return next(c)
		} else {
			u.Path, u.RawPath = "/", ""
		}
		return next(c)
	}
}

// isFrontPage: WordPress takes rest_route on the paths that its index.php
// answers.
func isFrontPage(path string) bool {
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/index.php")
}

// healthz says that the process lives.
func (s *server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says if tokens can be had: the database answers and has the tables.
func (s *server) readyz(c echo.Context) error {
	if err := s.ready(c.Request().Context()); err != nil {
		note(c).err = err
		return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "reason": err.Error()})
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}
