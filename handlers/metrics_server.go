package handlers

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapeTimeout is Prometheus's own default.
const scrapeTimeout = 10 * time.Second

// MetricsServer answers GET /metrics with what gatherer has, and GET /healthz as Handler
// does. It is for a listener of its own: the public one has no /metrics.
func MetricsServer(gatherer prometheus.Gatherer, log *slog.Logger) *http.Server {
	errorLog := slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{
		ErrorLog: errorLog, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 3, Timeout: scrapeTimeout,
	}))
	mux.HandleFunc("GET "+routeHealth, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(echo.HeaderContentType, jsonType)
		_, _ = w.Write([]byte(`{"status":"ok"}`)) // there is nothing to be done about a monitor that is gone
	})
	return &http.Server{
		Handler: mux, ErrorLog: errorLog, MaxHeaderBytes: 16 << 10,
		ReadTimeout: scrapeTimeout, WriteTimeout: 2 * scrapeTimeout, IdleTimeout: 2 * time.Minute,
	}
}
