package commands

import (
	"context"
	"log/slog"
	"time"

	"moserver-sidecar/wpdb"
)

// diagnoseTimeout bounds a look at the database, at start and in check.
const diagnoseTimeout = 10 * time.Second

// diagnoseAtStart refuses to start on a database that can never work. One that
// is only away is waited for: it often starts at the same time.
func diagnoseAtStart(ctx context.Context, store *wpdb.Store, log *slog.Logger) error {
	fatal, err := logFindings(ctx, store, log)
	if err != nil {
		log.Error("serving all the same, and waiting for the database", "error", err)
		go diagnoseWhenBack(ctx, store, log)
	}
	if fatal {
		return errFailed
	}
	return nil
}

// diagnoseWhenBack logs what is wrong with the database as soon as it answers.
func diagnoseWhenBack(ctx context.Context, store *wpdb.Store, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		if _, err := logFindings(ctx, store, log); err == nil {
			log.Info("the database answers")
			return
		}
	}
}

// logFindings logs all that is wrong with the database, and says if any of it
// keeps the server from working.
func logFindings(ctx context.Context, store *wpdb.Store, log *slog.Logger) (fatal bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, diagnoseTimeout)
	defer cancel()
	findings, err := store.Diagnose(ctx)
	for _, f := range findings {
		fatal = fatal || f.Fatal
		level := slog.LevelWarn
		if f.Fatal {
			level = slog.LevelError
		}
		log.Log(ctx, level, f.Problem, "id", f.Kind, "remedy", f.Remedy)
	}
	if err != nil || fatal {
		return fatal, err
	}
	if problem, remedy, err := store.Unindexed(ctx); err == nil && problem != "" {
		log.Warn(problem, "id", wpdb.KindIndexMissing, "remedy", remedy)
	}
	return false, nil
}
