package commands

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
)

// report is everything that check has found, in the form of --json.
type report struct {
	OK       bool             `json:"ok"`
	Settings []config.Problem `json:"settings"`
	Database []wpdb.Finding   `json:"database"`
	Warnings []string         `json:"warnings"` // what works, and may still be wrong
	SealKey  string           `json:"seal_key"` // fingerprint; empty: codes are not sealed
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "find what keeps the server from working",
		Example: `  moserver-sidecar check --wp-config /var/www/html/wp-config.php
  moserver-sidecar check --wp-config … --grants
  moserver-sidecar check --wp-config … --through https://example.com`,
		Long: `Checks the settings and the database, and prints all problems at once, each
with its remedy. It reports only what is broken; for advice run
"moserver-sidecar doctor".

--grants prints SQL instead, which creates a database account that may do no
more than this server needs. It does not ask the database.

--through asks the site itself instead, with GET and POST, as clients do, and
says who answers: this server, PHP, or something in between, and why. With
the site's settings it recognizes this very server; without them, such as on
a laptop, any moserver-sidecar. It changes nothing and needs no database.`,

		Annotations: exits(`: 0 if there is no problem (warnings do not count), and with
--through if this server answers; else 1.`),
		Args: noArguments,
	}
	asJSON := cmd.Flags().Bool("json", false, "print them for machines")
	onlyGrants := cmd.Flags().Bool("grants", false, "print the SQL for an account of least privilege, and check nothing")
	site := cmd.Flags().String("through", "", "ask the site at this `address` who answers token requests, and check nothing else")
	accept := addAccept(cmd)
	runSettings(cmd, func(w io.Writer, settings config.Settings, problems []config.Problem) error {
		switch {
		case *onlyGrants && (*asJSON || *site != ""):
			return errors.New("--grants excludes --json and --through")
		case *onlyGrants:
			return printGrants(w, settings, problems)
		case cmd.Flags().Changed("through"):
			if settings.WPConfig != "" && settings.ProofKey == "" {
				_ = refuse(problems) // they are why the server is not recognized
			}
			return checkThrough(w, *site, settings, *accept, *asJSON)
		}
		return check(w, settings, problems, *accept, *asJSON)
	})
	return cmd
}

// check prints every problem of the settings and of the database.
func check(w io.Writer, settings config.Settings, problems []config.Problem, accept kinds, asJSON bool) (err error) {
	r := report{Settings: problems, Database: []wpdb.Finding{}, Warnings: append(socketWarnings(settings), metricsWarnings(settings)...), SealKey: sealKey(settings)}
	if knowsDatabase(settings) {
		findings, _ := accept.silence(checkDatabase(context.Background(), settings))
		r.Database = append(r.Database, findings...)
	}
	r.OK = len(r.Settings) == 0 && len(r.Database) == 0
	if asJSON {
		err = printJSON(w, r)
	} else {
		r.print(w, settings)
	}
	if err == nil && !r.OK {
		return errFailed
	}
	return err
}

// sealKey is the fingerprint of the key that codes are sealed with, empty if they
// are not.
func sealKey(s config.Settings) string {
	seals, err := oauth.NewSeals([]byte(s.SealKey))
	if err != nil { // settings with a problem, or none
		return ""
	}
	return seals.Fingerprint()
}

// checkDatabase looks at the database as far as the settings allow.
func checkDatabase(ctx context.Context, s config.Settings) []wpdb.Finding {
	ctx, cancel := context.WithTimeout(ctx, diagnoseTimeout)
	defer cancel()
	db, err := openQuiet(s)
	if err != nil {
		return []wpdb.Finding{{Kind: wpdb.KindSettings, Problem: err.Error(), Fatal: true}}
	}
	defer db.Close()
	findings, err := doctor.Diagnose(ctx, db)
	if err != nil {
		findings = append(findings, wpdb.Finding{Kind: wpdb.KindAway, Problem: err.Error(), Fatal: true})
	} else if s.PHPUpstream != "" && !(diagnosis{findings: findings}).fatal() {
		for _, f := range checkSite(ctx, db, s) {
			if f.Kind == wpdb.KindUpstream || f.Kind == wpdb.KindRouteSplit {
				findings = append(findings, f)
			}
		}
	}
	return findings
}

// print writes the report for people.
func (r report) print(w io.Writer, s config.Settings) {
	for _, p := range r.Settings {
		fmt.Fprintln(w, "problem:", p)
	}
	for _, f := range r.Database {
		fmt.Fprintln(w, "problem:", f)
	}
	for _, text := range r.Warnings {
		fmt.Fprintln(w, "warning:", text)
	}
	if r.OK {
		fmt.Fprintf(w, "ok: WordPress's database %q at %s, tables %s…, is ready for the token endpoint\n", s.DBName, s.DBAddress, s.TablePrefix)
		if r.SealKey != "" {
			fmt.Fprintln(w, "ok: codes are sealed; every server of this site must have the key with the fingerprint", r.SealKey)
		}
	}
}
