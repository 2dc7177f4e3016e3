package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/tokens"
)

func purgeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "purge", Short: "delete the codes and tokens that expired days ago",
		Example: `  moserver-sidecar purge --wp-config /var/www/html/wp-config.php --dry-run
  moserver-sidecar purge --wp-config … --purge-after 30d`,
		Long: `The plugin never deletes expired rows. This deletes access tokens,
authorization codes and refresh tokens that expired longer ago than
purge_after (by default 7d), and the server's own records of refresh tokens
that were replaced 30 or more days ago. What never expires stays.

It deletes a few rows at a time, with pauses in between, so that logins go on.
You may stop it at any moment, and run it beside other servers. It needs the
indexes that "moserver-sidecar migrate" adds, and skips a table without them.
The command serve does the same every hour.`,

		Annotations: exits(`: 0 if every table was purged (or counted), else 1.`),
		Args:        noArguments,
	}
	dryRun := cmd.Flags().Bool("dry-run", false, "only count")
	asJSON := cmd.Flags().Bool("json", false, "print the counts for machines")
	runSettings(cmd, func(w io.Writer, settings config.Settings, problems []config.Problem) error {
		if err := refuse(problems); err != nil {
			return err
		}
		return purge(w, settings, *dryRun, *asJSON)
	})
	return cmd
}

// purge deletes what has expired, once.
func purge(w io.Writer, settings config.Settings, dryRun, asJSON bool) error {
	if settings.PurgeAfter == 0 {
		return errors.New("purge_after is 0, so nothing would be deleted; give --purge-after 7d")
	}
	line, began := newStatusLine(os.Stderr), time.Now()
	return withDatabase(settings, func(ctx context.Context, db *wpdb.DB) error {
		purged, err := tokens.Purge(ctx, db, tokens.PurgeOptions{After: settings.PurgeAfter, DryRun: dryRun, Watch: func(p tokens.Purged) {
			line.show(fmt.Sprintf("%s: %d rows deleted, %.0f s", p.Table, p.Rows, time.Since(began).Seconds()))
		}})
		line.clear()
		if err := printPurged(w, purged, dryRun, asJSON); err != nil {
			return err
		}
		if errors.Is(err, context.Canceled) {
			return errors.New("stopped; run the same command again to continue")
		}
		if err == nil && slices.ContainsFunc(purged, func(p tokens.Purged) bool { return p.Finding != nil }) {
			return errFailed // a table was skipped, and the reason printed
		}
		return err
	})
}

func printPurged(w io.Writer, purged []tokens.Purged, dryRun, asJSON bool) error {
	if asJSON {
		return printJSON(w, map[string]any{"dry_run": dryRun, "tables": purged})
	}
	for _, p := range purged {
		switch {
		case p.Finding != nil:
			fmt.Fprintf(w, "problem: %s\n", p.Finding)
		case dryRun:
			fmt.Fprintf(w, "%9d rows of %s would be deleted\n", p.Rows, p.Table)
		default:
			fmt.Fprintf(w, "%9d rows of %s deleted\n", p.Rows, p.Table)
		}
	}
	return nil
}

// purgeTimer purges now and then, while the server runs.
type purgeTimer struct {
	purge func(context.Context, tokens.PurgeOptions) ([]tokens.Purged, error)
	after time.Duration // see the setting purge_after; 0: never
	rows  *prometheus.CounterVec
	log   *slog.Logger

	first time.Duration // until the first time: a server that just started is busy enough
	every time.Duration

	told map[string]bool // problems already in the log
}

func newPurgeTimer(purge func(context.Context, tokens.PurgeOptions) ([]tokens.Purged, error), after time.Duration, rows *prometheus.CounterVec, log *slog.Logger) *purgeTimer {
	return &purgeTimer{purge: purge, after: after, rows: rows, log: log, first: 5 * time.Minute, every: time.Hour, told: map[string]bool{}}
}

// run purges until ctx ends. The times are partly random, so that servers that started
// together do not purge together.
func (p *purgeTimer) run(ctx context.Context) {
	if p.after == 0 {
		return
	}
	for pause := p.first; ; pause = p.every {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
		p.once(ctx)
	}
}

// once purges, and logs the result.
func (p *purgeTimer) once(ctx context.Context) {
	began := time.Now()
	purged, err := p.purge(ctx, tokens.PurgeOptions{After: p.after})
	for _, t := range purged {
		p.rows.WithLabelValues(t.Table).Add(float64(t.Rows))
		if t.Rows > 0 {
			p.log.Info("expired rows deleted", "table", t.Table, "rows", t.Rows, "duration_ms", time.Since(began).Milliseconds())
		}
		if t.Finding != nil && !p.told[t.Finding.Problem] {
			p.told[t.Finding.Problem] = true
			p.log.Info(t.Finding.Problem, "remedy", t.Finding.Remedy)
		}
	}
	if err != nil && ctx.Err() == nil {
		p.log.Warn("could not delete all expired rows; will try again in an hour", "error", err)
	}
}
