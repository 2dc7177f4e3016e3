package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// probeResponse is the body of /healthz and /readyz.
type probeResponse struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// healthz says that the process lives.
func (s *server) healthz(c echo.Context) error {
	respond(c, http.StatusOK, probeResponse{Status: "ok"})
	return nil
}

// readyz says if tokens can be had: the database answers and has the tables.
func (s *server) readyz(c echo.Context) error {
	if err := s.ready(c.Request().Context()); err != nil {
		note(c).err = err
		respond(c, http.StatusServiceUnavailable, probeResponse{Status: "unavailable", Reason: err.Error()})
		return nil
	}
	respond(c, http.StatusOK, probeResponse{Status: "ok"})
	return nil
}
