package wpdb

import (
	"context"
	"database/sql"
	"strings"
)

// querier is a connection, a pool of them, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// eachRow runs a query, and calls take for each row of its result.
func eachRow(ctx context.Context, db querier, query string, args []any, take func(row)) error {
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
		next := make(row, len(columns))
		for i, column := range columns {
			next[column] = values[i]
		}
		take(next)
	}
	return rows.Err()
}

// selectRows is the rows of a query, for those whose columns differ between
// servers or editions of the plugin.
func selectRows(ctx context.Context, db querier, query string, args ...any) (list []row, err error) {
	err = eachRow(ctx, db, query, args, func(next row) { list = append(list, next) })
	return list, err
}

// serverVariables are those of the named variables that the server knows, each
// name in lower case.
func serverVariables(ctx context.Context, db querier, names ...string) (map[string]string, error) {
	list, err := selectRows(ctx, db, "SHOW VARIABLES WHERE Variable_name IN ('"+strings.Join(names, "', '")+"')")
	values := map[string]string{}
	for _, v := range list {
		values[strings.ToLower(v.text("Variable_name"))] = v.text("Value")
	}
	return values, err
}

// engineOf is the storage engine of a table, empty if there is no such table or
// the account does not see it. Names that differ in their case only are different
// tables on most servers, but not for information_schema.
func (s *Store) engineOf(ctx context.Context, db querier, table string) (string, error) {
	schema, name := s.config.split(table)
	list, err := selectRows(ctx, db, "SELECT COALESCE(ENGINE, 'unknown') AS engine FROM information_schema.TABLES "+
		"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY BINARY TABLE_NAME = BINARY ? DESC", schema, name, name)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].text("engine"), nil
}
