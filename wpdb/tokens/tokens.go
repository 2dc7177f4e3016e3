// Package tokens lists, counts, revokes and purges the codes and tokens in the
// plugin's tables, for commands.
package tokens

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Filter selects those codes and tokens that match all that is set. The zero value
// matches all.
type Filter struct {
	Kinds    []oauth.Kind // nil: all three
	Value    string       // the code or token itself, byte for byte; empty: any
	UserID   int64        // 0: of any user
	ClientID string       // byte for byte; empty: of any client
	State    State
	Now      time.Time // that State and Live refer to; the zero time: this machine's clock
}

// State is whether a code or token has expired, as the plugin sees it.
type State int

// The states that a Filter may ask for.
const (
	AnyState State = iota
	LiveTokens
	ExpiredTokens
)

// Stored is a row of the plugin's tables without what must stay secret.
type Stored struct {
	Kind oauth.Kind
	// Prefix is the first six characters of the value, and at most a quarter of it:
	// enough to recognize a token, with 104 bits of the plugin's 32 hex digits left
	// to guess. If the value is as long as ours, it is the family, which all tokens of
	// a grant share, and six more. The rest does not leave the database.
	Prefix   string
	ClientID string
	UserID   int64
	Login    string    // of the user; empty: the user is gone
	Expires  time.Time // the zero time: never; 1970: a date that is expired to PHP
	Live     bool      // not expired; its client and its user may be gone
	Scope    string
}

// Counted is how many rows of a kind there are.
type Counted struct {
	Kind          oauth.Kind
	Live, Expired int64
}

// Total is all rows of the kind.
func (c Counted) Total() int64 { return c.Live + c.Expired }

// kinds are those of the filter, first those that new tokens are made from, so that
// removing them in this order leaves nothing behind.
func (f Filter) kinds() []oauth.Kind {
	all := []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken}
	return slices.DeleteFunc(all, func(k oauth.Kind) bool { return f.Kinds != nil && !slices.Contains(f.Kinds, k) })
}

// now has the precision of the expires columns.
func (f Filter) now() time.Time {
	if f.Now.IsZero() {
		f.Now = time.Now()
	}
	return f.Now.Truncate(time.Second)
}

// where is the condition on the table whose values are in column, and its arguments.
// It skips rows without a value, not with IS NOT NULL, which would make the server
// read the whole table through an index on the column.
func (f Filter) where(kind oauth.Kind, column string) (condition string, args []any) {
	conditions := []string{"CHAR_LENGTH(" + column + ") > 0"}
	add := func(condition string, arg any) {
		conditions, args = append(conditions, condition), append(args, arg)
	}
	if f.Value != "" {
		add(column+" = CAST(? AS BINARY)", wpdb.Comparand(f.Value))
	}
	if f.UserID != 0 {
		add("user_id = ?", f.UserID)
	}
	if f.ClientID != "" {
		add("client_id = CAST(? AS BINARY)", wpdb.Comparand(f.ClientID))
	}
	switch f.State {
	case LiveTokens:
		live := "expires >= ?" // which is LiveCondition where it is no NULL, and may use an index
		if kind == oauth.RefreshToken {
			live = wpdb.LiveCondition(kind)
		}
		add(live, wpdb.FormatExpires(f.now()))
	case ExpiredTokens:
		add("NOT "+wpdb.LiveCondition(kind), wpdb.FormatExpires(f.now()))
	}
	return strings.Join(conditions, " AND "), args
}

// Count counts the matching codes and tokens of each kind, with a plain SELECT, which
// blocks no one.
func Count(ctx context.Context, db *wpdb.DB, f Filter) (counts []Counted, err error) {
	for _, kind := range f.kinds() {
		table, column := db.Tables.KindTable(kind)
		condition, args := f.where(kind, column)
		query := fmt.Sprintf("SELECT COUNT(*) AS total, COALESCE(SUM(%s), 0) AS live FROM `%s` WHERE %s",
			wpdb.LiveCondition(kind), table, condition)
		var found struct{ Total, Live int64 }
		err := db.Repeat(ctx, false, func() error {
			return db.SQL.GetContext(ctx, &found, query, append([]any{wpdb.FormatExpires(f.now())}, args...)...)
		})
		if err != nil {
			return nil, err
		}
		counts = append(counts, Counted{Kind: kind, Live: found.Live, Expired: found.Total - found.Live})
	}
	return counts, nil
}

// List returns at most limit matching codes and tokens, within each kind those that
// live longest first, and whether there are more. It is a plain SELECT for each kind.
func List(ctx context.Context, db *wpdb.DB, f Filter, limit int) (tokens []Stored, more bool, err error) {
	for _, kind := range f.kinds() {
		var found []Stored
		err := db.Repeat(ctx, false, func() (err error) {
			found, err = listKind(ctx, db, kind, f, limit-len(tokens)+1)
			return err
		})
		if err != nil {
			return nil, false, err
		}
		if tokens = append(tokens, found...); len(tokens) > limit {
			return tokens[:limit], true, nil
		}
	}
	return tokens, false, nil
}

// listKind reads at most limit rows of one kind. Users are joined to these rows only.
func listKind(ctx context.Context, db *wpdb.DB, kind oauth.Kind, f Filter, limit int) (tokens []Stored, err error) {
	table, column := db.Tables.KindTable(kind)
	condition, args := f.where(kind, column)
	order := "expires DESC"
	if kind == oauth.RefreshToken {
		order = wpdb.NeverCondition + " DESC, " + order
	}
	query := fmt.Sprintf(`SELECT r.*, u.user_login AS login FROM (
  SELECT LEFT(%s, IF(CHAR_LENGTH(%s) >= %d, %d, LEAST(6, CHAR_LENGTH(%s) DIV 4))) AS prefix, client_id, user_id, expires, scope
  FROM `+"`%s`"+` WHERE %s ORDER BY %s LIMIT %d) AS r
LEFT JOIN %s AS u ON u.ID = r.user_id`, column, column, oauth.FamilyDigits+32, oauth.FamilyDigits+6, column, table, condition, order, limit, wpdb.QuoteName(db.Tables.Users))
	err = wpdb.EachRow(ctx, db.SQL, query, args, func(r wpdb.Row) {
		expires := wpdb.ParseExpires(kind, r.Text("expires"))
		tokens = append(tokens, Stored{Kind: kind, Prefix: r.Text("prefix"), ClientID: r.Text("client_id"), UserID: r.Integer("user_id"), Login: r.Text("login"),
			Expires: expires, Live: expires.IsZero() || !expires.Before(f.now()), Scope: r.Text("scope")})
	})
	return tokens, err
}
