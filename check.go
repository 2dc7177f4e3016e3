package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// report is all that check has found, in the form of --json.
type report struct {
	OK       bool             `json:"ok"`
	Settings []config.Problem `json:"settings"`
	Database []wpdb.Finding   `json:"database"`
}

func checkCommand() command {
	return command{name: "check", summary: "print everything that keeps the server from working, with what to do about it", run: check,
		page: `  moserver-sidecar check --wp-config /var/www/html/wp-config.php

Looks at the settings and at the database, and prints all problems at once.

  --json    print them for machines

Takes the settings as flags too. Exit status: 0 if there is no problem, else 1.
`}
}

// check prints every problem of the settings and of the database.
func check(args []string, w io.Writer) error {
	flags := newFlags("check")
	set := config.Flags(flags)
	asJSON := flags.Bool("json", false, "")
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	settings, problems := config.Load(config.Sources{Flags: set, Environment: os.Environ()})
	r := report{Settings: problems, Database: []wpdb.Finding{}}
	if r.Settings == nil {
		r.Settings = []config.Problem{}
	}
	if settings.DBName != "" && settings.DBAddress != "" {
		r.Database = append(r.Database, checkDatabase(settings)...)
	}
	r.OK = len(r.Settings) == 0 && len(r.Database) == 0
	if err := r.print(w, settings, *asJSON); err != nil {
		return err
	}
	if !r.OK {
		return errFailed
	}
	return nil
}

// checkDatabase looks at the database as far as the settings allow.
func checkDatabase(s config.Settings) []wpdb.Finding {
	ctx, cancel := context.WithTimeout(context.Background(), diagnoseTimeout)
	defer cancel()
	store, err := wpdb.Open(databaseConfig(s), slog.New(slog.DiscardHandler))
	if err != nil {
		return []wpdb.Finding{{Problem: err.Error(), Fatal: true}}
	}
	defer store.Close()
	findings, err := store.Diagnose(ctx)
	if err != nil {
		findings = append(findings, wpdb.Finding{Problem: err.Error(), Fatal: true})
	}
	return findings
}

func (r report) print(w io.Writer, s config.Settings, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	for _, p := range r.Settings {
		fmt.Fprintln(w, "problem:", p)
	}
	for _, f := range r.Database {
		fmt.Fprintln(w, "problem:", f)
	}
	if r.OK {
		fmt.Fprintf(w, "ok: WordPress's database %q at %s, tables %s…, is ready for the token endpoint\n", s.DBName, s.DBAddress, s.TablePrefix)
	}
	return nil
}
