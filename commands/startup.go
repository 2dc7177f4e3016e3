package commands

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"moserver-sidecar/wpdb"
)

// diagnoseTimeout bounds a look at the database, at start and in check.
const diagnoseTimeout = 10 * time.Second

// diagnoseAtStart refuses to start on a database that can never work. One that
// is only away is waited for: it often starts at the same time.
func diagnoseAtStart(ctx context.Context, l *live) error {
	findings, err := diagnose(ctx, l.store.Load())
	logFindings(findings, l.log)
	if err != nil {
		l.awaitDatabase(ctx, err)
	}
	if slices.ContainsFunc(findings, fatal) {
		return errFailed
	}
	return nil
}

// awaitDatabase says that the database is away, and later what is wrong with it.
func (l *live) awaitDatabase(ctx context.Context, away error) {
	l.log.Error("serving all the same, and waiting for the database", "error", away)
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
		if findings, err := diagnose(ctx, l.store.Load()); err == nil {
			logFindings(findings, l.log)
			l.log.Info("the database answers")
			return
		}
	}
}

// diagnose is wpdb.Store.Diagnose within diagnoseTimeout.
func diagnose(ctx context.Context, store *wpdb.Store) ([]wpdb.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, diagnoseTimeout)
	defer cancel()
	return store.Diagnose(ctx)
}

// fatal says if a finding keeps the server from working.
func fatal(f wpdb.Finding) bool { return f.Fatal }

// logFindings logs what is wrong with the database.
func logFindings(findings []wpdb.Finding, log *slog.Logger) {
	for _, f := range findings {
		level := slog.LevelWarn
		if f.Fatal {
			level = slog.LevelError
		}
		log.Log(context.Background(), level, f.Problem, "id", f.Kind, "remedy", f.Remedy)
	}
}
