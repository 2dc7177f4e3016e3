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
func (s *Store) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	var found wpdb.Row
	args := []any{q.UserID, q.UserID, q.UserID, wpdb.Comparand(q.ClientID), q.UserID}
	if q.Code != "" {
		args = append(args, wpdb.Comparand(q.Code))
	}
	query := wpdb.OfBlog(s.statements.identify[q.Code != ""], s.db.Config.BlogOptions(q.Blog))
	err := s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (_ bool, err error) {
		found, err = s.findWithOptions(ctx, db, query, args...)
		if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.Denied(err) {
			s.db.Log.Error("no ID token can be signed", "error", wpdb.Describe(err))
			found, err = wpdb.Row{wpdb.ColKey: int64(1)}, nil
		}
		return q.Code != "" && found.Null("authorization_code"), err
	})
	if err != nil {
		return oauth.Identity{}, err
	}
	if s.db.Config.Home != "" && q.Blog == 0 {
		found[wpdb.OptionHome] = s.db.Config.Home
	}
	identity := oauth.Identity{
		OpenIDOff: wpdb.OpenIDOff(found.Text(wpdb.OptionOpenID)),
		Issuer:    wpdb.IssuerOf(found.Text(wpdb.OptionHome), found.Text(wpdb.OptionPermalinks)),
		Key:       found.SigningKey(),
		Profile:   found.Profile(),
	}
	identity.Profile.Avatar = found.Avatar()
	if q.Code != "" && !found.Null("authorization_code") {
		identity.Stored = oauth.StoredIDToken{OfCode: found.Text("id_token"), Current: found.Text(wpdb.OptionIDToken)}
	}
	return identity, nil
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
func (s *Store) FindBearer(ctx context.Context, accessToken string) (oauth.Bearer, error) {
	var bearer oauth.Bearer
	err := s.db.Look(ctx, func(ctx context.Context, db *wpdb.DB) (bool, error) {
		found, err := s.findRow(ctx, db, s.statements.bearer, wpdb.Comparand(accessToken))
		if err != nil {
			return false, err
		}
		facts, err := s.facts(ctx, db, found, oauth.AccessToken)
		bearer = oauth.Bearer{Site: facts.Site, Client: facts.Client, Grant: facts.Grant, Profile: found.Profile()}
		return missed(facts.Client, facts.Grant, true), err
	})
	return bearer, err
}

// findWithOptions runs a query whose rows differ only in the option that each
// has. It returns the first row with the options of all.
func (s *Store) findWithOptions(ctx context.Context, db *wpdb.DB, query string, args ...any) (found wpdb.Row, err error) {
	err = db.Each(ctx, query, args, func(next wpdb.Row) {
		if found == nil {
			found = next
		}
		found[next.Text(wpdb.ColOption)] = next[wpdb.ColOptionValue]
	})
	return found, err
}

// identifyStatement reads a client's key, a user, the options and, for a code,
// its row and the option beside it. The code's columns are selected as g.*,
// because not every edition has an id_token.
//
// Each option is a row of its own, which takes the server half the time that a
// column for each would.
func identifyStatement(t wpdb.Tables, withCode bool) string {
	code, join := "", ""
	options := append(wpdb.AvatarOptions(), wpdb.OptionOpenID, wpdb.OptionHome, wpdb.OptionPermalinks)
	if withCode {
		code = "g.*,"
		join = fmt.Sprintf("\nLEFT JOIN `%s` AS g ON g.authorization_code = CAST(? AS BINARY)", t.Codes)
		options = append(options, wpdb.OptionIDToken)
	}
	return fmt.Sprintf(`SELECT %s
  k.client_id IS NOT NULL AS `+"`%s`, k.encryption_algorithm AS `%s`, k.private_key AS `%s`, k.public_key AS `%s`"+`,
  p.option_name AS `+"`%s`, p.option_value AS `%s`%s"+`
FROM (SELECT 1 AS one) AS o
LEFT JOIN `+"`%s`"+` AS k ON k.client_id = CAST(? AS BINARY)
LEFT JOIN %s AS u ON u.ID = ?%s
LEFT JOIN `+"`%s`"+` AS p ON p.option_name IN ('%s')`,
		code, wpdb.ColKey, wpdb.ColKeyAlgorithm, wpdb.ColKeyPrivate, wpdb.ColKeyPublic, wpdb.ColOption, wpdb.ColOptionValue, profileColumns(t, "?"),
		t.Keys, wpdb.QuoteName(t.Users), join, wpdb.BlogTable, strings.Join(options, "', '"))
}

// bearerStatement reads an access token with its client, its user, and the
// options of the main site.
func bearerStatement(t wpdb.Tables, one base) string {
	options := wpdb.OptionList()
	return fmt.Sprintf(`SELECT c.*%s%s%s
FROM %s%s
LEFT JOIN `+"`%s`"+` AS g ON g.access_token = CAST(? AS BINARY)
LEFT JOIN `+"`%s`"+` AS c ON c.client_id = CAST(g.client_id AS BINARY)
LEFT JOIN %s AS u ON u.ID = g.user_id
%s
LIMIT 1`, t.OptionColumns(options), grantColumns(t, oauth.AccessToken), profileColumns(t, "u.ID"),
		one.table, optionTables(t.Options, options), t.AccessTokens, t.Clients, wpdb.QuoteName(t.Users), one.condition)
}

// profileColumns selects the user u, whose id is user. If a usermeta entry is
// there twice, WordPress takes the first.
func profileColumns(t wpdb.Tables, user string) string {
	columns := fmt.Sprintf(",\n  u.user_login AS `%s`, u.user_email AS `%s`, u.display_name AS `%s`", wpdb.ColLogin, wpdb.ColEmail, wpdb.ColDisplayName)
	for _, meta := range [][2]string{{"first_name", wpdb.ColFirstName}, {"last_name", wpdb.ColLastName}, {"nickname", wpdb.ColNickname}} {
		columns += fmt.Sprintf(",\n  (SELECT meta_value FROM %s WHERE user_id = %s AND meta_key = '%s' ORDER BY umeta_id LIMIT 1) AS `%s`",
			wpdb.QuoteName(t.Usermeta), user, meta[0], meta[1])
	}
	return columns
}
