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

// exitUnknown is for a database that could not be looked at.
const exitUnknown exitStatus = 3

// exitStatuses are those of doctor by its status, as Nagios plugins have them.
func exitStatuses() map[string]exitStatus {
	return map[string]exitStatus{"ok": 0, "advice": 1, "broken": 2, "unknown": exitUnknown}
}

// examined is everything that doctor has found, in the form of --json.
type examined struct {
	Status   string           `json:"status"` // ok, advice, broken or unknown
	Error    string           `json:"error"`  // why the database could not be examined, or not completely
	Settings []config.Problem `json:"settings"`
	Broken   []printedFinding `json:"broken"`
	Advice   []printedFinding `json:"advice"`
	Notes    []printedFinding `json:"notes"`    // they need no action
	Accepted []wpdb.Kind      `json:"accepted"` // what --accept has silenced
	Facts    *doctor.Facts    `json:"facts"`
	SealKey  string           `json:"seal_key"` // fingerprint; empty: codes are not sealed

	settings config.Settings
	accept   kinds
}

// printedFinding is the printed form of a finding.
type printedFinding struct {
	Kind    wpdb.Kind `json:"id"`
	Problem string    `json:"problem"`
	Remedy  string    `json:"remedy"`
}

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "describe the database, and what could be better",
		Example: `  moserver-sidecar doctor --wp-config /var/www/html/wp-config.php`,
		Long: `Prints what the database is: server, WordPress, plugin, clients, rows, sizes;
then what is broken, including all that check finds; then what could be better
although everything works. Each finding comes with its remedy.

It asks the site's own address whether token requests reach this server.

It only reads. If counting would take long it prints the server's estimate,
marked with "about". It names what the database account may not read.

Each finding has an id, in brackets after it; docs/findings.md lists them all.
--accept silences findings, except those that keep the server from issuing any
token. Notes need no action.

With --json the names of the members are stable: status ("ok", "advice",
"broken" or "unknown"), error, settings (where, problem), broken, advice and
notes (id, problem, remedy), accepted, and facts (server, wordpress, plugin,
database, account, prefix, clients, tables, least_privilege, notes), and
seal_key (the fingerprint of the key that seals codes). Unknown values are
null or empty.`,

		Annotations: exits(`, as Nagios plugins have it: 0 if there is nothing to mend, 1
for advice only, 2 if something is broken, 3 if the database could not be
examined.`),
		Args: func(cmd *cobra.Command, args []string) error { return notExamined(noArguments(cmd, args)) },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return notExamined(flagError(cmd, err)) })
	asJSON := cmd.Flags().Bool("json", false, "print it for machines")
	accept := addAccept(cmd)
	runSettings(cmd, func(w io.Writer, settings config.Settings, problems []config.Problem) error {
		return runDoctor(w, settings, problems, *accept, *asJSON)
	})
	return cmd
}

// notExamined prints an error of the command line, and returns the status that monitors
// know.
func notExamined(err error) error {
	if err == nil {
		return nil
	}
	fmt.Fprintln(os.Stderr, programName+":", err)
	return exitUnknown
}

// runDoctor examines the database and prints the results.
func runDoctor(w io.Writer, settings config.Settings, problems []config.Problem, accept kinds, asJSON bool) (err error) {
	x := examined{Settings: problems, Broken: []printedFinding{}, Advice: []printedFinding{}, Notes: []printedFinding{}, Accepted: []wpdb.Kind{},
		SealKey: sealKey(settings), settings: settings, accept: accept}
	x.examine()
	if asJSON {
		err = printJSON(w, x)
	} else {
		err = x.print(w)
	}
	if status := exitStatuses()[x.Status]; err == nil && status != 0 {
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
			x.Error = "correct the settings first; until then it is unknown where the database is"
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
		*list = append(*list, printedFinding{f.Kind, f.Problem, f.Remedy})
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

// look examines the database, and shows its progress on a terminal.
func look(s config.Settings) (facts doctor.Facts, findings []wpdb.Finding, err error) {
	line := newStatusLine(os.Stderr)
	defer line.clear()
	err = withDatabase(s, func(ctx context.Context, db *wpdb.DB) (err error) {
		ctx, cancel := context.WithTimeout(ctx, examineTimeout)
		defer cancel()
		facts, findings, err = doctor.Examine(ctx, db, s.PurgeAfter, func(what string) { line.show(what + " …") })
		if err == nil {
			findings = append(findings, checkSite(ctx, db, s)...)
		}
		return err
	})
	return facts, findings, err
}

// print writes the report for people.
func (x *examined) print(w io.Writer) error {
	for _, p := range x.Settings {
		fmt.Fprintf(w, "Settings: %s\n", p)
	}
	if x.Facts != nil {
		x.printFacts(w, *x.Facts)
	}
	printFindings(w, "Broken", x.Broken)
	printFindings(w, "Advice", x.Advice)
	printFindings(w, "Notes", x.Notes)
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

func printFindings(w io.Writer, title string, findings []printedFinding) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, a := range findings {
		fmt.Fprintf(w, "\n  * %s (%s)\n    -> %s\n", a.Problem, a.Kind, strings.ReplaceAll(a.Remedy, "\n", "\n       "))
	}
}
