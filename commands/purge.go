package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb/tokens"
)

func purgeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "purge", Short: "delete the codes and tokens that expired days ago",
		Example: `  moserver-sidecar purge --wp-config /var/www/html/wp-config.php --dry-run
  moserver-sidecar purge --wp-config … --purge-after 30d`,
		Long: `The plugin never deletes a row that has expired. This deletes those of access
tokens, authorization codes and refresh tokens whose date is longer ago than
purge_after (7d, if nothing is set), and the server's own records of refresh
tokens that were replaced 30 days ago or earlier. What never expires stays.

A few rows are deleted at a time, with rests in between, so that logins go on;
it may be stopped at any moment, and run beside other servers. It needs the
indexes that "moserver-sidecar migrate" adds, and leaves a table without them
alone. The command serve does the same once an hour.`,

		Annotations: exits(`: 0 if every table was purged (or counted), else 1.`),
		Args:        noArguments,
	}
	dryRun := cmd.Flags().Bool("dry-run", false, "only count")
	asJSON := cmd.Flags().Bool("json", false, "print the counts for machines")
	addSettings(cmd, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := loadSettings(cmd)
		if err != nil {
			return err
		}
		return purge(cmd.OutOrStdout(), settings, *dryRun, *asJSON)
	}
	return cmd
}

// purge deletes what has expired, once.
func purge(w io.Writer, settings config.Settings, dryRun, asJSON bool) error {
	if settings.PurgeAfter == 0 {
		return errors.New("purge_after is 0, which means that nothing is deleted; give --purge-after 7d")
	}
	ctx, stop := untilSignal()
	defer stop()
	db, err := openQuiet(settings)
	if err != nil {
		return err
	}
	defer db.Close()
	line, began := newStatusLine(os.Stderr), time.Now()
	purged, err := tokens.Purge(ctx, db, tokens.PurgeOptions{After: settings.PurgeAfter, DryRun: dryRun, Watch: func(p tokens.Purged) {
		line.show(fmt.Sprintf("%s: %d rows deleted, %.0f s", p.Table, p.Rows, time.Since(began).Seconds()))
	}})
	line.clear()
	if err := printPurged(w, purged, dryRun, asJSON); err != nil {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped; the same command goes on where this one was")
	}
	if err != nil {
		return err
	}
	return purgeFailure(purged)
}

// purgeFailure is for tables that were left alone; why has been printed.
func purgeFailure(purged []tokens.Purged) error {
	for _, p := range purged {
		if p.Finding != nil {
			return errFailed
		}
	}
	return nil
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
