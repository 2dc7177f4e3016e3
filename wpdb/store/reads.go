package store

import (
	"context"
	"math/bits"
	"slices"
	"strings"

	"moserver-sidecar/wpdb"
)

// question is what a request asks for by a statement that it may share.
type question struct {
	args   [3]any
	openID bool // an ID token may be asked for
}

// answer is the row of a question.
type answer struct {
	wpdb.Row
	first wpdb.Row // of all that share the statement; it has what is the same for all
}

// reads is a kind of statement that requests share.
type reads struct {
	store  *Store
	plain  sizes
	openID sizes             // empty: plain has all there is
	takes  []int             // which args of each question the texts have, in their order
	note   func(error) error // says what an error comes to; nil: itself
	*gatherer[question, answer]
}

// newReads makes a kind of statement, whose texts take some args of each question.
func (s *Store) newReads(kind string, plain, openID sizes, takes ...int) *reads {
	r := &reads{store: s, plain: plain, openID: openID, takes: takes}
	run := func(ctx context.Context, batch []question) ([]answer, error) {
		rows, err := r.read(ctx, s.db, batch)
		s.db.Tried(err)
		return rows, err
	}
	r.gatherer = &gatherer[question, answer]{most: maxRead, patience: gatherPatience, forget: true, run: run, observe: s.gathered(kind)}
	return r
}

// look reads a row and lets judge say whether something was missed, which is then looked
// for again as wpdb.DB.Look does. The first try is shared with others.
func (r *reads) look(ctx context.Context, q question, judge func(context.Context, *wpdb.DB, answer) (missed bool, err error)) error {
	shared := false
	return r.store.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (missed bool, err error) {
		if !shared {
			shared = true
			if row, err := r.ask(ctx, q); err == nil {
				return judge(ctx, db, row)
			}
		}
		rows, err := r.read(ctx, db, []question{q})
		if err != nil {
			return false, err
		}
		return judge(ctx, db, rows[0])
	})
}

// read reads the row of each question. Where keys cannot be read the rest still can.
func (r *reads) read(ctx context.Context, db *wpdb.DB, batch []question) ([]answer, error) {
	openID := false
	for _, q := range batch {
		openID = openID || q.openID
	}
	if !openID {
		return r.readSize(ctx, db, r.plain, batch)
	}
	rows, err := r.readSize(ctx, db, r.openID, batch)
	if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.Denied(err) {
		r.store.openID.keys.missing()
		rows, err = r.readSize(ctx, db, r.plain, batch)
	}
	return rows, err
}

// readSize runs the smallest text that is large enough. What it has room for besides is
// NULL, which equals nothing. Every text has a row for each request, whatever is there:
// MariaDB may report one that was killed while it made a derived table as one without rows.
func (r *reads) readSize(ctx context.Context, db *wpdb.DB, texts sizes, batch []question) ([]answer, error) {
	size := bits.Len(uint(len(batch) - 1))
	rows, err := r.readText(ctx, db, texts[size], size, batch)
	if err == nil && rows[0].Empty() && strings.HasSuffix(texts[size], siteRow) {
		size++ // the options lack that row
		rows, err = r.readText(ctx, db, texts[size], size, batch)
	}
	if err == nil && slices.ContainsFunc(rows, answer.Empty) {
		err = wpdb.ErrCutShort
	}
	if r.note != nil {
		err = r.note(err)
	}
	return rows, err
}

// readText runs a text that reads for 1 << size requests.
func (r *reads) readText(ctx context.Context, db *wpdb.DB, text string, size int, batch []question) ([]answer, error) {
	args := make([]any, len(r.takes)<<size)
	for i, q := range batch {
		for j, taken := range r.takes {
			args[i*len(r.takes)+j] = q.args[taken]
		}
	}
	rows := make([]answer, len(batch))
	err := db.Each(ctx, text, args, func(row wpdb.Row) {
		if i := row.Integer(wpdb.ColRequest); i < int64(len(rows)) && rows[i].Empty() {
			rows[i].Row = row
		}
	})
	for i := range rows {
		rows[i].first = rows[0].Row
	}
	return rows, err
}
