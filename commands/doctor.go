package commands

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

// examineTimeout bounds the looks of doctor together.
const examineTimeout = 2 * time.Minute

// The exit statuses of doctor, as monitors of the Nagios kind count.
const (
	exitAdvice  exitStatus = 1
	exitBroken  exitStatus = 2
	exitUnknown exitStatus = 3
)

// examined is all that doctor has found, in the form of --json.
type examined struct {
	Status   string           `json:"status"` // ok, advice, broken or unknown
	Error    string           `json:"error"`  // why the database could not be looked at, or not to the end
	Settings []config.Problem `json:"settings"`
	Broken   []ailment        `json:"broken"`
	Advice   []ailment        `json:"advice"`
	Notes    []ailment        `json:"notes"`    // nothing need be done about them
	Accepted []wpdb.Kind      `json:"accepted"` // what --accept has silenced
	Facts    *doctor.Facts    `json:"facts"`
	SealKey  string           `json:"seal_key"` // fingerprint; empty: codes are not sealed

	settings config.Settings
	accept   kinds
}

// ailment is a finding with nothing but its sentences.
type ailment struct {
	Kind    wpdb.Kind `json:"id"`
	Problem string    `json:"problem"`
	Remedy  string    `json:"remedy"`
}

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "print what the database is, and what could be better",
		Example: `  moserver-sidecar doctor --wp-config /var/www/html/wp-config.php`,
		Long: `Prints what the database is: server, WordPress, plugin, clients, rows, sizes;
then what is broken, which is what check finds and more; then what could be
better although everything works. Each finding comes with what mends it.

It only reads. A count that would take long is left to the server's estimate,
which is marked with "about". What the database account may not read is said,
and left out.

Each finding has an id, which is in brackets behind it; docs/findings.md has
them all. What --accept names is not said again, unless no token can be issued
while it is so. Notes need no mending.

With --json the names of the members are stable: status ("ok", "advice",
"broken" or "unknown"), error, settings (where, problem), broken, advice and
notes (id, problem, remedy), accepted, and facts (server, wordpress, plugin,
database, account, prefix, clients, tables, least_privilege, notes). What is
not known is null or empty. seal_key is the fingerprint of the key that codes
are sealed with.`,

		Annotations: exits(`, as monitors of the Nagios kind count: 0 if there is nothing to
mend, 1 for advice only, 2 if something is broken, 3 if the database could not
be looked at.`),
		Args: func(cmd *cobra.Command, args []string) error { return notExamined(noArguments(cmd, args)) },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return notExamined(flagError(cmd, err)) })
	asJSON := cmd.Flags().Bool("json", false, "print it for machines")
	accept := addAccept(cmd)
	addSettings(cmd, cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		settings, problems := readSettings(cmd)
		return runDoctor(cmd.OutOrStdout(), settings, problems, *accept, *asJSON)
	}
	return cmd
}

// notExamined tells an error of the command line, with the status that monitors
// know.
func notExamined(err error) error {
	if err == nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, programName+":", err)
	return exitUnknown
}

// runDoctor examines the database and prints all that there is to say.
func runDoctor(w io.Writer, settings config.Settings, problems []config.Problem, accept kinds, asJSON bool) (err error) {
	x := examined{Settings: problems, Broken: []ailment{}, Advice: []ailment{}, Notes: []ailment{}, Accepted: []wpdb.Kind{},
		SealKey: sealKey(settings), settings: settings, accept: accept}
	x.examine()
	if asJSON {
		err = printJSON(w, x)
	} else {
		err = x.print(w)
	}
	if status := x.exitStatus(); err == nil && status != 0 {
		return status
	}
	return err
}

// examine looks at the database as far as the settings allow.
func (x *examined) examine() {
	x.Status = "unknown"
	if !knowsDatabase(x.settings) {
		x.Error = "the settings do not say where the database is"
		if len(x.Settings) > 0 && x.settings.DBName != "" {
			x.Error = "where the database is cannot be known before the settings are mended"
		}
		return
	}
	facts, findings, err := look(x.settings)
	findings, accepted := x.accept.silence(findings)
	x.Accepted = append(x.Accepted, accepted...)
	for _, f := range findings {
		list := &x.Broken
		switch {
		case f.Note():
			list = &x.Notes
		case f.Advice:
			list = &x.Advice
		}
		*list = append(*list, ailment{f.Kind, f.Problem, f.Remedy})
	}
	switch {
	case err != nil:
		x.Error = err.Error()
		return
	case len(x.Broken)+len(x.Settings) > 0:
		x.Status = "broken"
	case len(x.Advice) > 0:
		x.Status = "advice"
	default:
		x.Status = "ok"
	}
	x.Facts = &facts
}

// look examines the database. On a terminal it shows how far it is.
func look(s config.Settings) (doctor.Facts, []wpdb.Finding, error) {
	ctx, stop := untilSignal()
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	db, err := openQuiet(s)
	if err != nil {
		return doctor.Facts{}, nil, err
	}
	defer db.Close()
	line := newStatusLine(os.Stderr)
	defer line.clear()
	return doctor.Examine(ctx, db, s.PurgeAfter, func(what string) { line.show(what + " …") })
}

func (x *examined) exitStatus() exitStatus {
	switch x.Status {
	case "advice":
		return exitAdvice
	case "broken":
		return exitBroken
	case "unknown":
		return exitUnknown
	}
	return 0
}

// print writes the report for people.
func (x *examined) print(w io.Writer) error {
	for _, p := range x.Settings {
		fmt.Fprintf(w, "Settings: %s\n", p)
	}
	if x.Facts != nil {
		x.printFacts(w, *x.Facts)
	}
	printAilments(w, "Broken", x.Broken)
	printAilments(w, "Advice", x.Advice)
	printAilments(w, "Notes", x.Notes)
	for _, kind := range x.Accepted {
		fmt.Fprintf(w, "\nAccepted: %s\n", kind)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", x.verdict())
	return err
}

// verdict is the last line.
func (x *examined) verdict() string {
	switch x.Status {
	case "ok":
		return "ok: nothing to mend"
	case "unknown":
		return "unknown: " + x.Error
	}
	return fmt.Sprintf("%s: %d broken, %d advice", x.Status, len(x.Broken)+len(x.Settings), len(x.Advice))
}

func printAilments(w io.Writer, title string, ailments []ailment) {
	if len(ailments) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, a := range ailments {
		fmt.Fprintf(w, "\n  * %s (%s)\n    -> %s\n", a.Problem, a.Kind, strings.ReplaceAll(a.Remedy, "\n", "\n       "))
	}
}
