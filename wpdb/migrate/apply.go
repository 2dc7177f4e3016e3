package migrate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/wpdb"
)

const (
	// bigTable is the number of rows from which writers wait only if --allow-blocking says so.
	bigTable = 10_000
	// maxTableLocks is how often a table is waited for.
	maxTableLocks = 15
	tablePause    = 2 * time.Second
)

// Numbers of server errors that decide how a migration goes on.
const (
	errIndexThere    = 1061
	errNothingToDrop = 1091
	errInterrupted   = 1317
	errLogFull       = 1799
	errNotOnline     = 1845
	errNotOnlineFor  = 1846
	errTimeLimit     = 1969
)

// apply makes a change, and notes how it went. An error ends the whole migration.
func (m *migrator) apply(ctx context.Context, c *Change) error {
	for tries := 1; ; tries++ {
		err := m.run(ctx, *c, c.Statements[0])
		switch {
		case err == nil:
			c.State = ChangeDone
			return nil
		case ctx.Err() != nil || wpdb.FaultOf(err) == wpdb.FaultLost:
			return err
		case wpdb.FaultOf(err) == wpdb.FaultConflict && tries < maxTableLocks:
			if !wpdb.Sleep(ctx, tablePause/2+rand.N(tablePause)) {
				return ctx.Err()
			}
		default:
			return m.judge(ctx, c, err)
		}
	}
}

// judge decides what an error of the server means for a change.
func (m *migrator) judge(ctx context.Context, c *Change, err error) error {
	switch wpdb.ErrorNumber(err) {
	case errIndexThere, errNothingToDrop:
		l, err := m.layout(ctx, c.Table)
		if err != nil {
			return err
		}
		if c.settled(l) {
			c.State, c.Note = ChangeThere, "Another process has done it meanwhile."
			return nil
		}
		c.refuse(wpdb.KindNameTaken, fmt.Sprintf("Something else in the table %s is already called %s.", c.Table, c.Name), "Rename it, and run this again.")
		return nil
	case errNotOnline, errNotOnlineFor:
		return m.block(ctx, c)
	}
	c.State, c.Finding = ChangeRefused, m.explain(c, err)
	return nil
}

// block makes a change while writers wait, if the table is small or that was asked
// for.
func (m *migrator) block(ctx context.Context, c *Change) error {
	var rows int // counted no further than bigTable
	err := m.conn.GetContext(ctx, &rows, fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) AS counted", wpdb.QuoteName(c.Table), bigTable))
	if err != nil {
		return err
	}
	if c.blocking == "" || rows == bigTable && !m.options.Blocking {
		c.refuse(wpdb.KindChangeBlocking, fmt.Sprintf("This server can change the table %s only while nobody writes to it, and it has many rows.", c.Table),
			"Run it again with --allow-blocking at a quiet hour; reads go on, and requests that write wait meanwhile.")
		return nil
	}
	c.Statements, c.blocking = []string{c.blocking}, ""
	c.Note = "Writers had to wait meanwhile: this server cannot do it online."
	return m.apply(ctx, c)
}

func (c *Change) refuse(kind wpdb.Kind, problem, remedy string) {
	c.State, c.Finding = ChangeRefused, &wpdb.Finding{Kind: kind, Problem: problem, Remedy: remedy}
}

// explain has a sentence for each way in which a server refuses a statement.
func (m *migrator) explain(c *Change, err error) *wpdb.Finding {
	n := wpdb.ErrorNumber(err)
	switch {
	case wpdb.Denied(err) || n == wpdb.ErrAccessDeniedDB:
		return &wpdb.Finding{Kind: wpdb.KindPrivilegeMissing, Problem: fmt.Sprintf("The user %q may not change the table %s.", m.Config.User, c.Table),
			Remedy: m.grantRemedy(c.privilege, c.Table)}
	case slices.Contains(wpdb.ReadOnlyErrors(), n):
		return &wpdb.Finding{Kind: wpdb.KindReadOnly, Problem: fmt.Sprintf("The database at %s is read-only.", m.Config.Address),
			Remedy: "Run it on the primary server; replicas follow by themselves."}
	case wpdb.FaultOf(err) == wpdb.FaultConflict:
		return &wpdb.Finding{Kind: wpdb.KindChangeLocked, Problem: fmt.Sprintf("Another transaction holds the table %s for too long.", c.Table),
			Remedy: "Find it in SHOW FULL PROCESSLIST (a backup, an open session), and run this again when it has ended."}
	case n == errInterrupted:
		return &wpdb.Finding{Kind: wpdb.KindChangeStopped, Problem: "Someone else has stopped the statement.", Remedy: "Nothing of it is left; run it again."}
	case n == errTimeLimit:
		return &wpdb.Finding{Kind: wpdb.KindChangeStopped, Problem: "The server stops statements that take long.", Remedy: "Set max_statement_time = 0 for this user, and run it again."}
	case n == errLogFull:
		return &wpdb.Finding{Kind: wpdb.KindChangeLocked, Problem: fmt.Sprintf("The table %s had more writes meanwhile than the server could buffer.", c.Table),
			Remedy: "Run it again at a quiet hour, or raise innodb_online_alter_log_max_size."}
	}
	why := wpdb.Describe(err)
	if server := (*mysql.MySQLError)(nil); errors.As(err, &server) { // its words on such a statement have no values of rows
		why = fmt.Sprintf("%q (error %d)", server.Message, server.Number)
	}
	return &wpdb.Finding{Kind: wpdb.KindChangeRefused, Problem: fmt.Sprintf("The server refuses it: %s.", why), Remedy: "Fix that, and run it again."}
}

// grantRemedy is the GRANT to run.
func (m *migrator) grantRemedy(privileges, table string) string {
	ctx, cancel := context.WithTimeout(context.Background(), wpdb.DialTimeout)
	defer cancel()
	return m.GrantTo(m.Account(ctx), privileges, table) + " Or give --db-user and --db-password-file of an administrator for this once."
}
