package wpdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
)

// Session is a connection, or a transaction on one.
type Session interface {
	sqlx.QueryerContext
	sqlx.ExecerContext
}

// Write is a transaction that is tried until it is in the database.
type Write struct {
	*DB
	Work   func(context.Context, Session) error
	Tokens []oauth.Token // that it stores
	Single bool          // its work is one statement, which is a transaction by itself
	Whole  bool          // its work begins the transaction and commits it, and calls NoteOutcome for that
	unsure bool          // an earlier try may have been committed after all
}

// Try does the work once. Waiting for a connection ends with the request; what
// has begun does not.
func (w *Write) Try(ctx context.Context) (err error) {
	defer func() {
		w.metrics.tried(err)
		if w.unsure && refused(err) { // it may have been done, so it must not be begun again
			err = errors.New(Describe(err))
		}
	}()
	_, err = w.onConnection(ctx, commitTimeout, func(ctx context.Context, conn *sqlx.Conn) error {
		if done, err := w.doneBefore(ctx, conn); done || err != nil {
			return err
		}
		err := w.transaction(ctx, conn)
		if errors.Is(err, oauth.ErrNotFound) && w.unsure {
			// An earlier try of this very write may have taken what is not there.
			if done, lookErr := w.doneBefore(ctx, conn); done || lookErr != nil {
				return lookErr
			}
		}
		return err
	})
	return err
}

func (w *Write) transaction(ctx context.Context, conn *sqlx.Conn) error {
	if w.Single {
		err := w.Work(ctx, conn)
		w.NoteOutcome(err)
		return err
	}
	work := w.Work
	if !w.Whole {
		work = w.wrapped
	}
	err := work(ctx, conn)
	if err != nil {
		rollBack(ctx, conn)
	}
	return err
}

// wrapped is the work between the beginning of a transaction and its end. database/sql
// would give the connection back though a COMMIT or ROLLBACK that was killed has left the
// transaction open.
func (w *Write) wrapped(ctx context.Context, conn Session) error {
	if _, err := conn.ExecContext(ctx, "START TRANSACTION"); err != nil {
		return err
	}
	if err := w.Work(ctx, conn); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "COMMIT")
	w.NoteOutcome(err)
	return err
}

// rollBack ends a transaction that may be open. Where that fails, the connection is closed.
func rollBack(ctx context.Context, conn *sqlx.Conn) {
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		discard(conn.Conn)
	}
}

// NoteOutcome remembers whether a try may have been committed although it failed, as
// when the connection breaks at COMMIT.
func (w *Write) NoteOutcome(err error) {
	w.unsure = w.unsure || err != nil && (FaultOf(err) == FaultLost || slices.Contains(interruptErrors(), ErrorNumber(err)))
}

// doneBefore reports whether the first token of this write is in the database
// already. Its value is random, so no other write has stored it. It waits for a row
// that a broken connection has not committed yet, or the token would be stored twice.
// That can still happen if the server gets to the INSERT after this look, milliseconds
// after the connection broke; such a token is listed twice, and removed as one.
func (w *Write) doneBefore(ctx context.Context, conn *sqlx.Conn) (bool, error) {
	if !w.unsure || len(w.Tokens) == 0 {
		return false, nil
	}
	db := sqlx.QueryerContext(conn)
	if synced := w.Synced(); synced != w.DB { // another node may have the tokens
		limited, cancel := context.WithTimeout(ctx, commitTimeout)
		defer cancel()
		ctx, db = limited, synced.SQL
	}
	var one int
	err := sqlx.GetContext(ctx, db, &one, w.issued(w.Tokens[0].Kind), w.Tokens[0].Value)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// issued looks for a token, and waits for rows that others have not committed.
func (db *DB) issued(kind oauth.Kind) string {
	table, column := db.Tables.KindTable(kind)
	return fmt.Sprintf("SELECT 1 FROM `%s` WHERE `%s` = CAST(? AS BINARY) LIMIT 1 LOCK IN SHARE MODE", table, column)
}
