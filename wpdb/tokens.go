package wpdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

// TokenFilter says which of the stored codes and tokens are meant: those that
// fit all that is set. The zero value fits all.
type TokenFilter struct {
	Kinds    []oauth.Kind // nil: all three
	Value    string       // the code or token itself, byte for byte; empty: any
	UserID   int64        // 0: of any user
	ClientID string       // byte for byte; empty: of any client
	State    TokenState
	Now      time.Time // what State and Live are judged by; the zero time: this machine's clock
}

// TokenState is whether a code or token is over, as the plugin judges it.
type TokenState int

// The states that a TokenFilter may ask for.
const (
	AnyState TokenState = iota
	LiveTokens
	ExpiredTokens
)

// StoredToken is a row of the plugin's tables as people may see it.
type StoredToken struct {
	Kind oauth.Kind
	// Prefix is the beginning of the value: six characters, and never more than
	// a quarter of it. That is enough to know again a token that one has in
	// hand, and leaves of the plugin's 32 hex digits 104 bits to guess. The
	// rest does not leave the database.
	Prefix   string
	ClientID string
	UserID   int64
	Login    string    // of the user; empty: the user is gone
	Expires  time.Time // the zero time: never; 1970 stands for a date that PHP takes for expired
	Live     bool      // not expired; that its client and its user are still there is not looked at
	Scope    string
}

// TokenCount is how many rows of a kind there are.
type TokenCount struct {
	Kind          oauth.Kind
	Live, Expired int64
}

// Total is all rows of the kind.
func (c TokenCount) Total() int64 { return c.Live + c.Expired }

// kinds are those of the filter, first those that new tokens are made of: who
// removes them in this order leaves nothing to make more of.
func (f TokenFilter) kinds() []oauth.Kind {
	all := []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken}
	if f.Kinds == nil {
		return all
	}
	return slices.DeleteFunc(all, func(k oauth.Kind) bool { return !slices.Contains(f.Kinds, k) })
}

// now is in the form of the expires columns.
func (f TokenFilter) now() time.Time {
	if f.Now.IsZero() {
		return time.Now().Truncate(time.Second)
	}
	return f.Now.Truncate(time.Second)
}

// where is the condition on the table whose values are in column, and its
// arguments. A row without a value is nobody's token; IS NOT NULL would say so
// too, but make the server read the whole table through an index on the column.
func (f TokenFilter) where(kind oauth.Kind, column string) (condition string, args []any) {
	conditions := []string{"CHAR_LENGTH(" + column + ") > 0"}
	add := func(condition string, arg any) {
		conditions, args = append(conditions, condition), append(args, arg)
	}
	if f.Value != "" {
		add(column+" = CAST(? AS BINARY)", comparand(f.Value))
	}
	if f.UserID != 0 {
		add("user_id = ?", f.UserID)
	}
	if f.ClientID != "" {
		add("client_id = CAST(? AS BINARY)", comparand(f.ClientID))
	}
	switch f.State {
	case LiveTokens:
		add(liveCondition(kind), formatExpires(f.now()))
	case ExpiredTokens:
		add("NOT "+liveCondition(kind), formatExpires(f.now()))
	}
	return strings.Join(conditions, " AND "), args
}

// CountTokens counts the codes and tokens that fit, a TokenCount for each kind
// of the filter. It is a plain SELECT for each, which keeps nobody waiting.
func (s *Store) CountTokens(ctx context.Context, f TokenFilter) (counts []TokenCount, err error) {
	for _, kind := range f.kinds() {
		table, column := s.tables.kindTable(kind)
		condition, args := f.where(kind, column)
		query := fmt.Sprintf("SELECT COUNT(*) AS total, COALESCE(SUM(%s), 0) AS live FROM `%s` WHERE %s",
			liveCondition(kind), table, condition)
		var found struct{ Total, Live int64 }
		err := s.repeat(ctx, false, func() error {
			return s.db.GetContext(ctx, &found, query, append([]any{formatExpires(f.now())}, args...)...)
		})
		if err != nil {
			return nil, err
		}
		counts = append(counts, TokenCount{Kind: kind, Live: found.Live, Expired: found.Total - found.Live})
	}
	return counts, nil
}

// ListTokens returns the codes and tokens that fit, those that live longest
// first within each kind, but no more than limit, and whether there are more.
// It is a plain SELECT for each kind.
func (s *Store) ListTokens(ctx context.Context, f TokenFilter, limit int) (tokens []StoredToken, more bool, err error) {
	for _, kind := range f.kinds() {
		var found []StoredToken
		err := s.repeat(ctx, false, func() (err error) {
			found, err = s.listKind(ctx, kind, f, limit-len(tokens)+1)
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

// listKind reads at most limit rows of one kind. The users are joined to these
// rows only, and not to the whole table.
func (s *Store) listKind(ctx context.Context, kind oauth.Kind, f TokenFilter, limit int) (tokens []StoredToken, err error) {
	table, column := s.tables.kindTable(kind)
	condition, args := f.where(kind, column)
	order := "expires DESC"
	if kind == oauth.RefreshToken {
		order = neverCondition + " DESC, " + order
	}
	query := fmt.Sprintf(`SELECT r.*, u.user_login AS login FROM (
  SELECT LEFT(%s, LEAST(6, CHAR_LENGTH(%s) DIV 4)) AS prefix, client_id, user_id, expires, scope
  FROM `+"`%s`"+` WHERE %s ORDER BY %s LIMIT %d) AS r
LEFT JOIN %s AS u ON u.ID = r.user_id`, column, column, table, condition, order, limit, quoteName(s.tables.users))
	err = eachRow(ctx, s.db, query, args, func(r row) { tokens = append(tokens, r.storedToken(kind, f.now())) })
	return tokens, err
}

func (r row) storedToken(kind oauth.Kind, now time.Time) StoredToken {
	expires := parseExpires(kind, r.text("expires"))
	return StoredToken{
		Kind:     kind,
		Prefix:   r.text("prefix"),
		ClientID: r.text("client_id"),
		UserID:   r.integer("user_id"),
		Login:    r.text("login"),
		Expires:  expires,
		Live:     expires.IsZero() || !expires.Before(now),
		Scope:    r.text("scope"),
	}
}
