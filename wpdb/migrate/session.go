package migrate

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"moserver-sidecar/wpdb"
)

// tableLockTimeout is how long a statement may wait for a table, in seconds. All
// later statements wait behind it, so it is short, and tried again.
const tableLockTimeout = 2

// migrator does one migration.
type migrator struct {
	Migration
	*wpdb.DB
	options Options
	aside   *sqlx.DB   // watches while conn is busy
	conn    *sqlx.Conn // changes the tables
	id      int64      // of conn on the server
	galera  bool
}

// newMigrator opens a connection that waits long for statements, which may take
// minutes, but not for locks.
func newMigrator(ctx context.Context, db *wpdb.DB, o Options) (*migrator, error) {
	aside, err := openPatient(db.Config)
	if err != nil {
		return nil, err
	}
	m := &migrator{DB: db, options: o, aside: aside, Migration: Migration{Changes: []Change{}, Findings: []wpdb.Finding{}}}
	if m.conn, err = aside.Connx(ctx); err != nil {
		aside.Close()
		return nil, err
	}
	if err := m.prepareSession(ctx); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// openPatient opens connections that wait for an answer as long as it takes.
func openPatient(c wpdb.Config) (*sqlx.DB, error) {
	m, err := wpdb.ConnConfig(c)
	if err != nil {
		return nil, fmt.Errorf("the settings of the database: %w", err)
	}
	m.ReadTimeout = 0
	inner, err := mysql.NewConnector(m)
	if err != nil {
		return nil, fmt.Errorf("the settings of the database: %w", err)
	}
	return sqlx.NewDb(sql.OpenDB(inner), "mysql"), nil
}

func (m *migrator) close() {
	m.conn.Close()
	m.aside.Close()
}

// prepareSession sets what must not be the server's default, and finds out what kind
// of server it is.
func (m *migrator) prepareSession(ctx context.Context) error {
	variables, err := wpdb.ServerVariables(ctx, m.conn, "version", "max_statement_time", "wsrep_on", "wsrep_osu_method")
	if err != nil {
		return err
	}
	m.galera = variables["wsrep_on"] == "ON"
	m.Session = []string{
		"SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'", // the tables may have zero dates
		fmt.Sprintf("SET SESSION lock_wait_timeout = %d", tableLockTimeout),
	}
	if _, there := variables["max_statement_time"]; there { // MariaDB; some hosts set it to some seconds
		m.Session = append(m.Session, "SET SESSION max_statement_time = 0")
	}
	if m.galera && variables["wsrep_osu_method"] == "RSU" { // which would change this node alone
		m.Session = append(m.Session, "SET SESSION wsrep_OSU_method = 'TOI'")
	}
	for _, statement := range m.Session {
		if _, err := m.conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return m.conn.GetContext(ctx, &m.id, "SELECT CONNECTION_ID()")
}

// run runs a statement, tells the watcher of it, and stops it on the server when ctx
// ends: a server goes on with a statement whose client is gone.
func (m *migrator) run(ctx context.Context, c Change, statement string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	done := make(chan error, 1)
	go func() {
		_, err := m.conn.ExecContext(context.WithoutCancel(ctx), statement)
		done <- err
	}()
	started, ticker := time.Now(), time.NewTicker(time.Second)
	defer ticker.Stop()
	stopped := ctx.Done()
	for {
		select {
		case err := <-done:
			return err
		case <-stopped:
			stopped = nil
			m.kill(statement)
		case <-ticker.C:
			if ctx.Err() != nil {
				m.kill(statement) // the first one may have come too early
			} else if m.options.Watch != nil {
				m.options.Watch(Progress{Change: c, Elapsed: time.Since(started), Percent: m.percent(ctx, statement)})
			}
		}
	}
}

// kill stops the statement on the server, if it still runs there: behind a proxy,
// another server may have given the number to another client.
func (m *migrator) kill(statement string) {
	ctx, cancel := context.WithTimeout(context.Background(), wpdb.DialTimeout)
	defer cancel()
	if m.process(ctx, statement).Empty() {
		return
	}
	if _, err := m.aside.ExecContext(ctx, fmt.Sprintf("KILL QUERY %d", m.id)); err != nil {
		m.Log.Warn("could not stop the statement yet", slog.String("error", wpdb.Describe(err)))
	}
}

// percent is how far the statement is in its stage, negative if unknown. MariaDB knows
// it of a table that it copies, but not of an index that it adds online.
func (m *migrator) percent(ctx context.Context, statement string) float64 {
	ctx, cancel := context.WithTimeout(ctx, wpdb.DialTimeout)
	defer cancel()
	percent, err := strconv.ParseFloat(m.process(ctx, statement).Text("Progress"), 64)
	if err != nil || percent <= 0 {
		return -1
	}
	return percent
}

// process is the server's entry of the statement; empty if it does not run, or that is
// unknown.
func (m *migrator) process(ctx context.Context, statement string) wpdb.Row {
	list, err := wpdb.SelectRows(ctx, m.aside, "SHOW FULL PROCESSLIST")
	if err != nil {
		return wpdb.Row{}
	}
	for _, p := range list {
		if p.Integer("Id") == m.id && strings.HasPrefix(statement, strings.TrimSpace(p.Text("Info"))) && !p.Null("Info") {
			return p
		}
	}
	return wpdb.Row{}
}
