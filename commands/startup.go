package commands

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

// diagnoseTimeout bounds a look at the database, at start and in check.
const diagnoseTimeout = 10 * time.Second

// diagnoseAtStart refuses to start on a database that can never work. One that
// is only away is waited for: it often starts at the same time.
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

// awaitDatabase says that the database is away, and later what is wrong with it.
func (l *live) awaitDatabase(ctx context.Context, away error) {
	l.log.Error("starting anyway; waiting for the database", "error", away)
	go l.diagnoseWhenBack(ctx)
}

// diagnoseWhenBack logs what is wrong with the database as soon as it answers.
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

// diagnosis is what was found of a database. away is for one that does not answer.
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

// tell logs all that is wrong with the database.
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
