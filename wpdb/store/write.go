package store

import (
	"context"
	"errors"
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

// Redeem implements oauth.Store. The DELETE is the gate: no other process gets the
// rows that it has removed.
func (s *Store) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	if err := fit(tokens); err != nil {
		return err
	}
	w := &wpdb.Write{DB: s.db, Tokens: tokens, Work: func(ctx context.Context, db wpdb.Session) error {
		result, err := db.ExecContext(ctx, s.statements.remove[p.Kind], wpdb.Comparand(p.Value))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, oauth.ErrNotFound)
		}
		if err := s.insert(ctx, db, tokens); err != nil {
			return err
		}
		return s.recordRotation(ctx, db, p, tokens)
	}}
	return s.db.Again(ctx, func() error {
		err := w.Try(ctx)
		if w.DB == s.db && errors.Is(err, oauth.ErrNotFound) && s.db.Synced() != s.db {
			// The connection may lead to a node that does not have the row yet.
			w.DB = s.db.Synced()
			err = w.Try(ctx)
		}
		return err
	})
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

// insert names the columns, because editions of the plugin have more, and gives
// expires a value, because a column made by an older server would become "now".
func (s *Store) insert(ctx context.Context, db wpdb.Session, tokens []oauth.Token) error {
	for _, t := range tokens {
		if _, err := db.ExecContext(ctx, s.statements.insert[t.Kind], rowOf(t)...); err != nil {
			return err
		}
	}
	return nil
}

// maxInserted is how many access tokens share an INSERT: committing many rows costs the
// database little more than committing one.
const maxInserted = 64

// insertGathered stores access tokens of different requests, all of them or none.
func (s *Store) insertGathered(ctx context.Context, batch []oauth.Token) ([]struct{}, error) {
	args := make([]any, 0, 5*len(batch))
	for _, token := range batch {
		args = append(args, rowOf(token)...)
	}
	query := s.statements.insert[oauth.AccessToken] + strings.Repeat(", "+insertedRow, len(batch)-1)
	w := &wpdb.Write{DB: s.db, Single: true, Work: func(ctx context.Context, db wpdb.Session) error {
		_, err := db.ExecContext(ctx, query, args...)
		return err
	}}
	return make([]struct{}, len(batch)), w.Try(ctx)
}

// rowOf returns the values of an insertedRow.
func rowOf(t oauth.Token) []any {
	return []any{t.Value, t.ClientID, t.UserID, wpdb.FormatExpires(t.Expires), t.Scope.String()}
}
