package wpdb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Each is EachRow on a connection of its own, within Reading.
func (db *DB) Each(ctx context.Context, query string, args []any, take func(Row)) error {
	return db.Reading(ctx, func(ctx context.Context, conn *sqlx.Conn) error {
		return EachRow(ctx, conn, query, args, take)
	})
}

// Reading lets work read on a connection until the deadline of ctx.
func (db *DB) Reading(ctx context.Context, work func(context.Context, *sqlx.Conn) error) error {
	overtime, err := db.onConnection(ctx, 0, work)
	if overtime && err != nil {
		return context.DeadlineExceeded
	}
	return err
}

// onConnection lets work run on a connection. Waiting for one ends with ctx. What has
// begun is broken off after limit, or if that is 0 at the deadline of ctx, but not
// because the client has left: that would cost the server more than finishing.
func (db *DB) onConnection(ctx context.Context, limit time.Duration, work func(context.Context, *sqlx.Conn) error) (overtime bool, err error) {
	conn, err := db.SQL.Connx(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	network, err := networkOf(conn.Conn)
	if err != nil {
		return false, err
	}
	if limit == 0 {
		limit = IOTimeout
		if end, ok := ctx.Deadline(); ok {
			limit = time.Until(end)
		}
	}
	timer := time.AfterFunc(limit, func() { network.Close() })
	err = work(context.WithoutCancel(ctx), conn)
	if overtime = !timer.Stop(); overtime {
		discard(conn.Conn)
	}
	return overtime, err
}

// BlogOptions reads the options of a blog.
func (db *DB) BlogOptions(ctx context.Context, blog int64) (Options, error) {
	return db.QueryOptions(ctx, db.OptionsStatement(blog))
}

// QueryOptions runs a query for names and values of options.
func (db *DB) QueryOptions(ctx context.Context, query string, args ...any) (Options, error) {
	options := Options{}
	err := db.Each(ctx, query, args, func(r Row) { options[r.Text("option_name")] = r.Text("option_value") })
	return options, err
}

// EachRow runs a query, and calls take for each row of its result. It is on the way of
// every request, so a row costs two allocations, whatever its columns.
func EachRow(ctx context.Context, db sqlx.QueryerContext, query string, args []any, take func(Row)) error {
	rows, err := db.QueryxContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	columns := columnsOf(names)
	values, places := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range names {
		places[i] = &values[i]
	}
	var text []byte
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		text = text[:0]
		ends := make([]int, len(values))
		for i, value := range values {
			text = append(text, value...)
			if ends[i] = len(text); value == nil {
				ends[i] = ^len(text)
			}
		}
		take(Row{columns, string(text), ends})
	}
	return rows.Err()
}

// SelectRows returns the rows of a query.
func SelectRows(ctx context.Context, db sqlx.QueryerContext, query string, args ...any) (list []Row, err error) {
	err = EachRow(ctx, db, query, args, func(next Row) { list = append(list, next) })
	return list, err
}

// ServerVariables reads those of the named variables that the server knows, by their
// names in lower case.
func ServerVariables(ctx context.Context, db sqlx.QueryerContext, names ...string) (map[string]string, error) {
	list, err := SelectRows(ctx, db, "SHOW VARIABLES WHERE Variable_name IN ('"+strings.Join(names, "', '")+"')")
	values := map[string]string{}
	for _, v := range list {
		values[strings.ToLower(v.Text("Variable_name"))] = v.Text("Value")
	}
	return values, err
}

// Bounds returns what makes a SELECT, given without that word, one that the server itself
// stops after some time, if it can: one whose client is gone goes on.
func (db *DB) Bounds(ctx context.Context, limit time.Duration) (bound func(what string) string, can bool, err error) {
	variables, err := ServerVariables(ctx, db.SQL, "max_statement_time", "max_execution_time")
	before := "SELECT "
	if _, can = variables["max_statement_time"]; can { // MariaDB
		before = fmt.Sprintf("SET STATEMENT max_statement_time=%d FOR SELECT ", int(limit.Seconds()))
	} else if _, can = variables["max_execution_time"]; can {
		before = fmt.Sprintf("SELECT /*+ MAX_EXECUTION_TIME(%d) */ ", limit.Milliseconds())
	}
	return func(what string) string { return before + what }, can, err
}

// EngineOf is the storage engine of a table, empty if there is no such table or
// the account does not see it. Names that differ only in letter case are different
// tables on most servers, but not to information_schema.
func (db *DB) EngineOf(ctx context.Context, q sqlx.QueryerContext, table string) (string, error) {
	schema, name := db.Config.Split(table)
	list, err := SelectRows(ctx, q, "SELECT COALESCE(ENGINE, 'unknown') AS engine FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY BINARY TABLE_NAME = BINARY ? DESC", schema, name, name)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].Text("engine"), nil
}

// EstimateRows is about how many rows a table has, as the server estimates without
// reading it; 0 if there is no such table or the account does not see it.
func (db *DB) EstimateRows(ctx context.Context, table string) (int64, error) {
	schema, name := db.Config.Split(table)
	list, err := SelectRows(ctx, db.SQL, "SELECT COALESCE(TABLE_ROWS, 0) AS estimate FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, name)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].Integer("estimate"), nil
}
