package wpdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// maxClockDifference is what a code of 30 seconds of life can bear.
const maxClockDifference = 5 * time.Second

// Finding is something that is wrong with the database: what, and what to do
// about it, in one sentence each.
type Finding struct {
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	Fatal   bool   `json:"fatal"` // no token can be issued while it is so
}

// String is the finding as a line for people.
func (f Finding) String() string { return f.Problem + " " + f.Remedy }

// Diagnose looks at the database for whatever would keep the server from
// working on it, and reports all of it at once. The error is for a database
// that does not answer; it wraps oauth.ErrUnavailable and says where it was
// looked for.
func (s *Store) Diagnose(ctx context.Context) ([]Finding, error) {
	if err := s.db.PingContext(ctx); err != nil {
		return s.diagnoseConnection(err)
	}
	d := &diagnosis{Store: s, ctx: ctx}
	for _, look := range []func() error{d.tables, d.columns, d.privileges, d.binlog, d.clock, d.masterSwitch} {
		if err := look(); err != nil {
			return d.findings, unavailable(err)
		}
	}
	return d.findings, nil
}

// diagnoseConnection says why no connection can be had.
func (s *Store) diagnoseConnection(err error) ([]Finding, error) {
	c := s.config
	switch number(err) {
	case errAccessDenied, 1698:
		return []Finding{{Fatal: true,
			Problem: fmt.Sprintf("The database at %s refuses the user %q or the password.", c.Address, c.User),
			Remedy:  "Compare DB_USER and DB_PASSWORD with what WordPress uses; the account must also be allowed from this host."}}, nil
	case errAccessDeniedDB, errUnknownDatabase:
		return []Finding{{Fatal: true,
			Problem: fmt.Sprintf("There is no database %q for the user %q at %s.", c.Name, c.User, c.Address),
			Remedy:  "Compare DB_NAME with wp-config.php, and see what SHOW DATABASES lists for this user."}}, nil
	}
	return nil, fmt.Errorf("%w: nothing usable answers at %s (%s); is the database running, and is that its address? %s",
		oauth.ErrUnavailable, c.Address, c.Network, describe(err))
}

// diagnosis is a look at a database that answers.
type diagnosis struct {
	*Store
	ctx      context.Context
	findings []Finding
	missing  []string // tables that are not there, which later looks leave out

	withoutIDTokens []string // likewise those that only ID tokens need
}

func (d *diagnosis) add(fatal bool, remedy, problem string, args ...any) {
	d.findings = append(d.findings, Finding{Problem: fmt.Sprintf(problem, args...), Remedy: remedy, Fatal: fatal})
}

// needs is the tables, with the columns and privileges that the server uses of
// each.
func (t tables) needs() []need {
	return []need{
		{t.options, []string{"option_name", "option_value"}, "SELECT", false},
		{t.users, []string{"ID", "user_login", "user_email", "display_name"}, "SELECT", false},
		{t.usermeta, []string{"user_id", "meta_key", "meta_value"}, "SELECT", true},
		{t.keys, []string{"client_id", "private_key", "public_key", "encryption_algorithm"}, "SELECT", true},
		{t.clients, []string{"client_id", "client_name", "client_secret", "redirect_uri"}, "SELECT", false},
		{t.codes, []string{"authorization_code", "client_id", "user_id", "redirect_uri", "expires", "scope"}, "SELECT, DELETE", false},
		{t.accessTokens, []string{"access_token", "client_id", "user_id", "expires", "scope"}, "SELECT, INSERT, DELETE", false},
		{t.refreshTokens, []string{"refresh_token", "client_id", "user_id", "expires", "scope"}, "SELECT, INSERT, DELETE", false},
	}
}

type need struct {
	table      string
	columns    []string
	privileges string
	idTokens   bool // without it there are tokens, but no ID tokens
}

// tables looks for tables that are not there, and for those that cannot roll
// back.
func (d *diagnosis) tables() error {
	for _, n := range d.Store.tables.needs() {
		engine, err := d.engine(n.table)
		if err != nil {
			return err
		}
		switch {
		case engine == "" && n.idTokens:
			d.withoutIDTokens = append(d.withoutIDTokens, n.table)
		case engine == "":
			d.missing = append(d.missing, n.table)
		case !strings.EqualFold(engine, "InnoDB") && strings.Contains(n.privileges, "DELETE"):
			d.add(true, fmt.Sprintf("Run: ALTER TABLE %s ENGINE=InnoDB;", quoteName(n.table)),
				"The table %s is kept by the engine %s, which has no transactions, so a failure could lose a code or leave half a token.", n.table, engine)
		}
	}
	return d.explainMissing()
}

// engine is the storage engine of a table, empty if there is no such table.
func (d *diagnosis) engine(table string) (engine string, err error) {
	schema, name, qualified := strings.Cut(table, ".")
	if !qualified {
		schema, name = d.config.Name, table
	}
	rows, err := d.db.QueryContext(d.ctx, "SELECT COALESCE(ENGINE, 'unknown') FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, name)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&engine); err != nil {
			return "", err
		}
	}
	return engine, rows.Err()
}

// explainMissing tells a wrong prefix from a plugin that was never active.
func (d *diagnosis) explainMissing() error {
	if len(d.missing) == 0 {
		for _, table := range d.withoutIDTokens {
			d.add(false, "Restore it, or deactivate and activate the plugin in wp-admin.",
				"The table %s is missing, so no answer has an ID token.", table)
		}
		return nil
	}
	prefixes, err := d.prefixes()
	if err != nil {
		return err
	}
	switch {
	case len(prefixes) > 0 && !slices.Contains(prefixes, d.config.Prefix):
		d.add(true, fmt.Sprintf("Set table_prefix, or $table_prefix in wp-config.php, to the right one of: %s.", strings.Join(prefixes, ", ")),
			"There are no tables of the OAuth server plugin with the prefix %q.", d.config.Prefix)
	case slices.Contains(d.missing, d.Store.tables.options):
		d.add(true, "Compare DB_NAME and $table_prefix with wp-config.php; this may be another site's database, or the user may not read its tables.",
			"There is no WordPress with the prefix %q in the database %q.", d.config.Prefix, d.config.Name)
	case slices.Contains(d.missing, d.Store.tables.clients):
		d.add(true, "Activate \"miniOrange OAuth 2.0 Server\" in wp-admin; it makes its tables then.",
			"The WordPress in the database %q has no tables of the OAuth server plugin.", d.config.Name)
	default:
		d.add(true, "Restore them, or deactivate and activate the plugin in wp-admin.",
			"Tables are missing: %s.", strings.Join(d.missing, ", "))
	}
	return nil
}

// prefixes are those under which the database has the plugin's tables.
func (d *diagnosis) prefixes() (prefixes []string, err error) {
	const suffix = "moos_oauth_clients"
	var names []string
	err = d.db.SelectContext(d.ctx, &names, "SELECT TABLE_NAME FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE ? ORDER BY TABLE_NAME", d.config.Name, `%moos\_oauth\_clients`)
	for _, name := range names {
		prefixes = append(prefixes, strings.TrimSuffix(name, suffix))
	}
	return prefixes, err
}

// columns looks for columns that are not there.
func (d *diagnosis) columns() error {
	for _, n := range d.present() {
		for _, column := range n.columns {
			_, err := d.db.ExecContext(d.ctx, fmt.Sprintf("SELECT `%s` FROM %s WHERE FALSE", column, quoteName(n.table)))
			if number(err) == errUnknownColumn {
				d.add(true, "The table is not the plugin's, or damaged; restore it, or let the plugin make it anew.",
					"The table %s has no column %s.", n.table, column)
			} else if err != nil && !denied(err) { // privileges has its own look
				return err
			}
		}
	}
	return nil
}

// present is what is needed of the tables that are there.
func (d *diagnosis) present() []need {
	return slices.DeleteFunc(d.Store.tables.needs(), func(n need) bool {
		return slices.Contains(d.missing, n.table) || slices.Contains(d.withoutIDTokens, n.table)
	})
}

// privileges tries each statement on no row, which is how the server decides
// too.
func (d *diagnosis) privileges() error {
	for _, n := range d.present() {
		table := quoteName(n.table)
		statements := map[string]string{
			"SELECT": "SELECT `" + n.columns[0] + "` FROM " + table + " WHERE FALSE",
			"INSERT": "INSERT INTO " + table + " (`" + n.columns[0] + "`) SELECT 'x' FROM (SELECT 1 AS one) AS o WHERE FALSE",
			"DELETE": "DELETE FROM " + table + " WHERE FALSE",
		}
		for _, privilege := range strings.Split(n.privileges, ", ") {
			if err := d.tryPrivilege(n, privilege, statements[privilege]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *diagnosis) tryPrivilege(n need, privilege, statement string) error {
	_, err := d.db.ExecContext(d.ctx, statement)
	switch {
	case err == nil || number(err) == errUnknownColumn: // columns has its own look
		return nil
	case denied(err):
		d.add(!n.idTokens, fmt.Sprintf("As an administrator of the database run: GRANT %s ON %s TO …;", n.privileges, quoteName(n.table)),
			"The user %q may not %s on the table %s.", d.config.User, privilege, n.table)
		return nil
	case d.readOnly():
		d.add(true, "Point DB_HOST at the primary server, or make this one writable.",
			"The database at %s is read-only.", d.config.Address)
		return nil
	}
	return err
}

func denied(err error) bool {
	return number(err) == errTableDenied || number(err) == errColumnDenied
}

// readOnly says if the server as a whole is.
func (d *diagnosis) readOnly() bool {
	var on bool
	return d.db.GetContext(d.ctx, &on, "SELECT @@global.read_only") == nil && on
}

// binlog looks for a log of statements, with which a server refuses writes of
// READ COMMITTED transactions.
func (d *diagnosis) binlog() error {
	var name string
	var on, format string
	for variable, target := range map[string]*string{"log_bin": &on, "binlog_format": &format} {
		err := d.db.QueryRowContext(d.ctx, "SHOW VARIABLES LIKE '"+variable+"'").Scan(&name, target)
		if err != nil {
			return err
		}
	}
	if on == "ON" && format == "STATEMENT" {
		d.add(true, "Set binlog_format=MIXED (or ROW) in the server's configuration, and SET GLOBAL binlog_format='MIXED' until it restarts.",
			"The database logs statements (binlog_format=STATEMENT), which does not work with READ COMMITTED transactions.")
	}
	return nil
}

// clock compares this machine's clock with the database's, which is most often
// also PHP's.
func (d *diagnosis) clock() error {
	var text string
	before := time.Now()
	if err := d.db.GetContext(d.ctx, &text, "SELECT UTC_TIMESTAMP(6)"); err != nil {
		return err
	}
	theirs, err := time.Parse("2006-01-02 15:04:05.999999", text)
	if err != nil {
		return errors.New("the server's UTC_TIMESTAMP cannot be read")
	}
	ours := before.Add(time.Since(before) / 2)
	if difference := ours.Sub(theirs); difference.Abs() > maxClockDifference {
		d.add(false, "Let both machines keep time with NTP: codes live for 30 seconds.",
			"This machine's clock differs from the database's by %.0f s.", math.Round(difference.Seconds()))
	}
	return nil
}

// masterSwitch: a server that answers 503 to everything should say why.
func (d *diagnosis) masterSwitch() error {
	if slices.Contains(d.missing, d.Store.tables.options) {
		return nil
	}
	options, err := d.blogOptions(d.ctx, 1)
	if err == nil && site(options).SwitchedOff {
		d.add(false, "Turn on the Master Switch on the plugin's settings page in wp-admin.",
			"The OAuth server is switched off: every token request is answered with 503.")
	}
	if denied(err) {
		return nil // privileges has said so
	}
	return err
}
