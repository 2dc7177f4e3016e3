package store

import (
	"fmt"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// worthPreparing are the statements that are prepared: those that requests read
// by, except those of other blogs, of which a network may have any number.
func worthPreparing(s statements, c wpdb.Config) []string {
	worth := []string{s.bearer}
	for _, query := range s.find {
		worth = append(worth, query)
	}
	for _, query := range s.identify {
		worth = append(worth, wpdb.OfBlog(query, c.BlogOptions(0)))
	}
	return worth
}

// base is the one row that all else is joined to, so that the result is one row
// even if nothing else is found.
type base struct{ table, condition string }

// siteRow is a row of the database: unlike madeRow it needs no temporary table.
func siteRow(t wpdb.Tables) base {
	return base{"`" + t.Options + "` AS o", "WHERE o.option_name = '" + wpdb.OptionSiteURL + "'"}
}

// madeRow is for a table of options without optionSiteURL.
func madeRow() base { return base{table: "(SELECT 1) AS o"} }

// optionTables joins the options to a row. option_name has a unique index, so the
// server reads each as a constant before it plans the rest, which is faster than
// a subselect for each.
func optionTables(table string, names []string) string {
	var b strings.Builder
	for i, name := range names {
		fmt.Fprintf(&b, "\nLEFT JOIN `%s` AS p%d ON p%d.option_name = '%s'", table, i, i, name)
	}
	fmt.Fprintf(&b, "\nLEFT JOIN `%s` AS a ON a.option_name = '%s'", table, wpdb.OptionActivePlugins)
	return b.String()
}

// statements are the texts of all SQL that a request may cause.
//
// Every comparison of a token, a code or a client id is with CAST(? AS BINARY):
// the tables' collation ignores letter case, accents and trailing spaces. Unlike
// BINARY before the column, this form still uses an index.
type statements struct {
	find   map[oauth.Kind]string
	insert map[oauth.Kind]string
	remove map[oauth.Kind]string // by its value
	revoke map[oauth.Kind]string // by its value, if it is the client's

	identify    map[bool]string // whether there is a code
	bearer      string
	public      string            // finds any client without a secret
	withoutSite map[string]string // by find or bearer: the same where there is no siteRow

	member             string // to add to options: whether a user is a member of the blog
	revokeAccessTokens string // all that a client has for a user
	revokeFamily       string // of these, those of one family
	family             string // reads what there is of one

	rotated             string // puts a rotation on record
	rotation            string // reads one
	revokeRefreshTokens string // all that a client has for a user
}

// insertedRow is the values of a code or token in an INSERT, which may have more
// of them.
const insertedRow = "(?, ?, ?, ?, ?)"

// rotatedRow is the values of a rotation, of which a statement may have more. The hash comes
// in hex digits: MySQL cannot list its processes while a statement has other bytes in it.
const rotatedRow = "(UNHEX(?), ?, ?, ?, UTC_TIMESTAMP())"

func newStatements(t wpdb.Tables) statements {
	s := statements{
		find:   map[oauth.Kind]string{},
		insert: map[oauth.Kind]string{},
		remove: map[oauth.Kind]string{},
		revoke: map[oauth.Kind]string{},
		identify: map[bool]string{
			false: identifyStatement(t, false),
			true:  identifyStatement(t, true),
		},
		withoutSite: map[string]string{},
	}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, column := t.KindTable(kind)
		s.insert[kind] = fmt.Sprintf(
			"INSERT INTO `%s` (`%s`, client_id, user_id, expires, scope) VALUES "+insertedRow, table, column)
		s.remove[kind] = fmt.Sprintf("DELETE FROM `%s` WHERE `%s` = CAST(? AS BINARY)", table, column)
		s.revoke[kind] = s.remove[kind] + " AND client_id = CAST(? AS BINARY)"
	}
	for _, kind := range []oauth.Kind{"", oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		s.find[kind] = findStatement(t, kind, siteRow(t))
		s.withoutSite[s.find[kind]] = findStatement(t, kind, madeRow())
	}
	s.public = fmt.Sprintf("SELECT 1 AS one FROM `%s` WHERE client_secret IS NULL OR LENGTH(client_secret) = 0 LIMIT 1", t.Clients)
	s.bearer = bearerStatement(t, siteRow(t))
	s.withoutSite[s.bearer] = bearerStatement(t, madeRow())
	s.member = " UNION ALL SELECT '" + wpdb.ColMember + "', '1' FROM " + wpdb.QuoteName(t.Usermeta) + " WHERE user_id = ? AND meta_key = ?"
	s.revokeAccessTokens = fmt.Sprintf(
		"DELETE FROM `%s` WHERE client_id = CAST(? AS BINARY) AND user_id = ?", t.AccessTokens)
	s.revokeFamily = s.revokeAccessTokens + " AND " + ofFamily("access_token")
	s.family = familyStatement(t)
	s.revokeRefreshTokens = fmt.Sprintf(
		"DELETE FROM `%s` WHERE client_id = CAST(? AS BINARY) AND user_id = ?", t.RefreshTokens)
	// A token that has come back, such as from a backup, may be replaced again.
	s.rotated = fmt.Sprintf(
		"REPLACE INTO `%s` (token_hash, client_id, user_id, successor, rotated) VALUES "+rotatedRow, t.Rotated)
	s.rotation = fmt.Sprintf("SELECT client_id, user_id, successor, TIMESTAMPDIFF(SECOND, rotated, UTC_TIMESTAMP()) AS age "+
		"FROM `%s` WHERE token_hash = ?", t.Rotated)
	return s
}

// findStatement reads all that a request is judged by in one round trip: the
// site's options, the client, what it presented, and whether its user still
// exists. What is absent is NULL; of duplicates one row counts. The client's
// columns differ between editions of the plugin, so they are selected as c.*; all
// others have names that no column of the plugin has.
func findStatement(t wpdb.Tables, kind oauth.Kind, one base) string {
	columns, grant := "", ""
	if kind != "" {
		table, column := t.KindTable(kind)
		columns = grantColumns(t, kind)
		grant = fmt.Sprintf(`
LEFT JOIN `+"`%s`"+` AS g ON g.%s = CAST(? AS BINARY)
LEFT JOIN %s AS u ON u.ID = g.user_id`, table, column, wpdb.QuoteName(t.Users))
	}
	options := wpdb.OptionList()
	return fmt.Sprintf(`SELECT c.*%s%s
FROM %s%s
LEFT JOIN `+"`%s`"+` AS c ON c.client_id = CAST(? AS BINARY)%s
%s
LIMIT 1`, t.OptionColumns(options), columns, one.table, optionTables(t.Options, options), t.Clients, grant, one.condition)
}

// grantColumns selects the code or token g, whether its user u exists and, in a
// network, whether the user is a member of the main blog.
func grantColumns(t wpdb.Tables, kind oauth.Kind) string {
	_, column := t.KindTable(kind)
	redirectURI, member := "NULL", ""
	if t.Capabilities != "" {
		member = fmt.Sprintf(",\n  EXISTS (SELECT 1 FROM %s WHERE user_id = g.user_id AND meta_key = '%s') AS `%s`",
			wpdb.QuoteName(t.Usermeta), t.Capabilities, wpdb.ColMember)
	}
	if kind == oauth.AuthorizationCode {
		redirectURI = "g.redirect_uri"
	}
	return fmt.Sprintf(`,
  g.%s IS NOT NULL AS `+"`%s`"+`, g.client_id AS `+"`%s`"+`, g.user_id AS `+"`%s`"+`, %s AS `+"`%s`"+`,
  g.expires AS `+"`%s`"+`, g.scope AS `+"`%s`"+`, u.ID AS `+"`%s`",
		column, wpdb.ColGrant, wpdb.ColGrantClient, wpdb.ColGrantUser, redirectURI, wpdb.ColGrantRedirect,
		wpdb.ColGrantExpires, wpdb.ColGrantScope, wpdb.ColUser) + member
}
