package store

import (
	"context"
	"fmt"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// FindFamily implements oauth.Store. It takes one round trip.
func (s *Store) FindFamily(ctx context.Context, clientID, family string) (*oauth.Family, error) {
	var found *oauth.Family
	one := append(familyArgs(family), wpdb.Comparand(clientID))
	err := s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (missed bool, err error) {
		found = nil
		err = db.Each(ctx, s.statements.family, append(one, one...), func(r wpdb.Row) {
			if r.Null("token") {
				return
			}
			kind := oauth.Kind(r.Text("kind"))
			if found == nil {
				found = &oauth.Family{Token: oauth.Presented{Kind: kind, Value: r.Text("token")}, UserID: r.Integer("user_id")}
			}
			if kind == oauth.AccessToken {
				found.Oldest = wpdb.ParseExpires(kind, r.Text("oldest"))
			}
		})
		return found == nil, err
	})
	return found, err
}

// ofFamily is the condition that a token is of a family. LIKE reads a range of the index,
// where comparing binary strings alone would read the whole table; what follows it is exact.
func ofFamily(column string) string {
	return fmt.Sprintf("%s LIKE ? AND CAST(LEFT(%s, CHAR_LENGTH(?)) AS BINARY) = CAST(? AS BINARY)", column, column)
}

// familyArgs are the arguments of ofFamily. A family is hex digits, which LIKE takes as
// they are.
func familyArgs(family string) []any { return []any{family + "%", family, family} }

// familyStatement reads, in this order, what there is of refresh tokens and of access
// tokens of a family at a client.
func familyStatement(t wpdb.Tables) string {
	return familyOf(t, oauth.RefreshToken, "NULL") + " UNION ALL " + familyOf(t, oauth.AccessToken, "MIN(expires)")
}

func familyOf(t wpdb.Tables, kind oauth.Kind, oldest string) string {
	table, column := t.KindTable(kind)
	return fmt.Sprintf("SELECT '%s' AS kind, MIN(%s) AS token, MIN(user_id) AS user_id, %s AS oldest FROM `%s` WHERE %s AND client_id = CAST(? AS BINARY)",
		kind, column, oldest, table, ofFamily(column))
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
