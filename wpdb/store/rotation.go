package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// FindRotation implements oauth.Store. It is one SELECT by primary key, which locks
// nothing.
func (s *Store) FindRotation(ctx context.Context, refreshToken string) (found *oauth.Rotation, err error) {
	if !s.mayBeRotated(refreshToken) {
		return nil, nil
	}
	q := question{args: [3]any{tokenHash(refreshToken)}}
	err = s.rotated.look(ctx, q, func(_ context.Context, _ *wpdb.DB, a answer) (missed bool, err error) {
		found = rotationOf(a.Row)
		return found == nil, nil
	})
	return found, err
}

// mayBeRotated reports whether it is worth looking for the record of a refresh token.
func (s *Store) mayBeRotated(refreshToken string) bool {
	return wpdb.Comparand(refreshToken) != nil && s.rotations.expected()
}

// rotation reads the record of a refresh token, nil if there is none.
func (s *Store) rotation(ctx context.Context, db sqlx.QueryerContext, refreshToken string) (*oauth.Rotation, error) {
	if !s.mayBeRotated(refreshToken) {
		return nil, nil
	}
	rows, err := wpdb.SelectRows(ctx, db, s.statements.rotation[0], tokenHash(refreshToken))
	if err == nil && len(rows) == 0 { // as in readSize
		err = wpdb.ErrCutShort
	}
	if err := s.noteRotations(err); err != nil || len(rows) == 0 {
		return nil, err
	}
	return rotationOf(rows[0]), nil
}

// rotationOf is the record of the row, nil if there is none.
func rotationOf(r wpdb.Row) *oauth.Rotation {
	if r.Null("client_id") {
		return nil
	}
	return &oauth.Rotation{ClientID: r.Text("client_id"), UserID: r.Integer("user_id"), Successor: r.Text("successor"),
		Age: time.Duration(r.Integer("age")) * time.Second}
}

// records puts on record which refresh tokens have replaced others, if any have. Sent by
// itself it fails without harm where there is no table: a statement that the server
// refuses is undone alone.
func (s *Store) records(done []redemption) (list []statement) {
	one := statement{text: s.statements.rotated, note: s.noteRotations}
	for _, r := range done {
		if successor, ok := oauth.SuccessorOf(r.taken, r.tokens); ok {
			one.add(rotatedRow, hex.EncodeToString(tokenHash(r.taken.Value)), successor.ClientID, successor.UserID, successor.Value)
		}
	}
	if len(one.args) == 0 || !s.rotations.expected() {
		return nil
	}
	return []statement{one}
}

// noteRotations remembers whether the table could be used, and swallows the error
// if it could not.
func (s *Store) noteRotations(err error) error {
	switch wpdb.ErrorNumber(err) {
	case 0:
		if err == nil {
			s.rotations.there()
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

// revoke removes the refresh token that r stands for, or the access token that it
// names, and reports which that is and whether it was there. If another process
// replaces the token at the same moment, the DELETE waits for that, finds nothing, and
// the record of the rotation leads to the successor.
func (s *Store) revoke(ctx context.Context, db wpdb.Session, r oauth.Revocation) (token string, found bool, err error) {
	token = r.Presented.Value
	for hops := 0; hops <= oauth.MaxRotations; {
		remove := statement{text: s.statements.revoke[r.Presented.Kind], args: []any{wpdb.Comparand(token), r.ClientID}}
		n, err := removed(ctx, db, false, remove)
		if n > 0 || err != nil || r.Presented.Kind != oauth.RefreshToken {
			return token, n > 0, err
		}
		next, err := s.rotation(ctx, db, token)
		if next == nil || err != nil {
			return token, false, err
		}
		if family := oauth.FamilyOf(oauth.Presented{Kind: oauth.RefreshToken, Value: token}); strings.HasPrefix(next.Successor, family) {
			found, err = s.revokeLast(ctx, db, r, family)
			return token, found, err
		}
		last, n, err := s.follow(ctx, db, next.Successor, oauth.MaxRotations-hops)
		if err != nil {
			return token, false, err
		}
		token = last
		hops += n + 1
	}
	n, err := removed(ctx, db, false, statement{text: s.statements.revokeRefreshTokens, args: []any{r.ClientID, r.UserID}})
	return token, n > 0, err
}

// revokeLast removes the refresh token of a family, of which there is one at a time.
// Going from one record to the next would take a thousand statements where a client has
// replaced its token that often, each time that it presents the first one again.
func (s *Store) revokeLast(ctx context.Context, db wpdb.Session, r oauth.Revocation, family string) (found bool, err error) {
	remove := statement{text: s.statements.revokeRefreshFamily, args: append([]any{r.ClientID, r.UserID}, familyArgs(family)...)}
	for tries := 0; ; tries++ {
		n, err := removed(ctx, db, false, remove)
		if err != wpdb.ErrCutShort || tries == oauth.MaxRotations { // else it was replaced meanwhile
			return n > 0, err
		}
	}
}

// follow goes from a refresh token to its last successor, in at most limit hops.
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

// tokenHash is stored instead of a replaced token, so that the table gives no tokens
// away.
func tokenHash(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

// Current returns the last successor of a refresh token that was rotated, and any
// other value unchanged.
func Current(ctx context.Context, db *wpdb.DB, value string) (current string, err error) {
	err = db.Repeat(ctx, false, func() error {
		current, _, err = newStore(db).follow(ctx, db.SQL, value, oauth.MaxRotations)
		return err
	})
	return current, err
}

// absence is how long a table that was missing is not asked for again: a table that
// was made just now may be ignored that long.
const absence = time.Minute

// availability remembers for a while that a table cannot be used, which spares each
// request a round trip.
type availability struct{ missed atomic.Pointer[time.Time] }

// expected reports whether the table is worth a try.
func (a *availability) expected() bool {
	missed := a.missed.Load()
	return missed == nil || time.Since(*missed) >= absence
}

// missing notes that the table cannot be used, and reports whether that is news.
func (a *availability) missing() (news bool) {
	now := time.Now()
	return a.missed.Swap(&now) == nil
}

// there notes that the table was used.
func (a *availability) there() {
	if a.missed.Load() != nil {
		a.missed.Store(nil)
	}
}
