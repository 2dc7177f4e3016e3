package commands

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

// diagnoseTimeout limits a diagnosis, at start and in check.
const diagnoseTimeout = 10 * time.Second

// diagnoseAtStart refuses to start on a database that can never work. It waits for one
// that is only away: it often starts at the same time.
func diagnoseAtStart(ctx context.Context, l *live) error {
	d := diagnose(ctx, l.current.Load().db)
	d.tell(l.log)
	if d.away != nil {
		l.awaitDatabase(ctx, d.away)
	}
	if d.fatal() {
		return errFailed
	}
	return nil
}

// awaitDatabase logs that the database is away, and once it is back its problems.
func (l *live) awaitDatabase(ctx context.Context, away error) {
	l.log.Error("starting anyway; waiting for the database", "error", away)
	go l.diagnoseWhenBack(ctx)
}

// diagnoseWhenBack logs the problems of the database as soon as it answers.
func (l *live) diagnoseWhenBack(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		if d := diagnose(ctx, l.current.Load().db); d.away == nil {
			d.tell(l.log)
			l.log.Info("the database answers")
			return
		}
	}
}

// diagnosis is what was found out about a database. away is set if it does not answer.
type diagnosis struct {
	findings           []wpdb.Finding
	unindexed, migrate string // what is missing, and its remedy
	away               error
}

func diagnose(ctx context.Context, db *wpdb.DB) (d diagnosis) {
	ctx, cancel := context.WithTimeout(ctx, diagnoseTimeout)
	defer cancel()
	d.findings, d.away = doctor.Diagnose(ctx, db)
	if d.away == nil && !d.fatal() {
		d.unindexed, d.migrate, _ = doctor.Unindexed(ctx, db) // it is only advice
	}
	return d
}

// fatal reports whether something keeps the server from working.
func (d diagnosis) fatal() bool {
	return slices.ContainsFunc(d.findings, func(f wpdb.Finding) bool { return f.Fatal })
}

// tell logs everything that is wrong with the database.
func (d diagnosis) tell(log *slog.Logger) {
	for _, f := range d.findings {
		level := slog.LevelWarn
		if f.Fatal {
			level = slog.LevelError
		}
		log.Log(context.Background(), level, f.Problem, "id", f.Kind, "remedy", f.Remedy)
	}
	if d.unindexed != "" {
		log.Warn(d.unindexed, "id", wpdb.KindIndexMissing, "remedy", d.migrate)
	}
}

// hangups receives each SIGHUP from now on, which then does not end the process.
func hangups() <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c
}

// untilSignal is a context that ends with SIGTERM or Ctrl-C. A second signal
// ends the process at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
