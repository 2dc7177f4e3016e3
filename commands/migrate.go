package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/migrate"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "add indexes, and the server's own tables",
		Example: `  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php --dry-run
  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php`,
		Long: `The plugin's tables have no indexes, so each login reads whole tables. This
adds the missing indexes on columns that rows are looked up by, and creates
the server's own tables, named moserver_… after the prefix. The plugin and
the server keep working: indexes are added online, and no writer waits longer
than two seconds before the statement gives way and tries again. Ctrl-C stops
the statement in the database and leaves nothing half done. You may repeat the
command at any time.

It needs a database user who may ALTER the plugin's tables and CREATE its own.
You can give one for this run:

  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php \
    --db-user root --db-password-file /etc/moserver/admin-password`,

		Annotations: exits(`: 0 if everything is there (after --undo: gone), or if nothing
prevents what --dry-run has printed; else 1.`),
		Args: noArguments,
	}
	var o migrate.Options
	flags := cmd.Flags()
	flags.BoolVar(&o.DryRun, "dry-run", false, "print the SQL instead, for the mysql client")
	flags.BoolVar(&o.Undo, "undo", false, "remove what is named moserver_…, and nothing else")
	asJSON := flags.Bool("json", false, "print the changes for machines")
	flags.BoolVar(&o.Blocking, "allow-blocking", false, "also change tables of 10000 rows or more where that makes writers wait")
	flags.BoolVar(&o.Galera, "galera", false, "also on a Galera cluster, where each statement stops all writes on all nodes for some seconds")
	runSettings(cmd, func(w io.Writer, settings config.Settings, problems []config.Problem) error {
		if err := refuse(problems); err != nil {
			return err
		}
		return runMigrate(w, settings, o, *asJSON)
	})
	return cmd
}

// runMigrate prints what it does, change by change.
func runMigrate(w io.Writer, settings config.Settings, o migrate.Options, asJSON bool) error {
	o.UserIndex = settings.RevokeAccessTokens == config.RevokeAll
	p := migrationPrinter{w: w, settings: settings, options: o, line: newStatusLine(os.Stderr)}
	o.Watch = p.watch
	if !asJSON {
		o.Ended = p.change
	}
	return withDatabase(settings, func(ctx context.Context, db *wpdb.DB) error {
		m, err := migrate.Run(ctx, db, o)
		if err = p.interrupted(err); err != nil {
			return err
		}
		if asJSON {
			err = printJSON(w, struct {
				OK bool `json:"ok"`
				migrate.Migration
			}{m.Complete(), m})
		} else {
			p.print(m)
		}
		if err == nil && !m.Complete() && (!o.DryRun || len(m.Findings) > 0) {
			return errFailed
		}
		return err
	})
}

// migrationPrinter prints a migration for people.
type migrationPrinter struct {
	w        io.Writer
	settings config.Settings
	options  migrate.Options
	line     *statusLine
}

// watch shows the progress of a statement.
func (p migrationPrinter) watch(progress migrate.Progress) {
	text := fmt.Sprintf("%s: %s, %.0f s", progress.Change.Table, progress.Change.Name, progress.Elapsed.Seconds())
	if progress.Percent >= 0 {
		text += fmt.Sprintf(", stage at %.0f %%", progress.Percent)
	}
	p.line.show(text)
}

// change prints a finished change.
func (p migrationPrinter) change(c migrate.Change) {
	p.line.clear()
	state := map[string]string{migrate.ChangeDone: "added", migrate.ChangeThere: "kept", migrate.ChangeRefused: "not done"}[c.State]
	if p.options.Undo && c.State == migrate.ChangeDone {
		state = "removed"
	}
	if state != "" {
		fmt.Fprintf(p.w, "%-8s %s: %s\n", state, c.Table, c.Name)
	}
	if c.Note != "" {
		fmt.Fprintf(p.w, "         %s\n", c.Note)
	}
	if c.Finding != nil {
		fmt.Fprintf(p.w, "problem: %s\n", c.Finding)
	}
}

// print prints the rest, which change has not printed.
func (p migrationPrinter) print(m migrate.Migration) {
	comment := ""
	if p.options.DryRun {
		comment = "-- "
	}
	for _, f := range m.Findings {
		fmt.Fprintf(p.w, "%sproblem: %s\n", comment, f)
	}
	if p.options.DryRun {
		p.printSQL(m)
		return
	}
	if m.Complete() {
		fmt.Fprintf(p.w, "ok: %s\n", p.summary(m))
	}
}

// summary describes the result.
func (p migrationPrinter) summary(m migrate.Migration) string {
	done := 0
	for _, c := range m.Changes {
		if c.State == migrate.ChangeDone {
			done++
		}
	}
	what := map[bool]string{false: "has the indexes and the server's tables", true: "has nothing of the server's left"}[p.options.Undo]
	return fmt.Sprintf("the database %q, tables %s…, %s; changes made: %d", p.settings.DBName, p.settings.TablePrefix, what, done)
}

// printSQL prints the statements for the mysql client.
func (p migrationPrinter) printSQL(m migrate.Migration) {
	fmt.Fprintf(p.w, "-- The database is %s.\n", strings.ReplaceAll(p.settings.DBName, "\n", " "))
	for _, statement := range m.Session {
		fmt.Fprintf(p.w, "%s;\n", statement)
	}
	for _, c := range m.Changes {
		if c.State == migrate.ChangeThere {
			fmt.Fprintf(p.w, "-- %s: %s: nothing to do\n", c.Table, c.Name)
		}
		for _, statement := range c.Statements {
			fmt.Fprintf(p.w, "%s;\n", statement)
		}
	}
}

// interrupted describes what Ctrl-C has left behind.
func (p migrationPrinter) interrupted(err error) error {
	p.line.clear()
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped; finished changes stay, nothing is half done; run the same command again to continue")
	}
	return err
}
