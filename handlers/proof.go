package handlers

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// prove answers the challenge of somebody who has the site's settings, and says from
// which address the request came, and whether logins pass here too. Anybody else gets the
// answer of all. "check --through" puts challenges on ordinary requests, which reach this
// server as a client's do.
func (s *server) prove(c echo.Context) {
	challenge := c.Request().Header.Get(oauth.HeaderChallenge)
	if challenge == "" {
		return
	}
	if answer := s.options.Proof.Answer(challenge); answer != "" {
		c.Response().Header().Set(oauth.HeaderAnswer, answer)
		c.Response().Header().Set(oauth.HeaderClient, cmp.Or(c.RealIP(), "unknown"))
		if s.upstream != nil {
			c.Response().Header().Set(oauth.HeaderDoor, "on")
		}
	}
}
