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
	"moserver-sidecar/wpdb/migrate"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "add indexes, and the server's own tables",
		Example: `  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php --dry-run
  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php`,
		Long: `The plugin's tables have no index, so each login reads whole tables. This adds
one on each column that rows are looked for by, where there is none yet, and
makes the server's own tables, moserver_… behind the prefix. The plugin and
the server go on meanwhile: an index is added online, and the longest that a
writer waits is two seconds, before the statement gives way and tries again.
Ctrl-C stops the statement on the server and leaves nothing half done. It may
be repeated at any time.

It needs a database user who may ALTER the plugin's tables and CREATE its own.
One may be given for this once:

  moserver-sidecar migrate --wp-config /var/www/html/wp-config.php \
    --db-user root --db-password-file /etc/moserver/admin-password`,

		Annotations: exits(`: 0 if all is there (after --undo: gone), or if nothing stands
against what a --dry-run has printed; else 1.`),
		Args: noArguments,
	}
	var o migrate.Options
	flags := cmd.Flags()
	flags.BoolVar(&o.DryRun, "dry-run", false, "print the SQL instead, for the mysql client")
	flags.BoolVar(&o.Undo, "undo", false, "take away what carries the name moserver_…, and nothing else")
	asJSON := flags.Bool("json", false, "print for machines what was done, or would be")
	flags.BoolVar(&o.Blocking, "allow-blocking", false, "also where the server can change a table of 10000 rows or more only while writers wait")
	flags.BoolVar(&o.Galera, "galera", false, "also on a Galera cluster, where each statement stops all writes on all nodes for some seconds")
	addSettings(cmd, flags)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, err := loadSettings(cmd)
		if err != nil {
			return err
		}
		return runMigrate(cmd.OutOrStdout(), settings, o, *asJSON)
	}
	return cmd
}

// runMigrate prints what it does, change by change.
func runMigrate(w io.Writer, settings config.Settings, o migrate.Options, asJSON bool) error {
	o.UserIndex = settings.RevokeAccessTokens == config.RevokeAll
	ctx, stop := untilSignal()
	defer stop()
	db, err := openQuiet(settings)
	if err != nil {
		return err
	}
	defer db.Close()
	p := migrationPrinter{w: w, settings: settings, options: o, line: newStatusLine(os.Stderr)}
	o.Watch = p.watch
	if !asJSON {
		o.Ended = p.change
	}
	migration, err := migrate.Run(ctx, db, o)
	if err = p.interrupted(err); err != nil {
		return err
	}
	if asJSON {
		err = printMigrationJSON(w, migration)
	} else {
		p.print(migration)
	}
	if err == nil && !migration.Complete() && (!o.DryRun || len(migration.Findings) > 0) {
		return errFailed
	}
	return err
}

// printMigrationJSON prints what a migration has found and done, for machines.
func printMigrationJSON(w io.Writer, m migrate.Migration) error {
	return printJSON(w, struct {
		OK bool `json:"ok"`
		migrate.Migration
	}{m.Complete(), m})
}

// migrationPrinter prints a migration for people.
type migrationPrinter struct {
	w        io.Writer
	settings config.Settings
	options  migrate.Options
	line     *statusLine
}

// watch shows how far a statement is.
func (p migrationPrinter) watch(progress migrate.Progress) {
	text := fmt.Sprintf("%s: %s, %.0f s", progress.Change.Table, progress.Change.Name, progress.Elapsed.Seconds())
	if progress.Percent >= 0 {
		text += fmt.Sprintf(", stage at %.0f %%", progress.Percent)
	}
	p.line.show(text)
}

// change prints a change that is over.
func (p migrationPrinter) change(c migrate.Change) {
	p.line.clear()
	done := map[bool]string{false: "added", true: "removed"}[p.options.Undo]
	switch c.State {
	case migrate.ChangeDone:
		fmt.Fprintf(p.w, "%-8s %s: %s\n", done, c.Table, c.Name)
	case migrate.ChangeThere:
		fmt.Fprintf(p.w, "%-8s %s: %s\n", "as it is", c.Table, c.Name)
	case migrate.ChangeRefused:
		fmt.Fprintf(p.w, "%-8s %s: %s\n", "not done", c.Table, c.Name)
	}
	if c.Note != "" {
		fmt.Fprintf(p.w, "         %s\n", c.Note)
	}
	if c.Finding != nil {
		fmt.Fprintf(p.w, "problem: %s\n", c.Finding)
	}
}

// print prints what change has not.
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

// summary says what the tables are like now.
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

// printSQL prints what would be run, for the mysql client.
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

// interrupted says what Ctrl-C has left behind.
func (p migrationPrinter) interrupted(err error) error {
	p.line.clear()
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped; what was done before stays, nothing is half done, and the same command goes on")
	}
	return err
}
