package sandboxtest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
)

// Site is a WordPress with the plugin, as far as its tables go, in a private
// database. In the SQL that its methods take {} stands for the prefix of the tables.
type Site struct {
	T      T
	Server *sandbox.Server
	Root   *sqlx.DB // root's connections, with sessions as PHP has them
	Prefix string
}

// sites counts the sites, so that each has a prefix of its own.
var sites atomic.Int64

// NewSite makes the tables of a site; an empty prefix is one that no other site has.
func NewSite(t T, server *sandbox.Server, prefix string) *Site {
	t.Helper()
	if prefix == "" {
		prefix = fmt.Sprintf("wp%d_", sites.Add(1))
	}
	NoError(t, server.CreateSite(context.Background(), prefix))
	return SiteOn(t, server, prefix)
}

// SiteOn is a site whose tables are in the server, or will be.
func SiteOn(t T, server *sandbox.Server, prefix string) *Site {
	t.Helper()
	return &Site{T: t, Server: server, Root: Connect(t, server, "root"), Prefix: prefix}
}

// Connect connects as PHP does: without strict modes, and in the time zone that
// the server has.
func Connect(t T, server *sandbox.Server, user string) *sqlx.DB {
	t.Helper()
	dsn := strings.Replace(server.DSN("interpolateParams=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27"), "root", user, 1)
	db, err := sqlx.Open("mysql", dsn)
	NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// SQL is a text with the prefix in place of each {}.
func (s *Site) SQL(text string) string { return strings.ReplaceAll(text, "{}", s.Prefix) }

// Exec runs a statement.
func (s *Site) Exec(statement string, args ...any) {
	s.T.Helper()
	if _, err := s.Root.Exec(s.SQL(statement), args...); err != nil {
		s.T.Fatalf("%s: %v", statement, err)
	}
}

// Strings is the one column that a query returns. NULL is "".
func (s *Site) Strings(query string, args ...any) (values []string) {
	s.T.Helper()
	for _, v := range column[sql.NullString](s, query, args) {
		values = append(values, v.String)
	}
	return values
}

// Ints is the one column that a query returns.
func (s *Site) Ints(query string, args ...any) []int {
	s.T.Helper()
	return column[int](s, query, args)
}

func column[V any](s *Site, query string, args []any) (values []V) {
	s.T.Helper()
	if err := s.Root.Select(&values, s.SQL(query), args...); err != nil {
		s.T.Fatalf("%s: %v", query, err)
	}
	return values
}

// Count is the number of rows of a table of the plugin, such as "access_tokens".
func (s *Site) Count(table string) int {
	s.T.Helper()
	return s.Ints("SELECT COUNT(*) FROM {}moos_oauth_" + table)[0]
}

// Session is a single connection, for what needs one: transactions and locks of
// somebody else.
func (s *Site) Session() *sql.Conn {
	s.T.Helper()
	conn, err := s.Root.DB.Conn(context.Background())
	NoError(s.T, err)
	s.T.Cleanup(func() { conn.Close() })
	return conn
}

// On runs statements on one connection.
func (s *Site) On(conn *sql.Conn, statements ...string) {
	s.T.Helper()
	for _, statement := range statements {
		if _, err := conn.ExecContext(Within(s.T, Patience), s.SQL(statement)); err != nil {
			s.T.Fatalf("%s: %v", statement, err)
		}
	}
}

// Status is one of the server's counters.
func (s *Site) Status(name string) (n int) {
	s.T.Helper()
	NoError(s.T, s.Root.QueryRow("SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&name, &n))
	return n
}

// AwaitLock waits until a transaction of the server waits for a lock.
func (s *Site) AwaitLock() {
	s.T.Helper()
	Eventually(s.T, Patience, "a transaction waits for a lock", func() bool {
		return s.Status("Innodb_row_lock_current_waits") > 0
	})
}

// Flush has the database write all that it holds in memory. Without it MariaDB
// cannot be started again when it is killed in the first seconds of a new data
// directory.
func (s *Site) Flush() {
	s.T.Helper()
	s.Exec("SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0")
	s.Exec("SET GLOBAL innodb_max_dirty_pages_pct = 0")
	Eventually(s.T, Patience, "the database has no dirty pages", func() bool {
		return s.Status("Innodb_buffer_pool_pages_dirty") == 0
	})
}

// Account makes an account with the password, which counts on a server with
// accounts. Without a grant it may do all in the site's database.
func (s *Site) Account(user, password string, grants ...string) {
	s.T.Helper()
	if len(grants) == 0 {
		grants = []string{"GRANT ALL ON wordpress.* TO " + user + "@localhost"}
	}
	s.Exec("DROP USER IF EXISTS " + user + "@localhost")
	s.Exec("CREATE USER " + user + "@localhost IDENTIFIED BY '" + password + "'")
	for _, grant := range grants {
		s.Exec(grant)
	}
}

// GrantTables are the tables that hold codes and tokens, without what their names
// begin with. The column of the value has the name of the kind.
func GrantTables() map[oauth.Kind]string {
	tables := map[oauth.Kind]string{}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		tables[kind] = string(kind) + "s"
	}
	return tables
}

// MakeTablesOld gives the expires columns the definition that servers before
// MariaDB 10.10 and MySQL 8.0 have made, and the tables the row format of MySQL
// before 5.7, whose indexes hold 767 bytes. Both stay after an upgrade.
func (s *Site) MakeTablesOld() {
	s.T.Helper()
	for _, table := range GrantTables() {
		s.Exec("ALTER TABLE {}moos_oauth_" + table +
			" MODIFY expires timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, ROW_FORMAT=COMPACT")
	}
}
