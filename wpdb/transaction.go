package wpdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"time"

	"github.com/jmoiron/sqlx"
)

// Session is a connection, or a transaction on one.
type Session interface {
	sqlx.QueryerContext
	sqlx.ExecerContext
}

// Write is a transaction on its way into the database, over as many tries as
// it takes.
type Write struct {
	*DB
	Work   func(context.Context, Session) error
	Tokens []oauth.Token // that it stores
	Single bool          // its work changes something with one statement, which is a transaction by itself
	unsure bool          // an earlier try may have been committed after all
}

// Try does the work once. Waiting for a connection ends with the request; what
// has begun does not.
func (w *Write) Try(ctx context.Context) (err error) {
	defer func() {
		if w.unsure && refused(err) { // it may have been done, so nobody must begin anew
			err = errors.New(Describe(err))
		}
	}()
	conn, err := w.SQL.Connx(ctx)
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

func (w *Write) transaction(ctx context.Context, conn *sqlx.Conn) error {
	if w.Single {
		err := w.Work(ctx, conn)
		w.NoteOutcome(err)
		return err
	}
	tx, err := conn.BeginTxx(ctx, &sql.TxOptions{})
	if err != nil {
		return err
	}
	if err := w.Work(ctx, tx); err != nil {
		// What this returns adds nothing: the connection is closed or clean.
		_ = tx.Rollback()
		return err
	}
	err = tx.Commit()
	w.NoteOutcome(err)
	return err
}

// NoteOutcome remembers whether a try may have been committed although it failed: a
// connection that breaks at COMMIT says nothing of the outcome.
// Most often the tokens are there.
func (w *Write) NoteOutcome(err error) {
	w.unsure = w.unsure || err != nil && FaultOf(err) == FaultLost
}

// doneBefore looks if the first token of this write is in the database already.
// Its value is random, so nobody else has put it there.
//
// A row that the server has put there for a connection that is gone, and not
// committed yet, it waits for: else the token would be stored once more. That can
// still happen if the server gets to the INSERT only after this look, some
// milliseconds after the connection broke. A token that is there twice is listed
// twice, and taken away as one.
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

// issued looks for a token. It waits for a row that another connection has written
// and not committed.
func (s *DB) issued(kind oauth.Kind) string {
	table, column := s.Tables.KindTable(kind)
	return fmt.Sprintf("SELECT 1 FROM `%s` WHERE `%s` = CAST(? AS BINARY) LIMIT 1 LOCK IN SHARE MODE", table, column)
}
