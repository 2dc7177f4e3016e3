package commands

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
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
	Facts    *wpdb.Facts      `json:"facts"`

	settings config.Settings
	accept   kinds
}

// ailment is a finding with nothing but its sentences.
type ailment struct {
	Kind    wpdb.Kind `json:"id"`
	Problem string    `json:"problem"`
	Remedy  string    `json:"remedy"`
}

func doctorCommand() command {
	return command{name: "doctor", summary: "print what the database is, and what could be better", run: doctor,
		page: `  moserver-sidecar doctor --wp-config /var/www/html/wp-config.php

Prints what the database is: server, WordPress, plugin, clients, rows, sizes;
then what is broken, which is what check finds and more; then what could be
better although everything works. Each finding comes with what mends it.

It only reads. A count that would take long is left to the server's estimate,
which is marked with "about". What the database account may not read is said,
and left out.

  --accept index-missing,engine
            say nothing more of findings with these ids, which stand beside them
            and in docs/findings.md. What keeps the server from working is said
            all the same.
  --json    print it for machines. The names of the members are stable: status
            ("ok", "advice", "broken" or "unknown"), error, settings (where,
            problem), broken, advice and notes (id, problem, remedy), accepted,
            and facts (server, wordpress, plugin, database, account, prefix,
            clients, tables, least_privilege, notes). What is not known is null
            or empty.

Takes the settings as flags too.

Exit status, as monitors of the Nagios kind count: 0 if there is nothing to
mend, 1 for advice only, 2 if something is broken, 3 if the database could not
be looked at.
`}
}

// doctor examines the database and prints all that there is to say.
func doctor(args []string, w io.Writer) error {
	flags := newFlags("doctor")
	asJSON := flags.Bool("json", false, "")
	var accept kinds
	flags.Var(&accept, "accept", "")
	settings, problems, err := readSettings(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "moserver-sidecar:", err)
		return exitUnknown
	}
	x := examined{Settings: problems, Broken: []ailment{}, Advice: []ailment{}, Notes: []ailment{}, Accepted: []wpdb.Kind{}, settings: settings, accept: accept}
	x.examine()
	if *asJSON {
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
func look(s config.Settings) (wpdb.Facts, []wpdb.Finding, error) {
	ctx, stop := untilSignal()
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	store, err := openQuiet(s)
	if err != nil {
		return wpdb.Facts{}, nil, err
	}
	defer store.Close()
	line := newStatusLine(os.Stderr)
	defer line.clear()
	return store.Examine(ctx, s.PurgeAfter, func(what string) { line.show(what + " …") })
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
