package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
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
	Facts    *wpdb.Facts      `json:"facts"`

	settings config.Settings
}

// ailment is a finding with nothing but its sentences.
type ailment struct {
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

func doctorCommand() command {
	return command{name: "doctor", summary: "print what the database is and what could be better, with the command that mends it", run: doctor,
		page: `  moserver-sidecar doctor --wp-config /var/www/html/wp-config.php

Prints what the database is: server, WordPress, plugin, clients, rows and sizes; then
what is broken, which is what check finds and more; then what could be better although
everything works. Each finding comes with what mends it.

It only reads. A count that would take long is left to the server's estimate, which
is marked with "about". What the database account may not read is said, and left out.

  --json    print it for machines. The names of the members are stable:
            status ("ok", "advice", "broken" or "unknown"), error, settings (where,
            problem), broken and advice (problem, remedy), and facts (server,
            wordpress, plugin, database, account, prefix, clients, tables,
            least_privilege, notes). What is not known is null or empty.

Takes the settings as flags too. Exit status, as monitors of the Nagios kind count:

  0  nothing to say      2  something is broken
  1  advice only         3  the database could not be looked at
`}
}

// doctor examines the database and prints all that there is to say.
func doctor(args []string, w io.Writer) error {
	flags := newFlags("doctor")
	set := config.Flags(flags)
	asJSON := flags.Bool("json", false, "")
	if err := parseFlags(flags, args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "moserver-sidecar:", err)
		return exitUnknown
	}
	settings, problems := config.Load(config.Sources{Flags: set, Environment: os.Environ()})
	x := examined{Settings: problems, Broken: []ailment{}, Advice: []ailment{}, settings: settings}
	if x.Settings == nil {
		x.Settings = []config.Problem{}
	}
	x.examine()
	var err error
	if *asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(x)
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
	if x.settings.DBName == "" || x.settings.DBAddress == "" {
		x.Error = "the settings do not say where the database is"
		return
	}
	facts, findings, err := look(x.settings)
	for _, f := range findings {
		if f.Advice {
			x.Advice = append(x.Advice, ailment{f.Problem, f.Remedy})
		} else {
			x.Broken = append(x.Broken, ailment{f.Problem, f.Remedy})
		}
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
	store, err := wpdb.Open(databaseConfig(s), slog.New(slog.DiscardHandler))
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
