package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"time"

	"github.com/jmoiron/sqlx"
)

// rotationRow is a row of the table of rotations.
type rotationRow struct {
	ClientID  string `db:"client_id"`
	UserID    int64  `db:"user_id"`
	Successor string `db:"successor"`
	Age       int64  `db:"age"` // seconds
}

// FindRotation implements oauth.Store. It takes one look by primary key, which
// locks nothing.
func (s *Store) FindRotation(ctx context.Context, refreshToken string) (found *oauth.Rotation, err error) {
	err = s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (missed bool, err error) {
		var r *rotationRow
		err = db.Reading(ctx, func(ctx context.Context, conn *sqlx.Conn) error {
			r, err = s.rotation(ctx, conn, refreshToken)
			return err
		})
		if r == nil || err != nil {
			return r == nil, err
		}
		found = &oauth.Rotation{
			ClientID: r.ClientID, UserID: r.UserID, Successor: r.Successor,
			Age: time.Duration(r.Age) * time.Second,
		}
		return false, nil
	})
	return found, err
}

// rotation reads the record of a refresh token, nil if there is none.
func (s *Store) rotation(ctx context.Context, db sqlx.QueryerContext, refreshToken string) (*rotationRow, error) {
	if wpdb.Comparand(refreshToken) == nil || !s.rotations.expected() {
		return nil, nil
	}
	var r rotationRow
	err := sqlx.GetContext(ctx, db, &r, s.statements.rotation, tokenHash(refreshToken))
	if err := s.noteRotations(err); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, nil
	}
	return &r, nil
}

// recordRotation is part of the transaction that replaces p. Without the table
// the transaction goes on: a statement that the server refuses is undone alone.
func (s *Store) recordRotation(ctx context.Context, db sqlx.ExecerContext, p oauth.Presented, tokens []oauth.Token) error {
	successor, ok := oauth.SuccessorOf(p, tokens)
	if !ok || !s.rotations.expected() {
		return nil
	}
	_, err := db.ExecContext(ctx, s.statements.rotated,
		tokenHash(p.Value), successor.ClientID, successor.UserID, successor.Value)
	return s.noteRotations(err)
}

// noteRotations remembers what the outcome of a statement says of the table, and
// keeps the errors that are not the end of the statement's work: that the table
// cannot be used, and that it has no such row.
func (s *Store) noteRotations(err error) error {
	switch wpdb.ErrorNumber(err) {
	case 0:
		if err == nil || errors.Is(err, sql.ErrNoRows) {
			s.rotations.there()
			return nil
		}
	case wpdb.ErrNoSuchTable:
		s.rotations.missing()
		return nil
	case wpdb.ErrTableDenied, wpdb.ErrColumnDenied, wpdb.ErrUnknownColumn:
		if s.rotations.missing() {
			s.db.Log.Warn("refresh token rotations are not recorded: cannot use their table",
				"error", wpdb.Describe(err), "remedy", s.db.RotationsRemedy("…"))
		}
		return nil
	}
	return err
}

// revoke removes the last token that r stands for, or the access token that
// it names, and says which that is and if it was there. Another process may replace the token at
// the same moment: the DELETE waits for that, finds nothing, and the record of
// the rotation tells where to go on.
func (s *Store) revoke(ctx context.Context, db wpdb.Session, r oauth.Revocation) (token string, found bool, err error) {
	token = r.Presented.Value
	for hops := 0; hops <= oauth.MaxRotations; {
		n, err := affected(db.ExecContext(ctx, s.statements.revoke[r.Presented.Kind], wpdb.Comparand(token), r.ClientID))
		if n > 0 || err != nil || r.Presented.Kind != oauth.RefreshToken {
			return token, n > 0, err
		}
		last, n, err := s.follow(ctx, db, token, oauth.MaxRotations+1-hops)
		if n == 0 || err != nil {
			return token, false, err
		}
		token = last
		hops += n
	}
	n, err := affected(db.ExecContext(ctx, s.statements.revokeRefreshTokens, r.ClientID, r.UserID))
	return token, n > 0, err
}

// follow goes from a refresh token to what has replaced it last, in at most
// limit hops.
func (s *Store) follow(ctx context.Context, db sqlx.QueryerContext, token string, limit int) (last string, hops int, err error) {
	for ; hops < limit; hops++ {
		r, err := s.rotation(ctx, db, token)
		if r == nil || err != nil {
			return token, hops, err
		}
		token = r.Successor
	}
	return token, hops, nil
}

func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// tokenHash is what a replaced token is known by, so that the table is of no use
// to whoever looks for tokens of longer ago.
func tokenHash(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// Current returns the refresh token that has taken the place of one that was
// rotated, and any other value unchanged.
func Current(ctx context.Context, db *wpdb.DB, value string) (current string, err error) {
	err = db.Repeat(ctx, false, func() error {
		current, _, err = newStore(db).follow(ctx, db.SQL, value, oauth.MaxRotations)
		return err
	})
	return current, err
}
