package handlers

import (
	"cmp"

	"github.com/labstack/echo/v4"
)

// The headers by which "check --through" recognizes this server behind whatever is in
// front. It puts them on ordinary requests, which reach it as a client's do.
const (
	headerChallenge = "X-Moserver-Challenge"
	headerAnswer    = "X-Moserver-Answer"
	headerClient    = "X-Moserver-Client"
)

// prove answers the challenge of somebody who has the site's settings, and says from
// which address the request came. Anybody else gets the answer of all.
func (s *server) prove(c echo.Context) {
	challenge := c.Request().Header.Get(headerChallenge)
	if challenge == "" {
		return
	}
	if answer := s.options.Proof.Answer(challenge); answer != "" {
		c.Response().Header().Set(headerAnswer, answer)
		c.Response().Header().Set(headerClient, cmp.Or(c.RealIP(), "unknown"))
	}
}
