package tokens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// revokeBatch is how many codes or tokens one transaction removes. It ends before PHP
// notices, and its statement fits the smallest max_allowed_packet even if each value
// has 255 characters of four bytes.
const revokeBatch = 500

// Revoke removes the matching codes and tokens, and returns how many rows of each kind
// it has removed, also with an error. It calls progress, unless nil, with the number
// so far.
//
// Each short transaction reads some values with a plain SELECT and removes them by
// value: without an index a DELETE locks the rows that it removes, and with one it
// reads no others. Codes go first and access tokens last; then it looks once more, for
// what requests in flight have written meanwhile.
func Revoke(ctx context.Context, db *wpdb.DB, f Filter, progress func(removed int64)) (map[oauth.Kind]int64, error) {
	r := &removal{DB: db, filter: f, progress: progress, removed: map[oauth.Kind]int64{}}
	for range 2 {
		for _, kind := range f.kinds() {
			if err := r.all(ctx, kind); err != nil {
				return r.removed, err
			}
		}
	}
	return r.removed, nil
}

// removal is a running Revoke.
type removal struct {
	*wpdb.DB
	filter   Filter
	progress func(int64)
	removed  map[oauth.Kind]int64
	total    int64
}

// all removes everything of one kind that matches.
func (r *removal) all(ctx context.Context, kind oauth.Kind) error {
	var before []string
	for {
		values, err := r.read(ctx, kind)
		if err != nil || len(values) == 0 {
			return err
		}
		n, err := r.batch(ctx, kind, values)
		if err != nil {
			return err
		}
		if n == 0 && slices.Equal(values, before) { // or this would never end
			return errors.New("the database does not remove some rows; is the table damaged, or its character set not WordPress's?")
		}
		before = values
		r.removed[kind] += n
		if r.total += n; r.progress != nil {
			r.progress(r.total)
		}
	}
}

// read returns some values that match.
func (r *removal) read(ctx context.Context, kind oauth.Kind) (values []string, err error) {
	table, column := r.Tables.KindTable(kind)
	condition, args := r.filter.where(kind, column)
	query := fmt.Sprintf("SELECT %s FROM `%s` WHERE %s LIMIT %d", column, table, condition, revokeBatch)
	err = r.Repeat(ctx, false, func() error {
		values = nil
		return r.SQL.SelectContext(ctx, &values, query, args...)
	})
	return values, err
}

// batch removes the values in one statement, but only from matching rows: another
// client may have the same value.
func (r *removal) batch(ctx context.Context, kind oauth.Kind, values []string) (removed int64, err error) {
	table, column := r.Tables.KindTable(kind)
	condition, args := r.filter.where(kind, column)
	marks := strings.TrimSuffix(strings.Repeat("CAST(? AS BINARY), ", len(values)), ", ")
	query := fmt.Sprintf("DELETE FROM `%s` WHERE %s AND %s IN (%s)", table, condition, column, marks)
	for _, value := range values {
		args = append(args, value)
	}
	w := &wpdb.Write{DB: r.DB, Single: true, Work: func(ctx context.Context, db wpdb.Session) error {
		result, err := db.ExecContext(ctx, query, args...)
		if err == nil {
			removed, err = result.RowsAffected()
		}
		return err
	}}
	err = r.Again(ctx, func() error { return w.Try(ctx) })
	return removed, err
}
