package migrate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/wpdb"
)

const (
	// bigTable is the number of rows from which on nobody is made to wait unasked.
	bigTable = 10_000
	// maxTableLocks is how often a table is waited for.
	maxTableLocks = 15
	tablePause    = 2 * time.Second
)

// Numbers of server errors that tell how a migration goes on.
const (
	errColumnThere   = 1060
	errIndexThere    = 1061
	errSyntax        = 1064
	errKeyThere      = 1068
	errNothingToDrop = 1091
	errInterrupted   = 1317
	errLogFull       = 1799
	errNotOnline     = 1845
	errNotOnlineFor  = 1846
	errTimeLimit     = 1969
)

// apply does a change, and notes how it went. The error is for what ends the
// whole migration.
func (m *migrator) apply(ctx context.Context, c *Change) error {
	if c.Statements[0] == c.blocking {
		return m.block(ctx, c)
	}
	for tries := 1; ; tries++ {
		err := m.try(ctx, c)
		switch {
		case err == nil:
			if c.State == ChangePlanned {
				c.State = ChangeDone
			}
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

// try runs the statements of a change.
func (m *migrator) try(ctx context.Context, c *Change) error {
	switch {
	case !c.emptyOnly:
		return m.run(ctx, *c, c.Statements[0])
	case m.galera:
		return m.keyUnlocked(ctx, c)
	}
	if err := m.run(ctx, *c, c.Statements[0]); err != nil {
		return err
	}
	defer m.conn.ExecContext(context.WithoutCancel(ctx), c.Statements[2])
	if refused, err := m.refuseRows(ctx, c); refused || err != nil {
		return err
	}
	return m.run(ctx, *c, c.Statements[1])
}

// keyUnlocked adds a key where a lock would hold on one node only. If rows have
// come meanwhile, the key goes again at once.
func (m *migrator) keyUnlocked(ctx context.Context, c *Change) error {
	if refused, err := m.refuseRows(ctx, c); refused || err != nil {
		return err
	}
	if err := m.run(ctx, *c, c.Statements[0]); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if refused, err := m.refuseRows(ctx, c); !refused || err != nil {
		return err
	}
	return m.run(ctx, *c, dropKey(c.Table))
}

// refuseRows refuses to give a key to a table that has a row.
func (m *migrator) refuseRows(ctx context.Context, c *Change) (refused bool, err error) {
	rows, err := m.countRows(ctx, c.Table, 1)
	if err != nil || rows == 0 {
		return false, err
	}
	c.refuse(wpdb.KindNameTaken, fmt.Sprintf("The table %s has rows, and a key would number them differently on each replica, so that later deletes hit other rows there.", c.Table),
		"Leave it without a key: the indexes do for all but MySQL's group replication.")
	return true, nil
}

// countRows counts up to a limit, which spares reading a big table.
func (m *migrator) countRows(ctx context.Context, table string, limit int) (n int, err error) {
	err = m.conn.GetContext(ctx, &n, fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) AS counted", wpdb.QuoteName(table), limit))
	return n, err
}

// judge says what an error of the server means for a change.
func (m *migrator) judge(ctx context.Context, c *Change, err error) error {
	switch n := wpdb.ErrorNumber(err); n {
	case errIndexThere, errColumnThere, errKeyThere, errNothingToDrop:
		return m.judgeThere(ctx, c)
	case errNotOnline, errNotOnlineFor:
		return m.block(ctx, c)
	default:
		c.Finding = m.explain(c, err)
		c.State = ChangeRefused
		return nil
	}
}

// judgeThere: somebody else has done the same, or has taken the name for something
// else.
func (m *migrator) judgeThere(ctx context.Context, c *Change) error {
	l, err := m.layout(ctx, c.Table)
	if err != nil {
		return err
	}
	if c.settled(l) {
		c.State, c.Note = ChangeThere, "Somebody else has done it meanwhile."
		return nil
	}
	c.refuse(wpdb.KindNameTaken, fmt.Sprintf("The table %s has another thing by the name of the %s.", c.Table, c.Name), "Rename that one, and run it again.")
	return nil
}

// block does a change while writers wait, if the table is small or that was asked
// for.
func (m *migrator) block(ctx context.Context, c *Change) error {
	rows, err := m.countRows(ctx, c.Table, bigTable)
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

// explain is a sentence for each way in which a server refuses a statement.
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
		return &wpdb.Finding{Kind: wpdb.KindChangeLocked, Problem: fmt.Sprintf("Another transaction keeps the table %s, for longer than anybody should be made to wait behind it.", c.Table),
			Remedy: "See in SHOW FULL PROCESSLIST whose it is (a backup, an open session), and run it again when it has ended."}
	case n == errInterrupted:
		return &wpdb.Finding{Kind: wpdb.KindChangeStopped, Problem: "Somebody else has stopped the statement.", Remedy: "Nothing of it is left; run it again."}
	case n == errTimeLimit:
		return &wpdb.Finding{Kind: wpdb.KindChangeStopped, Problem: "The server stops statements that take long.", Remedy: "Set max_statement_time = 0 for this user, and run it again."}
	case n == errLogFull:
		return &wpdb.Finding{Kind: wpdb.KindChangeLocked, Problem: fmt.Sprintf("There were more writes to the table %s meanwhile than the server could keep.", c.Table),
			Remedy: "Run it again at a quiet hour, or raise innodb_online_alter_log_max_size."}
	case n == errSyntax && c.emptyOnly:
		return &wpdb.Finding{Kind: wpdb.KindChangeRefused, Problem: "This server has no invisible columns.", Remedy: "They need MySQL 8.0.23 or MariaDB 10.3."}
	}
	return &wpdb.Finding{Kind: wpdb.KindChangeRefused, Problem: fmt.Sprintf("The server refuses it: %s.", describeChange(err)), Remedy: "Mend that, and run it again."}
}

// describeChange repeats the server's words: those on a change of a table have no
// values of its rows.
func describeChange(err error) string {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		return fmt.Sprintf("%q (error %d)", server.Message, server.Number)
	}
	return wpdb.Describe(err)
}

// grantRemedy is the GRANT to run. The privilege to lock tables is one on all of
// the database.
func (m *migrator) grantRemedy(privileges, table string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	account := m.Account(ctx)
	grant := m.GrantTo(account, strings.TrimSuffix(privileges, lockTables), table)
	if strings.HasSuffix(privileges, lockTables) {
		grant += fmt.Sprintf(" GRANT LOCK TABLES ON `%s`.* TO %s;", m.Config.Name, account)
	}
	return grant + " Or give --db-user and --db-password-file of an administrator for this once."
}
