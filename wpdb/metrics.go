package wpdb

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"moserver-sidecar/oauth"
)

// String is the fault's name in the metrics.
func (f fault) String() string {
	return [...]string{FaultLasting: "lasting", FaultConflict: "conflict", faultBusy: "busy", FaultLost: "lost"}[f]
}

// metrics counts what goes wrong with the database, and reads its pools' own counts.
type metrics struct {
	faults *prometheus.CounterVec
	pools  []prometheus.Collector
}

func newFaults() *prometheus.CounterVec {
	faults := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "moserver_database_faults_total", Help: "Failed tries of a request's reads and writes: lost connections, a busy server, conflicts of transactions, and lasting errors.",
	}, []string{"kind"})
	for f := FaultLasting; f <= FaultLost; f++ { // from the start, so that increase sees the first one
		faults.WithLabelValues(f.String())
	}
	return faults
}

// tried counts the fault of a try, if it has one. That something is not there is none, nor
// is a client that left.
func (m *metrics) tried(err error) {
	if err != nil && !errors.Is(err, oauth.ErrNotFound) && !errors.Is(err, context.Canceled) {
		m.faults.WithLabelValues(FaultOf(err).String()).Inc()
	}
}

// Tried counts the fault of a try that was made for several requests, if it has one.
func (db *DB) Tried(err error) { db.metrics.tried(err) }

// CountOn has db count faults on from where old is, which it replaces. It must be called
// before db is used. The pools count by themselves, from 0.
func (db *DB) CountOn(old *DB) { db.metrics.faults = old.metrics.faults }

// Describe implements prometheus.Collector.
func (db *DB) Describe(descs chan<- *prometheus.Desc) { prometheus.DescribeByCollect(db, descs) }

// Collect implements prometheus.Collector: it tells the faults so far, and how the pools
// are used. It asks the database nothing.
func (db *DB) Collect(metrics chan<- prometheus.Metric) {
	db.metrics.faults.Collect(metrics)
	for _, pool := range db.metrics.pools {
		pool.Collect(metrics)
	}
}

func poolMetrics(db *DB) []prometheus.Collector {
	return []prometheus.Collector{
		collectors.NewDBStatsCollector(db.SQL.DB, "main"),
		collectors.NewDBStatsCollector(db.later.SQL.DB, "synced"),
	}
}
