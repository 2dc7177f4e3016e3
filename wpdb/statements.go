package wpdb

import (
	"fmt"

	"moserver-sidecar/oauth"
)

// statements are the texts of all SQL that a request may cause.
//
// Every comparison of a token, a code or a client id is with CAST(? AS BINARY):
// the tables' collation takes other letter cases, accents and trailing spaces
// for the same. Unlike BINARY before the column, this form still uses an index.
type statements struct {
	find   map[oauth.Kind]string
	insert map[oauth.Kind]string
	remove map[oauth.Kind]string // by its value
	revoke map[oauth.Kind]string // by its value, if it is the client's
	issued map[oauth.Kind]string // whether a token is there, or on its way

	identify map[bool]string // whether there is a code
	bearer   string
	anyhow   map[string]string // for a find or bearer, the same where there is no siteRow

	options            string // of the blog whose table and number are put in
	inactive           string // to add to options: whether the plugin is inactive on the blog
	member             string // to add to options: if a user is a member of the blog
	revokeAccessTokens string // all that a client has for a user

	rotated             string // puts a rotation on record
	rotation            string // reads one
	revokeRefreshTokens string // all that a client has for a user
}

// kindTable is where the codes or tokens of a kind are, and the column that
// has their value.
func (t tables) kindTable(kind oauth.Kind) (table, column string) {
	switch kind {
	case oauth.AuthorizationCode:
		return t.codes, "authorization_code"
	case oauth.AccessToken:
		return t.accessTokens, "access_token"
	default:
		return t.refreshTokens, "refresh_token"
	}
}

// insertedRow is the values of a code or token in an INSERT, which may have more
// of them.
const insertedRow = "(?, ?, ?, ?, ?)"

func newStatements(t tables) statements {
	s := statements{
		find:   map[oauth.Kind]string{},
		insert: map[oauth.Kind]string{},
		remove: map[oauth.Kind]string{},
		revoke: map[oauth.Kind]string{},
		issued: map[oauth.Kind]string{},
		identify: map[bool]string{
			false: identifyStatement(t, false),
			true:  identifyStatement(t, true),
		},
		anyhow: map[string]string{},
	}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, column := t.kindTable(kind)
		s.insert[kind] = fmt.Sprintf(
			"INSERT INTO `%s` (`%s`, client_id, user_id, expires, scope) VALUES "+insertedRow, table, column)
		s.remove[kind] = fmt.Sprintf("DELETE FROM `%s` WHERE `%s` = CAST(? AS BINARY)", table, column)
		// It waits for a row that another connection has written and not committed.
		s.issued[kind] = fmt.Sprintf("SELECT 1 FROM `%s` WHERE `%s` = CAST(? AS BINARY) LIMIT 1 LOCK IN SHARE MODE", table, column)
		s.revoke[kind] = s.remove[kind] + " AND client_id = CAST(? AS BINARY)"
	}
	for _, kind := range []oauth.Kind{"", oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		s.find[kind] = findStatement(t, kind, siteRow(t))
		s.anyhow[s.find[kind]] = findStatement(t, kind, madeRow())
	}
	s.bearer = bearerStatement(t, siteRow(t))
	s.anyhow[s.bearer] = bearerStatement(t, madeRow())
	s.inactive = " UNION ALL SELECT '" + colInactive + "', '1' FROM `" + blogTable + "` WHERE option_name = '" +
		optionActivePlugins + "' AND " + t.inactive("option_value", blogNumber)
	s.options = "SELECT option_name, option_value FROM `" + blogTable + "` WHERE option_name IN (" + optionNames() + ")" + s.inactive
	s.member = " UNION ALL SELECT '" + colMember + "', '1' FROM " + quoteName(t.usermeta) + " WHERE user_id = ? AND meta_key = ?"
	s.revokeAccessTokens = fmt.Sprintf(
		"DELETE FROM `%s` WHERE client_id = CAST(? AS BINARY) AND user_id = ?", t.accessTokens)
	s.revokeRefreshTokens = fmt.Sprintf(
		"DELETE FROM `%s` WHERE client_id = CAST(? AS BINARY) AND user_id = ?", t.refreshTokens)
	// A token that is there once more, such as one out of a backup, may be
	// replaced once more.
	s.rotated = fmt.Sprintf(
		"REPLACE INTO `%s` (token_hash, client_id, user_id, successor, rotated) VALUES (?, ?, ?, ?, UTC_TIMESTAMP())", t.rotated)
	s.rotation = fmt.Sprintf("SELECT client_id, user_id, successor, TIMESTAMPDIFF(SECOND, rotated, UTC_TIMESTAMP()) AS age "+
		"FROM `%s` WHERE token_hash = ?", t.rotated)
	return s
}

// inactive is a condition on the value of active_plugins of a blog: neither that
// list nor the network's names the plugin. It is NULL where the blog has no list.
//
// The literals have a character set of their own because MySQL 8 compares no text
// with one of the connection's where that is binary.
func (t tables) inactive(list, blog string) string {
	if t.plugin == "" {
		return "FALSE"
	}
	condition := list + " NOT REGEXP _utf8mb4'" + t.plugin + "'"
	if t.sitemeta != "" {
		condition += fmt.Sprintf(" AND NOT EXISTS (SELECT 1 FROM `%s` AS m JOIN `%s` AS b ON b.site_id = m.site_id "+
			"WHERE b.blog_id = %s AND m.meta_key = '%s' AND m.meta_value REGEXP _utf8mb4'%s')",
			t.sitemeta, t.blogs, blog, metaActivePlugins, t.plugin)
	}
	return condition
}

// findStatement reads all that a request is judged by in one round trip: the
// site's options, the client, what it presented, and if its user still exists.
// Whatever is absent comes back as NULL, and of what is there twice one row
// counts. The client's columns differ between editions of the plugin, so
// they are taken as they are and read by name; all others have names that no
// column of the plugin has.
func findStatement(t tables, kind oauth.Kind, one base) string {
	columns, grant := "", ""
	if kind != "" {
		table, column := t.kindTable(kind)
		columns = grantColumns(t, kind)
		grant = fmt.Sprintf(`
LEFT JOIN `+"`%s`"+` AS g ON g.%s = CAST(? AS BINARY)
LEFT JOIN %s AS u ON u.ID = g.user_id`, table, column, quoteName(t.users))
	}
	options := optionList()
	return fmt.Sprintf(`SELECT c.*%s%s
FROM %s%s
LEFT JOIN `+"`%s`"+` AS c ON c.client_id = CAST(? AS BINARY)%s
%s
LIMIT 1`, t.optionColumns(options), columns, one.table, optionTables(t.options, options), t.clients, grant, one.condition)
}

// grantColumns selects the code or token g, if its user u exists, and in a
// network if the user is a member of the main blog.
func grantColumns(t tables, kind oauth.Kind) string {
	_, column := t.kindTable(kind)
	redirectURI, member := "NULL", ""
	if t.capabilities != "" {
		member = fmt.Sprintf(",\n  EXISTS (SELECT 1 FROM %s WHERE user_id = g.user_id AND meta_key = '%s') AS `%s`",
			quoteName(t.usermeta), t.capabilities, colMember)
	}
	if kind == oauth.AuthorizationCode {
		redirectURI = "g.redirect_uri"
	}
	return fmt.Sprintf(`,
  g.%s IS NOT NULL AS `+"`%s`"+`, g.client_id AS `+"`%s`"+`, g.user_id AS `+"`%s`"+`, %s AS `+"`%s`"+`,
  g.expires AS `+"`%s`"+`, g.scope AS `+"`%s`"+`, u.ID AS `+"`%s`",
		column, colGrant, colGrantClient, colGrantUser, redirectURI, colGrantRedirect,
		colGrantExpires, colGrantScope, colUser) + member
}
