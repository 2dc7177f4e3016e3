package store

import (
	"context"
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"unicode/utf8"
)

// Issue implements oauth.Store. A single token is a single statement, which it may
// share with tokens of other requests.
func (s *Store) Issue(ctx context.Context, tokens ...oauth.Token) error {
	if err := fit(tokens); err != nil {
		return err
	}
	w := &wpdb.Write{DB: s.db, Tokens: tokens, Work: func(ctx context.Context, db wpdb.Session) error {
		return s.insert(ctx, db, tokens)
	}}
	w.Single = len(tokens) == 1
	if w.Single && tokens[0].Kind == oauth.AccessToken {
		err := s.gather(ctx, tokens[0])
		if err == nil {
			s.db.Succeeded()
			return nil
		}
		w.NoteOutcome(err)
	}
	return s.db.Again(ctx, func() error { return w.Try(ctx) })
}

// Redeem implements oauth.Store. The DELETE is the gate: the rows that it says
// it removed are nobody else's any more.
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
			// The connection may lead to a node that has not got the row yet.
			w.DB = s.db.Synced()
			err = w.Try(ctx)
		}
		return err
	})
}

// Revoke implements oauth.Store. A node must not delete less than the cluster
// has.
func (s *Store) Revoke(ctx context.Context, r oauth.Revocation) (ended bool, err error) {
	w := &wpdb.Write{DB: s.db.Synced(), Work: func(ctx context.Context, db wpdb.Session) error {
		last, found, err := s.revoke(ctx, db, r)
		if found && err == nil {
			err = s.revokeAccess(ctx, db, r, last)
		}
		// What an earlier try has taken away stays so, or is found again.
		ended = ended || found && err == nil
		return err
	}}
	w.Single = r.AccessTokens == oauth.ReachNone // one statement that removes something
	err = s.db.Again(ctx, func() error { return w.Try(ctx) })
	return ended && err == nil, err
}

// fit refuses what is longer than its column. With WordPress's sql_mode the
// server would cut it without a word, and a scope that is cut may be another
// one.
func fit(tokens []oauth.Token) error {
	for _, t := range tokens {
		for _, text := range []string{t.Value, t.ClientID, t.Scope.String()} {
			if utf8.RuneCountInString(text) > wpdb.MaxColumn {
				return fmt.Errorf("the tables do not hold more than %d characters for a token, its client or its scope", wpdb.MaxColumn)
			}
		}
	}
	return nil
}

// insert names the columns, because editions of the plugin have more, and
// gives a value to expires, because a column that older servers have made
// would set itself to "now".
func (s *Store) insert(ctx context.Context, db wpdb.Session, tokens []oauth.Token) error {
	for _, t := range tokens {
		if _, err := db.ExecContext(ctx, s.statements.insert[t.Kind], rowOf(t)...); err != nil {
			return err
		}
	}
	return nil
}

// rowOf is the values of an insertedRow.
func rowOf(t oauth.Token) []any {
	return []any{t.Value, t.ClientID, t.UserID, wpdb.FormatExpires(t.Expires), t.Scope.String()}
}
