package commands

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"moserver-sidecar/config"
)

// upTimeout is how long a scrape waits for the database. Prometheus waits 10 s for all.
const upTimeout = 3 * time.Second

// metrics is what is counted beside requests and the database itself.
type metrics struct {
	batches *prometheus.HistogramVec // of the stores, one after the other
	purged  *prometheus.CounterVec
}

func newMetrics() metrics {
	return metrics{
		batches: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "moserver_batch_size_requests", Help: "How many requests shared a statement.", Buckets: prometheus.ExponentialBuckets(1, 2, 7),
		}, []string{"kind"}),
		purged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "moserver_purged_rows_total", Help: "Expired rows deleted.",
		}, []string{"table"}),
	}
}

// Describe implements prometheus.Collector.
func (l *live) Describe(descs chan<- *prometheus.Desc) {
	l.current.Load().db.Describe(descs)
	l.metrics.batches.Describe(descs)
	l.metrics.purged.Describe(descs)
}

// Collect implements prometheus.Collector: it tells about the database that is in use now,
// and counts on when that is replaced.
func (l *live) Collect(metrics chan<- prometheus.Metric) {
	l.current.Load().db.Collect(metrics)
	l.metrics.batches.Collect(metrics)
	l.metrics.purged.Collect(metrics)
}

// up is 1 if the database answers and has the plugin's tables.
func (l *live) up() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), upTimeout)
	defer cancel()
	if l.Ready(ctx) != nil {
		return 0
	}
	return 1
}

// newRegistry is all that a server tells about itself.
func newRegistry(server Server, l *live, lines *logQueue) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "moserver_build_info", Help: "The version of the program, and of the Go that built it.",
		ConstLabels: prometheus.Labels{"version": versionNumber(), "goversion": runtime.Version()},
	})
	build.Set(1)
	registry.MustRegister(server, l, build,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "moserver_database_up", Help: "Whether the database answers now and has the plugin's tables.",
		}, l.up),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "moserver_log_lines_dropped_total", Help: "Lines of the log that nobody read in time.",
		}, func() float64 { return float64(lines.lost.Load()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// serveMetrics listens where the settings say, if they do, until stop is called. Scrapes go
// on while the last requests are finished. Where it cannot listen, there are no metrics:
// nobody's login should fail for lack of them.
func serveMetrics(s config.Settings, server Server, l *live, lines *logQueue, log *slog.Logger) (stop func()) {
	if s.MetricsListen == "" {
		return func() {}
	}
	listener, err := listen(s.MetricsListen, s.SocketMode)
	if err != nil {
		log.Error("no metrics", "error", err)
		return func() {}
	}
	metrics := server.Metrics(newRegistry(server, l, lines))
	go func() {
		if err := metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("no more metrics", "error", err)
		}
	}()
	log.Info("metrics", "address", listener.Addr().String())
	return func() { _ = metrics.Close() } // a scrape can be lost
}

// metricsWarnings warns if every machine that reaches this one can read the metrics.
func metricsWarnings(s config.Settings) []string {
	host, _, err := net.SplitHostPort(s.MetricsListen)
	if address := net.ParseIP(host); err != nil || host != "" && (address == nil || !address.IsUnspecified()) {
		return nil
	}
	return []string{"metrics_listen is on all interfaces, so everybody who can connect learns your clients from /metrics; " +
		"set metrics_listen: 127.0.0.1:9464, or the address of a private network"}
}
