package store

import (
	"context"
	"fmt"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// FindFamily implements oauth.Store. It takes one round trip.
func (s *Store) FindFamily(ctx context.Context, clientID, family string) (found *oauth.Family, err error) {
	q := question{args: [3]any{familyArgs(family)[0], wpdb.Comparand(clientID)}}
	err = s.families.look(ctx, q, func(_ context.Context, _ *wpdb.DB, a answer) (missed bool, err error) {
		found = familyOf(a.Row)
		return found == nil, nil
	})
	return found, err
}

// familyOf is the family of the row, nil if there is nothing of it.
func familyOf(r wpdb.Row) *oauth.Family {
	kind := oauth.RefreshToken
	if r.Null(string(kind)) {
		kind = oauth.AccessToken
	}
	if r.Null(string(kind)) {
		return nil
	}
	found := &oauth.Family{Token: oauth.Presented{Kind: kind, Value: r.Text(string(kind))}, UserID: r.Integer("user of " + string(kind))}
	if !r.Null(string(oauth.AccessToken)) {
		found.Oldest = wpdb.ParseExpires(oauth.AccessToken, r.Text("oldest"))
	}
	return found
}

// ofFamily is the condition that a token is of a family. The first LIKE reads a range of
// the index, where comparing binary strings alone would read the whole table; the second
// is exact.
func ofFamily(column string) string {
	return fmt.Sprintf("%s LIKE ? AND CAST(%s AS BINARY) LIKE CAST(? AS BINARY)", column, column)
}

// familyArgs are the arguments of ofFamily. A family is hex digits, which LIKE takes as
// they are.
func familyArgs(family string) []any { return []any{family + "%", family + "%"} }

// familyStatement reads what there is of n families, each at a client: a SELECT for each,
// because joined to n requests the tables would be read as a whole.
func familyStatement(t wpdb.Tables, n int) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("SELECT %d AS `%s`, r.*, a.* FROM (%s) AS r JOIN (%s) AS a", i, wpdb.ColRequest,
			familyTokens(t, oauth.RefreshToken, ""), familyTokens(t, oauth.AccessToken, ", MIN(expires) AS oldest"))
	}
	return strings.Join(texts, " UNION ALL ")
}

// familyTokens reads what there is of tokens of a kind, as columns that are named after it.
// The first condition spares a place in the statement that nobody has taken, whose LIKE NULL
// would read the whole table.
func familyTokens(t wpdb.Tables, kind oauth.Kind, more string) string {
	table, column := t.KindTable(kind)
	return fmt.Sprintf("SELECT MIN(%[1]s) AS %[1]s, MIN(user_id) AS `user of %[1]s`%[2]s FROM `%[3]s` WHERE ? IS NOT NULL AND %[4]s AND client_id = CAST(? AS BINARY)",
		column, more, table, ofFamily(column))
}

// revokeAccess takes the access tokens in reach of a revocation, whose last token has
// been ended.
func (s *Store) revokeAccess(ctx context.Context, db wpdb.Session, r oauth.Revocation, last string) error {
	family := oauth.FamilyOf(oauth.Presented{Kind: r.Presented.Kind, Value: last})
	remove := statement{text: s.statements.revokeAccessTokens, args: []any{r.ClientID, r.UserID}}
	switch {
	case r.AccessTokens == oauth.ReachGrant && family != "":
		remove = statement{text: s.statements.revokeFamily, args: append(remove.args, familyArgs(family)...)}
	case r.AccessTokens != oauth.ReachAll:
		return nil
	}
	_, err := removed(ctx, db, false, remove)
	return err
}
