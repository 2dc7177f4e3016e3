package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Issue implements oauth.Store. A single token is a single statement, which may also
// store tokens of other requests.
func (s *Store) Issue(ctx context.Context, tokens ...oauth.Token) error {
	if err := fit(tokens); err != nil {
		return err
	}
	w := &wpdb.Write{DB: s.db, Tokens: tokens, Work: func(ctx context.Context, db wpdb.Session) error {
		return s.insert(ctx, db, tokens)
	}}
	w.Single = len(tokens) == 1
	if w.Single && tokens[0].Kind == oauth.AccessToken {
		_, err := s.inserts.ask(ctx, tokens[0])
		if err == nil {
			s.db.Succeeded()
			return nil
		}
		w.NoteOutcome(err)
	}
	return s.db.Again(ctx, func() error { return w.Try(ctx) })
}

// Revoke implements oauth.Store. It is synced, so that it misses no row of the cluster.
func (s *Store) Revoke(ctx context.Context, r oauth.Revocation) (ended bool, err error) {
	w := &wpdb.Write{DB: s.db.Synced(), Work: func(ctx context.Context, db wpdb.Session) error {
		last, found, err := s.revoke(ctx, db, r)
		if found && err == nil {
			err = s.revokeAccess(ctx, db, r, last)
		}
		// What an earlier try has removed stays removed, or is found again.
		ended = ended || found && err == nil
		return err
	}}
	w.Single = r.AccessTokens == oauth.ReachNone // one statement that removes something
	err = s.db.Again(ctx, func() error { return w.Try(ctx) })
	return ended && err == nil, err
}

// fit refuses what is longer than its column. With WordPress's sql_mode the server
// would truncate it silently, and a truncated scope may be another one.
func fit(tokens []oauth.Token) error {
	for _, t := range tokens {
		for _, text := range []string{t.Value, t.ClientID, t.Scope.String()} {
			if utf8.RuneCountInString(text) > wpdb.MaxColumn {
				return fmt.Errorf("a token, its client or its scope is longer than the %d characters that the tables hold", wpdb.MaxColumn)
			}
		}
	}
	return nil
}

// insert stores tokens, in a statement for each kind.
func (s *Store) insert(ctx context.Context, db wpdb.Session, tokens []oauth.Token) error {
	_, err := send(ctx, db, false, s.storing(tokens)...)
	return err
}

// storing is the statements that store tokens. They name the columns, because editions of
// the plugin have more, and give expires a value, because a column made by an older
// server would become "now".
func (s *Store) storing(tokens []oauth.Token) (list []statement) {
	for _, kind := range []oauth.Kind{oauth.AccessToken, oauth.RefreshToken} {
		one := statement{text: s.statements.insert[kind]}
		for _, t := range tokens {
			if t.Kind == kind {
				one.add(insertedRow, rowOf(t)...)
			}
		}
		if len(one.args) > 0 {
			list = append(list, one)
		}
	}
	return list
}

// maxInserted is how many access tokens share an INSERT: committing many rows costs the
// database little more than committing one.
const maxInserted = 64

// insertGathered stores access tokens of different requests, all of them or none.
func (s *Store) insertGathered(ctx context.Context, batch []oauth.Token) ([]struct{}, error) {
	w := &wpdb.Write{DB: s.db, Single: true, Work: func(ctx context.Context, db wpdb.Session) error {
		return s.insert(ctx, db, batch)
	}}
	return make([]struct{}, len(batch)), w.Try(ctx)
}

// rowOf returns the values of an insertedRow.
func rowOf(t oauth.Token) []any {
	return []any{t.Value, t.ClientID, t.UserID, wpdb.FormatExpires(t.Expires), t.Scope.String()}
}

// statement is one that a request makes, with its values.
type statement struct {
	text string
	args []any
	note func(error) error // judges its outcome where it is sent by itself
}

// add adds a row to a statement whose text has the first one already.
func (one *statement) add(row string, values ...any) {
	if len(one.args) > 0 {
		one.text += ", " + row
	}
	one.args = append(one.args, values...)
}

// send runs statements until one fails: together in one round trip, or each by itself.
// The result is that of the last.
func send(ctx context.Context, db wpdb.Session, together bool, list ...statement) (result sql.Result, err error) {
	if together {
		list = []statement{joined(list)}
	}
	for _, one := range list {
		result, err = db.ExecContext(ctx, one.text, one.args...)
		if one.note != nil {
			err = one.note(err)
		}
		if err != nil {
			return nil, err
		}
	}
	return result, nil
}

// removed is send, and how many rows the last statement, a DELETE, has removed. MariaDB may
// report one that was killed as one that has found nothing, so then it is looked again.
func removed(ctx context.Context, db wpdb.Session, together bool, list ...statement) (n int, err error) {
	n, err = affected(send(ctx, db, together, list...))
	if n > 0 || err != nil {
		return n, err
	}
	last := list[len(list)-1]
	left, err := wpdb.SelectRows(ctx, db, "SELECT 1"+strings.TrimPrefix(last.text, "DELETE")+" LIMIT 1", last.args...)
	if len(left) > 0 {
		err = wpdb.ErrCutShort
	}
	return 0, err
}

// joined is several statements as one that is sent.
func joined(list []statement) (all statement) {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i], all.args = one.text, append(all.args, one.args...)
	}
	all.text = strings.Join(texts, "; ")
	return all
}
