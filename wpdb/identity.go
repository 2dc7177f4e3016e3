package wpdb

import (
	"context"
	"fmt"
	"strings"

	"moserver-sidecar/oauth"
)

// The names of the columns of the identity and bearer statements.
const (
	colKey          = "key is there"
	colKeyAlgorithm = "key algorithm"
	colKeyPrivate   = "key private"
	colKeyPublic    = "key public"

	colLogin       = "user login"
	colEmail       = "user email"
	colDisplayName = "user display name"
	colFirstName   = "user first name"
	colLastName    = "user last name"
	colNickname    = "user nickname"

	colOption      = "option name"
	colOptionValue = "option value"
)

// These stand in a statement for the options table of the client's blog, and for
// its number.
const (
	blogTable  = "{options}"
	blogNumber = "{blog}"
)

// ofBlog puts the options table of a blog into a statement.
func ofBlog(statement, table string) string {
	return strings.ReplaceAll(statement, blogTable, table)
}

// Identify implements oauth.Store. It takes one round trip.
//
// A database that has no keys, because the plugin is too old for them or the
// account may not read them, has nobody who signs; that must not keep the client
// from its other tokens.
func (s *Store) Identify(ctx context.Context, q oauth.IdentityQuery) (oauth.Identity, error) {
	var found row
	args := []any{q.UserID, q.UserID, q.UserID, comparand(q.ClientID), q.UserID}
	if q.Code != "" {
		args = append(args, comparand(q.Code))
	}
	query := ofBlog(s.statements.identify[q.Code != ""], s.config.blogOptions(q.Blog))
	err := s.look(ctx, func(ctx context.Context, s *Store) (_ bool, err error) {
		found, err = s.findWithOptions(ctx, query, args...)
		if number(err) == errNoSuchTable || denied(err) {
			s.log.Error("no ID token can be signed", "error", describe(err))
			found, err = row{colKey: int64(1)}, nil
		}
		return q.Code != "" && found.null("authorization_code"), err
	})
	if err != nil {
		return oauth.Identity{}, err
	}
	if s.config.Home != "" && q.Blog == 0 {
		found[optionHome] = s.config.Home
	}
	identity := oauth.Identity{
		OpenIDOff: openIDOff(found.text(optionOpenID)),
		Issuer:    issuer(found.text(optionHome), found.text(optionPermalinks)),
		Key:       found.signingKey(),
		Profile:   found.profile(),
	}
	identity.Profile.Avatar = found.avatar()
	if q.Code != "" && !found.null("authorization_code") {
		identity.Stored = oauth.StoredIDToken{OfCode: found.text("id_token"), Current: found.text(optionIDToken)}
	}
	return identity, nil
}

// FindBearer implements oauth.Store. It takes one round trip, and a second one
// for the client of another blog than the main one.
func (s *Store) FindBearer(ctx context.Context, accessToken string) (oauth.Bearer, error) {
	var bearer oauth.Bearer
	err := s.look(ctx, func(ctx context.Context, s *Store) (bool, error) {
		found, err := s.findRow(ctx, s.statements.bearer, comparand(accessToken))
		if err != nil {
			return false, err
		}
		facts, err := s.facts(ctx, found, oauth.AccessToken)
		bearer = oauth.Bearer{Site: facts.Site, Client: facts.Client, Grant: facts.Grant, Profile: found.profile()}
		return missed(facts.Client, facts.Grant, true), err
	})
	return bearer, err
}

// findWithOptions runs a query whose rows differ only in the option that each
// has, and gives the first row the options of all.
func (s *Store) findWithOptions(ctx context.Context, query string, args ...any) (found row, err error) {
	err = s.each(ctx, query, args, func(next row) {
		if found == nil {
			found = next
		}
		found[next.text(colOption)] = next[colOptionValue]
	})
	return found, err
}

// signingKey is the client's key. Without a row PHP signs with the client's
// secret.
func (r row) signingKey() oauth.SigningKey {
	if r.integer(colKey) == 0 {
		return oauth.SigningKey{Algorithm: oauth.HS256}
	}
	return oauth.SigningKey{
		Algorithm:  r.text(colKeyAlgorithm),
		PrivateKey: r.text(colKeyPrivate),
		PublicKey:  r.text(colKeyPublic),
	}
}

func (r row) profile() oauth.Profile {
	return oauth.Profile{
		Username:    r.text(colLogin),
		Email:       r.text(colEmail),
		FirstName:   r.text(colFirstName),
		LastName:    r.text(colLastName),
		Nickname:    r.text(colNickname),
		DisplayName: r.text(colDisplayName),
	}
}

// identifyStatement reads a client's key, a user, the options and, for a code,
// its row and the option beside it. The columns of the code are taken as they
// are and read by name, because not every edition has an id_token.
//
// Each option is a row of its own, so that the server finds all in one go: a
// column for each would take it twice the time.
func identifyStatement(t tables, withCode bool) string {
	code, join := "", ""
	options := append(avatarOptions(), optionOpenID, optionHome, optionPermalinks)
	if withCode {
		code = "g.*,"
		join = fmt.Sprintf("\nLEFT JOIN `%s` AS g ON g.authorization_code = CAST(? AS BINARY)", t.codes)
		options = append(options, optionIDToken)
	}
	return fmt.Sprintf(`SELECT %s
  k.client_id IS NOT NULL AS `+"`%s`, k.encryption_algorithm AS `%s`, k.private_key AS `%s`, k.public_key AS `%s`"+`,
  p.option_name AS `+"`%s`, p.option_value AS `%s`%s"+`
FROM (SELECT 1 AS one) AS o
LEFT JOIN `+"`%s`"+` AS k ON k.client_id = CAST(? AS BINARY)
LEFT JOIN %s AS u ON u.ID = ?%s
LEFT JOIN `+"`%s`"+` AS p ON p.option_name IN ('%s')`,
		code, colKey, colKeyAlgorithm, colKeyPrivate, colKeyPublic, colOption, colOptionValue, profileColumns(t, "?"),
		t.keys, quoteName(t.users), join, blogTable, strings.Join(options, "', '"))
}

// bearerStatement reads an access token with its client, its user, and the
// options of the main site.
func bearerStatement(t tables, one base) string {
	options := optionList()
	return fmt.Sprintf(`SELECT c.*%s%s%s
FROM %s%s
LEFT JOIN `+"`%s`"+` AS g ON g.access_token = CAST(? AS BINARY)
LEFT JOIN `+"`%s`"+` AS c ON c.client_id = CAST(g.client_id AS BINARY)
LEFT JOIN %s AS u ON u.ID = g.user_id
%s
LIMIT 1`, t.optionColumns(options), grantColumns(t, oauth.AccessToken), profileColumns(t, "u.ID"),
		one.table, optionTables(t.options, options), t.accessTokens, t.clients, quoteName(t.users), one.condition)
}

// profileColumns selects the user u, whose id is user. Of a usermeta entry that
// is there twice WordPress takes the first.
func profileColumns(t tables, user string) string {
	columns := fmt.Sprintf(",\n  u.user_login AS `%s`, u.user_email AS `%s`, u.display_name AS `%s`", colLogin, colEmail, colDisplayName)
	for _, meta := range [][2]string{{"first_name", colFirstName}, {"last_name", colLastName}, {"nickname", colNickname}} {
		columns += fmt.Sprintf(",\n  (SELECT meta_value FROM %s WHERE user_id = %s AND meta_key = '%s' ORDER BY umeta_id LIMIT 1) AS `%s`",
			quoteName(t.usermeta), user, meta[0], meta[1])
	}
	return columns
}
