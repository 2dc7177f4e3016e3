package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// readyTimeout is how long /readyz waits for the database. Probes give up
// after some seconds, and should hear the reason before that.
const readyTimeout = 3 * time.Second

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

// readyz reports whether tokens can be issued: the database answers and has the tables.
func (s *server) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	atWork(ctx)
	if err := s.ready(ctx); err != nil {
		note(c).err = err
		respond(c, http.StatusServiceUnavailable, probeResponse{Status: "unavailable", Reason: err.Error()})
		return nil
	}
	respond(c, http.StatusOK, probeResponse{Status: "ok"})
	return nil
}
