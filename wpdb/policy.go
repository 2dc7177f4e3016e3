package wpdb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
)

const (
	// DialTimeout is how long the server may take to accept a connection.
	DialTimeout = 5 * time.Second
	// IOTimeout ends a connection whose server is silent, for work without a
	// deadline. It is longer than commitTimeout.
	IOTimeout = 30 * time.Second
	// connLifetime is below the wait_timeout of strict hosts, and moves the pool to a
	// new primary after a fail-over.
	connLifetime = 3 * time.Minute
)

// ConnConfig is the policy of all connections to the database, each choice
// with its reason.
func ConnConfig(c Config) (*mysql.Config, error) {
	m := mysql.NewConfig()
	m.Net, m.Addr, m.DialFunc = c.Network, c.Address, dial
	m.User, m.Passwd, m.DBName = c.User, c.Password, c.Name
	m.TLSConfig = cmp.Or(map[string]string{"on": "true", "preferred": "preferred", "skip-verify": "skip-verify"}[c.TLS], "false")
	m.Timeout, m.ReadTimeout, m.WriteTimeout = DialTimeout, IOTimeout, IOTimeout // see also connectTimeout

	// One round trip for a statement that is not prepared, instead of two.
	m.InterpolateParams = true
	// One round trip for several statements, where all values are arguments.
	m.MultiStatements = true
	// TIMESTAMP columns come back as their digits. They are UTC's whatever zone the
	// session has, so the driver must not interpret them.
	m.ParseTime = false
	// WordPress turns NO_ZERO_DATE and the strict modes off; the zero date means
	// "never" in these tables. time_zone is left alone: a row means what PHP meant
	// only in the zone that PHP wrote it through, the server's default.
	m.Params = map[string]string{
		"sql_mode": "'NO_ENGINE_SUBSTITUTION'",
		// The default of 50 s is longer than any client waits; it is tried again.
		"innodb_lock_wait_timeout": "5",
		// Some servers guard people at a console by these. Without autocommit an INSERT is
		// never stored, and rows that are left out are tokens that seem dead.
		"autocommit": "1", "sql_select_limit": "18446744073709551615", "sql_big_selects": "1", "sql_safe_updates": "0",
	}
	// A client's secret is encoded with the bytes of its name, so those must arrive
	// as PHP sees them.
	if err := m.Apply(mysql.Charset(c.Charset, "")); err != nil {
		return nil, err
	}
	m.Logger = silentLogger{} // it would report broken connections, which DB does
	return m, nil
}

// connector opens connections that are READ COMMITTED from the start, which saves
// each transaction a round trip. Under REPEATABLE READ a DELETE on a table without
// an index would lock all of it, against PHP's INSERTs too.
type connector struct {
	driver.Connector
	prepared *preparable
	galera   *atomic.Bool // whether a connection has led to a node of a Galera cluster
	syncWait bool         // its sessions wait for what other nodes have written
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn := &connection{prepared: map[string]driver.Stmt{}, all: &c.prepared.kept}
	inner, err := c.Connector.Connect(context.WithValue(ctx, dialed{}, &conn.network))
	if err != nil {
		return nil, err
	}
	conn.driverConn = inner.(driverConn)
	if err := c.setUp(ctx, conn); err != nil {
		conn.Close()
		return nil, err
	}
	for _, query := range c.prepared.queries {
		conn.prepared[query] = nil
	}
	return conn, nil
}

// setUp prepares the session.
func (c connector) setUp(ctx context.Context, conn driver.Conn) error {
	settings, err := galeraSettings(ctx, conn)
	if err != nil {
		return err
	}
	galera := settings["wsrep_on"] == "ON"
	if galera {
		c.galera.Store(true) // and stays: behind a proxy another connection may lead to another server
	}
	statements := []string{"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"}
	if galera && settings[dirtyReads] != "" { // elsewhere it would refuse every connection
		statements = append(statements, cleanReads)
	}
	if galera && c.syncWait {
		statements = append(statements, syncWait)
	}
	for _, statement := range statements {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			return err
		}
	}
	return nil
}

// Open returns a DB on the tables that c names, or an error for settings that can
// never work. It does not connect: a database may be up at the first request.
func Open(c Config, log *slog.Logger) (*DB, error) {
	t, err := c.tables()
	if err != nil {
		return nil, err
	}
	m, err := ConnConfig(c)
	if err != nil {
		return nil, fmt.Errorf("the settings of the database: %w", err)
	}
	inner, err := mysql.NewConnector(m)
	if err != nil {
		return nil, fmt.Errorf("the settings of the database: %w", err)
	}
	db := &DB{
		Config:   c,
		Tables:   t,
		Log:      log,
		galera:   new(atomic.Bool),
		outage:   &outage{log: log},
		metrics:  &metrics{faults: newFaults()},
		prepared: new(preparable),

		indexes: new(atomic.Pointer[map[oauth.Kind]tokenIndex]),
	}
	later := *db
	db.later = &later
	all := connector{Connector: inner, prepared: db.prepared, galera: db.galera}
	db.connect(all, c.MaxConnections)
	// A few are enough for what was missed, and all that a guesser can keep busy.
	all.syncWait = true
	later.connect(all, (c.MaxConnections+3)/4)
	db.metrics.pools = poolMetrics(db)
	return db, nil
}

// Prepare names frequent statements, which are prepared when they are first needed on a
// connection. It must be called before the first connection is opened.
func (db *DB) Prepare(queries ...string) {
	db.prepared.queries = append(db.prepared.queries, queries...)
}

// connect makes the pool, without opening a connection.
func (db *DB) connect(c connector, limit int) {
	// Twice as many handshakes as connections, so that abandoned ones do not keep
	// new ones from being tried.
	pool := sql.OpenDB(&handshakes{connector: c, limit: 2 * limit})
	pool.SetMaxOpenConns(limit)
	pool.SetConnMaxLifetime(connLifetime)
	db.SQL, db.limit = sqlx.NewDb(pool, "mysql"), limit
	db.keepIdle()
	db.uncrowd = time.AfterFunc(crowdedTime, db.keepIdle)
}

// keepIdle keeps every idle connection open: a new one costs a handshake.
func (db *DB) keepIdle() { db.SQL.SetMaxIdleConns(cmp.Or(db.limit, math.MaxInt)) }

// silentLogger drops what the driver would print.
type silentLogger struct{}

// Print implements mysql.Logger.
func (silentLogger) Print(...any) {}
