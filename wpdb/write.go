package wpdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
)

// Issue implements oauth.Store. A single token is a single statement, which it may
// share with tokens of other requests.
func (s *Store) Issue(ctx context.Context, tokens ...oauth.Token) error {
	if err := fit(tokens); err != nil {
		return err
	}
	w := &write{Store: s, tokens: tokens, work: func(ctx context.Context, db session) error {
		return s.insert(ctx, db, tokens)
	}}
	w.single = len(tokens) == 1
	if w.single && tokens[0].Kind == oauth.AccessToken {
		err := s.gather(ctx, tokens[0])
		if err == nil {
			s.outage.succeeded(true)
			return nil
		}
		w.noteOutcome(err)
	}
	return s.again(ctx, func() error { return w.try(ctx) })
}

// Redeem implements oauth.Store. The DELETE is the gate: the rows that it says
// it removed are nobody else's any more.
func (s *Store) Redeem(ctx context.Context, p oauth.Presented, tokens ...oauth.Token) error {
	if err := fit(tokens); err != nil {
		return err
	}
	w := &write{Store: s, tokens: tokens, work: func(ctx context.Context, db session) error {
		result, err := db.ExecContext(ctx, s.statements.remove[p.Kind], comparand(p.Value))
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
	return s.again(ctx, func() error {
		err := w.try(ctx)
		if w.Store == s && errors.Is(err, oauth.ErrNotFound) && s.synced() != s {
			// The connection may lead to a node that has not got the row yet.
			w.Store = s.synced()
			err = w.try(ctx)
		}
		return err
	})
}

// Revoke implements oauth.Store. A node must not delete less than the cluster
// has.
func (s *Store) Revoke(ctx context.Context, r oauth.Revocation) (ended bool, err error) {
	w := &write{Store: s.synced(), work: func(ctx context.Context, db session) error {
		found, err := s.revoke(ctx, db, r)
		if found && err == nil && r.AccessTokens {
			_, err = db.ExecContext(ctx, s.statements.revokeAccessTokens, r.ClientID, r.UserID)
		}
		// What an earlier try has taken away stays so, or is found again.
		ended = ended || found && err == nil
		return err
	}}
	w.single = !r.AccessTokens // one statement that removes something
	err = s.again(ctx, func() error { return w.try(ctx) })
	return ended && err == nil, err
}

// fit refuses what is longer than its column. With WordPress's sql_mode the
// server would cut it without a word, and a scope that is cut may be another
// one.
func fit(tokens []oauth.Token) error {
	for _, t := range tokens {
		for _, text := range []string{t.Value, t.ClientID, t.Scope.String()} {
			if utf8.RuneCountInString(text) > maxColumn {
				return fmt.Errorf("the tables do not hold more than %d characters for a token, its client or its scope", maxColumn)
			}
		}
	}
	return nil
}

// insert names the columns, because editions of the plugin have more, and
// gives a value to expires, because a column that older servers have made
// would set itself to "now".
func (s *Store) insert(ctx context.Context, db session, tokens []oauth.Token) error {
	for _, t := range tokens {
		if _, err := db.ExecContext(ctx, s.statements.insert[t.Kind], rowOf(t)...); err != nil {
			return err
		}
	}
	return nil
}

// rowOf is the values of an insertedRow.
func rowOf(t oauth.Token) []any {
	return []any{t.Value, t.ClientID, t.UserID, formatExpires(t.Expires), t.Scope.String()}
}

// session is a connection, or a transaction on one.
type session interface {
	sqlx.QueryerContext
	sqlx.ExecerContext
}

// write is a transaction on its way into the database, over as many tries as
// it takes.
type write struct {
	*Store
	work   func(context.Context, session) error
	tokens []oauth.Token // that it stores
	single bool          // its work changes something with one statement, which is a transaction by itself
	unsure bool          // an earlier try may have been committed after all
}

// try does the work once. Waiting for a connection ends with the request; what
// has begun does not.
func (w *write) try(ctx context.Context) (err error) {
	defer func() {
		if w.unsure && refused(err) { // it may have been done, so nobody must begin anew
			err = errors.New(describe(err))
		}
	}()
	conn, err := w.db.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	network, err := networkOf(conn.Conn)
	if err != nil {
		return err
	}
	overtime := time.AfterFunc(commitTimeout, func() { network.Close() })
	defer func() {
		if !overtime.Stop() {
			discard(conn.Conn)
		}
	}()
	ctx = context.WithoutCancel(ctx)

	if done, err := w.doneBefore(ctx, conn); done || err != nil {
		return err
	}
	err = w.transaction(ctx, conn)
	if errors.Is(err, oauth.ErrNotFound) && w.unsure {
		// It may have been this very write that took what is not there.
		if done, lookErr := w.doneBefore(ctx, conn); done || lookErr != nil {
			return lookErr
		}
	}
	return err
}

func (w *write) transaction(ctx context.Context, conn *sqlx.Conn) error {
	if w.single {
		err := w.work(ctx, conn)
		w.noteOutcome(err)
		return err
	}
	tx, err := conn.BeginTxx(ctx, &sql.TxOptions{})
	if err != nil {
		return err
	}
	if err := w.work(ctx, tx); err != nil {
		// What this returns adds nothing: the connection is closed or clean.
		_ = tx.Rollback()
		return err
	}
	err = tx.Commit()
	w.noteOutcome(err)
	return err
}

// noteOutcome: a connection that breaks at COMMIT says nothing of the outcome.
// Most often the tokens are there.
func (w *write) noteOutcome(err error) {
	w.unsure = w.unsure || err != nil && faultOf(err) == faultLost
}

// doneBefore looks if the first token of this write is in the database already.
// Its value is random, so nobody else has put it there.
//
// A row that the server has put there for a connection that is gone, and not
// committed yet, it waits for: else the token would be stored once more. That can
// still happen if the server gets to the INSERT only after this look, some
// milliseconds after the connection broke. A token that is there twice is listed
// twice, and taken away as one.
func (w *write) doneBefore(ctx context.Context, conn *sqlx.Conn) (bool, error) {
	if !w.unsure || len(w.tokens) == 0 {
		return false, nil
	}
	db := sqlx.QueryerContext(conn)
	if synced := w.synced(); synced != w.Store { // another node may have the tokens
		limited, cancel := context.WithTimeout(ctx, commitTimeout)
		defer cancel()
		ctx, db = limited, synced.db
	}
	var one int
	err := sqlx.GetContext(ctx, db, &one, w.statements.issued[w.tokens[0].Kind], w.tokens[0].Value)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
