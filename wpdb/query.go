package wpdb

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Each runs a query, and calls take for each row of its result, as reading does.
func (s *DB) Each(ctx context.Context, query string, args []any, take func(Row)) error {
	return s.Reading(ctx, func(ctx context.Context, conn *sqlx.Conn) error {
		return EachRow(ctx, conn, query, args, take)
	})
}

// Reading lets work read on a connection. Waiting for one ends with ctx; what has
// begun ends at the deadline of ctx alone. To break a connection off because a
// client has left would cost the server more than to finish.
func (s *DB) Reading(ctx context.Context, work func(context.Context, *sqlx.Conn) error) error {
	conn, err := s.SQL.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	network, err := networkOf(conn.Conn)
	if err != nil {
		return err
	}
	limit := IOTimeout
	if end, ok := ctx.Deadline(); ok {
		limit = time.Until(end)
	}
	overtime := time.AfterFunc(limit, func() { network.Close() })
	err = work(context.WithoutCancel(ctx), conn)
	if overtime.Stop() {
		return err
	}
	discard(conn.Conn)
	if err != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// BlogOptions reads the options of a blog.
func (s *DB) BlogOptions(ctx context.Context, blog int64) (map[string]string, error) {
	return s.QueryOptions(ctx, s.OptionsOf(blog, OptionsStatement(s.Tables)))
}

// OptionsOf puts a blog into a statement that reads its options.
func (s *DB) OptionsOf(blog int64, statement string) string {
	return strings.ReplaceAll(OfBlog(statement, s.Config.BlogOptions(blog)), BlogNumber, strconv.FormatInt(blog, 10))
}

// QueryOptions runs a query whose result is names and values of options.
func (s *DB) QueryOptions(ctx context.Context, query string, args ...any) (map[string]string, error) {
	options := map[string]string{}
	err := s.Each(ctx, query, args, func(r Row) { options[r.Text("option_name")] = r.Text("option_value") })
	return options, err
}

// querier is a connection, a pool of them, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// EachRow runs a query, and calls take for each row of its result.
func EachRow(ctx context.Context, db querier, query string, args []any, take func(Row)) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		next := make(Row, len(columns))
		for i, column := range columns {
			next[column] = values[i]
		}
		take(next)
	}
	return rows.Err()
}

// SelectRows is the rows of a query, for those whose columns differ between
// servers or editions of the plugin.
func SelectRows(ctx context.Context, db querier, query string, args ...any) (list []Row, err error) {
	err = EachRow(ctx, db, query, args, func(next Row) { list = append(list, next) })
	return list, err
}

// ServerVariables are those of the named variables that the server knows, each
// name in lower case.
func ServerVariables(ctx context.Context, db querier, names ...string) (map[string]string, error) {
	list, err := SelectRows(ctx, db, "SHOW VARIABLES WHERE Variable_name IN ('"+strings.Join(names, "', '")+"')")
	values := map[string]string{}
	for _, v := range list {
		values[strings.ToLower(v.Text("Variable_name"))] = v.Text("Value")
	}
	return values, err
}

// EngineOf is the storage engine of a table, empty if there is no such table or
// the account does not see it. Names that differ in their case only are different
// tables on most servers, but not for information_schema.
func (s *DB) EngineOf(ctx context.Context, db querier, table string) (string, error) {
	schema, name := s.Config.Split(table)
	list, err := SelectRows(ctx, db, "SELECT COALESCE(ENGINE, 'unknown') AS engine FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY BINARY TABLE_NAME = BINARY ? DESC", schema, name, name)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].Text("engine"), nil
}
