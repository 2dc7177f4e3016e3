package doctor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// maxClockDifference is tolerable for a code that lives for 30 seconds.
const maxClockDifference = 5 * time.Second

// Diagnose looks for everything that keeps the server from working on the database.
// It returns an error if the database does not answer, which wraps
// oauth.ErrUnavailable and has the address.
func Diagnose(ctx context.Context, db *wpdb.DB) ([]wpdb.Finding, error) {
	if err := db.SQL.PingContext(ctx); err != nil {
		return Unreachable(db, err)
	}
	d := &diagnosis{DB: db, ctx: ctx}
	err := d.run()
	return slices.DeleteFunc(d.findings, func(f wpdb.Finding) bool { return f.Advice }), err
}

// run takes every look at what keeps the server from working.
func (d *diagnosis) run() error {
	for _, look := range []func() error{d.engines, d.columns, d.privileges, d.rotations, d.binlog, d.cluster, d.clock, d.switches, d.edition} {
		if err := look(); err != nil {
			return wpdb.Unavailable(err)
		}
	}
	return nil
}

// Unreachable explains why there is no connection.
func Unreachable(db *wpdb.DB, err error) ([]wpdb.Finding, error) {
	c := db.Config
	switch wpdb.ErrorNumber(err) {
	case wpdb.ErrAccessDenied, wpdb.ErrNoSocketAccount:
		return []wpdb.Finding{{Kind: wpdb.KindAccessDenied, Fatal: true,
			Problem: fmt.Sprintf("The database at %s refuses the user %q or the password.", c.Address, c.User),
			Remedy:  "Compare DB_USER and DB_PASSWORD with what WordPress uses; the account must also be allowed from this host."}}, nil
	case wpdb.ErrAccessDeniedDB: // also if there is none, which the server does not reveal
		return []wpdb.Finding{{Kind: wpdb.KindDatabaseMissing, Fatal: true,
			Problem: fmt.Sprintf("The user %q may not use the database %q at %s, or there is no database of that name.", c.User, c.Name, c.Address),
			Remedy: fmt.Sprintf("Compare DB_NAME with wp-config.php; if it is right, run as an administrator of the database: GRANT SELECT, INSERT, UPDATE, DELETE ON `%s`.* TO …;",
				strings.ReplaceAll(c.Name, "`", "``"))}}, nil
	case wpdb.ErrUnknownDatabase:
		return []wpdb.Finding{{Kind: wpdb.KindDatabaseMissing, Fatal: true,
			Problem: fmt.Sprintf("There is no database %q for the user %q at %s.", c.Name, c.User, c.Address),
			Remedy:  "Compare DB_NAME with wp-config.php, and see what SHOW DATABASES lists for this user."}}, nil
	case wpdb.ErrHostBlocked:
		return nil, fmt.Errorf("%w: at %s %s", oauth.ErrUnavailable, c.Address, wpdb.Describe(err))
	}
	return nil, fmt.Errorf("%w: nothing usable answers at %s (%s); is the database running, and is that its address? %s",
		oauth.ErrUnavailable, c.Address, c.Network, wpdb.Describe(err))
}

// diagnosis is a look at a database that answers.
type diagnosis struct {
	*wpdb.DB
	ctx      context.Context
	findings []wpdb.Finding
	missing  []string // tables that are not there, which later looks skip
	active   *bool    // whether the plugin is active on the main site; nil: unknown
}

// add notes a finding once: a read-only server refuses more than one statement.
func (d *diagnosis) add(kind wpdb.Kind, fatal bool, remedy, problem string, args ...any) {
	f := wpdb.Finding{Kind: kind, Problem: fmt.Sprintf(problem, args...), Remedy: remedy, Fatal: fatal}
	if !slices.Contains(d.findings, f) {
		d.findings = append(d.findings, f)
	}
}

// privileges tries each statement on no row.
func (d *diagnosis) privileges() error {
	for _, n := range d.present() {
		table := wpdb.QuoteName(n.Table)
		statements := map[string]string{
			"SELECT": "SELECT `" + n.Columns[0] + "` FROM " + table + " WHERE FALSE",
			"INSERT": "INSERT INTO " + table + " (`" + n.Columns[0] + "`) SELECT 'x' FROM (SELECT 1 AS one) AS o WHERE FALSE",
			"DELETE": "DELETE FROM " + table + " WHERE FALSE",
		}
		for _, privilege := range strings.Split(n.Privileges, ", ") {
			if err := d.tryPrivilege(n, privilege, statements[privilege]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *diagnosis) tryPrivilege(n wpdb.Need, privilege, statement string) error {
	_, err := d.SQL.ExecContext(d.ctx, statement)
	switch {
	case err == nil:
		return nil
	case wpdb.ErrorNumber(err) == wpdb.ErrUnknownColumn || wpdb.ErrorNumber(err) == wpdb.ErrStatementBinlog: // columns and binlog have their own looks
		return nil
	case wpdb.Denied(err):
		d.add(wpdb.KindPrivilegeMissing, !n.IDTokens, d.GrantTo(d.Account(d.ctx), n.Privileges, n.Table),
			"The user %q may not %s on the table %s.", d.Config.User, privilege, n.Table)
		return nil
	case d.readOnly():
		d.add(wpdb.KindReadOnly, true, "Point DB_HOST at the primary server, or make this one writable.",
			"The database at %s is read-only.", d.Config.Address)
		return nil
	}
	return err
}

// readOnly reports whether the whole server is.
func (d *diagnosis) readOnly() bool {
	var on bool
	return d.SQL.GetContext(d.ctx, &on, "SELECT @@global.read_only") == nil && on
}

// binlog looks for a log of statements, with which READ COMMITTED transactions cannot
// write.
func (d *diagnosis) binlog() error {
	values, err := wpdb.ServerVariables(d.ctx, d.SQL, "log_bin", "binlog_format")
	if err != nil {
		return err
	}
	if values["log_bin"] == "ON" && values["binlog_format"] == "STATEMENT" {
		d.add(wpdb.KindBinlog, true, "Set binlog_format=MIXED (or ROW) in the server's configuration, and SET GLOBAL binlog_format='MIXED' until it restarts.",
			"The database logs statements (binlog_format=STATEMENT), which does not work with READ COMMITTED transactions.")
	}
	return nil
}

// clock looks for a difference that is too much for codes, which live for seconds.
func (d *diagnosis) clock() error {
	difference, err := d.clockDifference()
	if err != nil {
		return err
	}
	if difference.Abs() > maxClockDifference {
		d.add(wpdb.KindClock, false, "Let both machines keep time with NTP: codes live for 30 seconds.",
			"This machine's clock differs from the database's by %.0f s.", math.Round(difference.Seconds()))
	}
	return nil
}

// clockDifference is how far this machine's clock is ahead of the database's, which
// PHP usually shares.
func (d *diagnosis) clockDifference() (time.Duration, error) {
	var text string
	before := time.Now()
	if err := d.SQL.GetContext(d.ctx, &text, "SELECT UTC_TIMESTAMP(6)"); err != nil {
		return 0, err
	}
	theirs, err := time.Parse("2006-01-02 15:04:05.999999", text)
	if err != nil {
		return 0, errors.New("the server's UTC_TIMESTAMP cannot be read")
	}
	return before.Add(time.Since(before) / 2).Sub(theirs), nil
}
