package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"moserver-sidecar/wpdb"
)

func purgeCommand() command {
	return command{name: "purge", summary: "delete the codes and tokens that expired days ago", run: purge,
		page: `  moserver-sidecar purge --wp-config /var/www/html/wp-config.php --dry-run
  moserver-sidecar purge --wp-config … --purge-after 30d

The plugin never deletes a row that has expired. This deletes those of access
tokens, authorization codes and refresh tokens whose date is longer ago than
purge_after (7d, if nothing is set), and the server's own records of refresh
tokens that were replaced 30 days ago or earlier. What never expires stays.

A few rows are deleted at a time, with rests in between, so that logins go on;
it may be stopped at any moment, and run beside other servers. It needs the
indexes that "moserver-sidecar migrate" adds, and leaves a table without them
alone. The command serve does the same once an hour.

  --dry-run    only count
  --json       print the counts for machines

Takes the settings as flags too.

Exit status: 0 if every table was purged (or counted), else 1.
`}
}

// purge deletes what has expired, once.
func purge(args []string, w io.Writer) error {
	flags := newFlags("purge")
	dryRun := flags.Bool("dry-run", false, "")
	asJSON := flags.Bool("json", false, "")
	settings, err := loadSettings(flags, args)
	if err != nil {
		return err
	}
	if settings.PurgeAfter == 0 {
		return errors.New("purge_after is 0, which means that nothing is deleted; give --purge-after 7d")
	}
	ctx, stop := untilSignal()
	defer stop()
	store, err := openQuiet(settings)
	if err != nil {
		return err
	}
	defer store.Close()
	line, began := newStatusLine(os.Stderr), time.Now()
	purged, err := store.Purge(ctx, wpdb.PurgeOptions{After: settings.PurgeAfter, DryRun: *dryRun, Watch: func(p wpdb.Purged) {
		line.show(fmt.Sprintf("%s: %d rows deleted, %.0f s", p.Table, p.Rows, time.Since(began).Seconds()))
	}})
	line.clear()
	if err := printPurged(w, purged, *dryRun, *asJSON); err != nil {
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
func purgeFailure(purged []wpdb.Purged) error {
	for _, p := range purged {
		if p.Finding != nil {
			return errFailed
		}
	}
	return nil
}

func printPurged(w io.Writer, purged []wpdb.Purged, dryRun, asJSON bool) error {
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
