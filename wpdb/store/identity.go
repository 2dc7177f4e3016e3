package store

import (
	"context"
	"fmt"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Identify implements oauth.Store. It takes one round trip.
//
// Where the plugin is too old for keys, or the account may not read them, no ID
// token can be signed; the client must get its other tokens all the same.
func (s *Store) Identify(ctx context.Context, q oauth.IdentityQuery) (identity oauth.Identity, err error) {
	args := []any{q.UserID, q.UserID, q.UserID, wpdb.Comparand(q.ClientID), q.UserID}
	if q.Code != "" {
		args = append(args, wpdb.Comparand(q.Code))
	}
	home := s.db.Config.Home
	if q.Blog != 0 {
		home = ""
	}
	query := wpdb.OfBlog(s.statements.identify[q.Code != ""], s.db.Config.BlogOptions(q.Blog))
	err = s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (missed bool, err error) {
		var found wpdb.Row
		options := wpdb.Options{}
		err = db.Each(ctx, query, args, func(next wpdb.Row) { // they differ only in the option that each has
			found = next
			options[next.Text(wpdb.ColOption)] = next.Text(wpdb.ColOptionValue)
		})
		if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.Denied(err) {
			s.db.Log.Error("no ID token can be signed", "error", wpdb.Describe(err))
			identity = oauth.Identity{Issuer: wpdb.IssuerOf(home, "")}
			return q.Code != "", nil
		}
		if missed = q.Code != "" && found.Null("authorization_code"); missed {
			delete(options, wpdb.OptionIDToken)
		}
		identity = found.Identity(options, home)
		return missed, err
	})
	return identity, err
}

// PublicClients implements oauth.Store.
func (s *Store) PublicClients(ctx context.Context) (found bool, err error) {
	err = s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (bool, error) {
		err := db.Each(ctx, s.statements.public, nil, func(wpdb.Row) { found = true })
		return false, err
	})
	return found, err
}

// FindBearer implements oauth.Store. It takes as many round trips as Find.
func (s *Store) FindBearer(ctx context.Context, accessToken string) (bearer oauth.Bearer, err error) {
	q := question{args: [2]any{wpdb.Comparand(accessToken)}}
	err = s.bearers.look(ctx, q, func(ctx context.Context, db *wpdb.DB, found answer) (bool, error) {
		facts, err := s.facts(ctx, db, found, oauth.AccessToken)
		bearer = oauth.Bearer{Site: facts.Site, Client: facts.Client, Grant: facts.Grant, Profile: found.Profile()}
		return missed(facts.Client, facts.Grant, true), err
	})
	return bearer, err
}

// identifyStatement reads a client's key, a user, the options and, for a code,
// its row and the option beside it. The code's columns are selected as g.*,
// because not every edition has an id_token.
//
// Each option is a row of its own, which takes the server half the time that a
// column for each would.
func identifyStatement(t wpdb.Tables, withCode bool) string {
	code, join := "", ""
	options := wpdb.IdentityOptions()
	if withCode {
		code = "g.*,"
		join = fmt.Sprintf("\nLEFT JOIN `%s` AS g ON g.authorization_code = CAST(? AS BINARY)", t.Codes)
		options = append(options, wpdb.OptionIDToken)
	}
	return fmt.Sprintf(`SELECT %s
  p.option_name AS `+"`%s`, p.option_value AS `%s`%s%s"+`
FROM (SELECT 1 AS one) AS o
LEFT JOIN `+"`%s`"+` AS k ON k.client_id = CAST(? AS BINARY)
LEFT JOIN %s AS u ON u.ID = ?%s
LEFT JOIN `+"`%s`"+` AS p ON p.option_name IN ('%s')`,
		code, wpdb.ColOption, wpdb.ColOptionValue, keyColumns, profileColumns(t, "?", "TRUE"),
		t.Keys, wpdb.QuoteName(t.Users), join, wpdb.BlogTable, strings.Join(options, "', '"))
}
