package store

import (
	"fmt"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// sizes are the texts of a statement that reads for 1, 2, 4, 8, 16 and 32 requests.
type sizes [6]string

// maxRead is how many requests the largest reads for.
const maxRead = 1 << (len(sizes{}) - 1)

func sizesOf(text func(n int) string) (s sizes) {
	for i := range s {
		s[i] = text(1 << i)
	}
	return s
}

// findStatement reads all that n requests are judged by in one round trip: the site's
// options, and for each request the client, what it presented, and whether its user
// still exists. What is absent is NULL; of duplicates the first row counts. The client's
// columns differ between editions of the plugin, so they are selected as c.*; all
// others have names that no column of the plugin has.
//
// With openID it also reads what an ID token is made of, where the grant's scope has
// openid, and the user's names where it has profile too. LIKE lets other spellings pass,
// which costs time only.
func findStatement(t wpdb.Tables, kind oauth.Kind, openID bool, n int) string {
	options, asked := wpdb.OptionList(), []string{"client"}
	columns, joins := "", ""
	if kind != "" {
		table, column := t.KindTable(kind)
		asked = append(asked, "value")
		columns = grantColumns(t, kind)
		joins = fmt.Sprintf(`
LEFT JOIN `+"`%s`"+` AS g ON g.%s = r.value
LEFT JOIN %s AS u ON u.ID = g.user_id`, table, column, wpdb.QuoteName(t.Users))
	}
	if openID {
		options = append(options, wpdb.IdentityOptions()...)
		columns += keyColumns + profileColumns(t, "g.scope LIKE '%openid%' AND g.scope LIKE '%profile%'")
		joins += fmt.Sprintf("\nLEFT JOIN `%s` AS k ON g.scope LIKE '%%openid%%' AND k.client_id = r.client", t.Keys)
	}
	if openID && kind == oauth.AuthorizationCode {
		options = append(options, wpdb.OptionIDToken)
		columns += storedColumn(t)
	}
	text := numbered + ", c.*" + optionColumns(options) + inactiveColumn(t, n) + columns + from(t, options, asked, n) +
		fmt.Sprintf("\nLEFT JOIN `%s` AS c ON c.client_id = r.client", t.Clients) + joins
	if n == 1 && !openID {
		return alone(t, text, asked)
	}
	return text
}

// alone rewrites a text that reads for one request, which asks in the order of asked:
// without the row r, and beginning with a row of the options, it needs no temporary
// table. Where there is no such row there is no result.
func alone(t wpdb.Tables, text string, asked []string) string {
	old := []string{requests(asked, 1), "`" + t.Options + "` AS o", "r.i AS", "0 AS"}
	for _, column := range asked {
		old = append(old, "r."+column, "CAST(? AS BINARY)")
	}
	return strings.NewReplacer(old...).Replace(text) + siteRow
}

// siteRow ends a text that begins with a row of the options.
const siteRow = "\nWHERE o.option_name = '" + wpdb.OptionSiteURL + "'\nLIMIT 1"

// bearerStatement reads n access tokens, each with its client and its user, and the
// options of the main site.
func bearerStatement(t wpdb.Tables, n int) string {
	options := wpdb.OptionList()
	return numbered + ", c.*" + optionColumns(options) + inactiveColumn(t, n) + grantColumns(t, oauth.AccessToken) + profileColumns(t, "TRUE") +
		from(t, options, []string{"value"}, n) + fmt.Sprintf(`
LEFT JOIN `+"`%s`"+` AS g ON g.access_token = r.value
LEFT JOIN `+"`%s`"+` AS c ON c.client_id = CAST(g.client_id AS BINARY)
LEFT JOIN %s AS u ON u.ID = g.user_id`, t.AccessTokens, t.Clients, wpdb.QuoteName(t.Users))
}

// identityStatement reads what n ID tokens are made of: for each the client's key, the user
// and, if there is a code, its row; and the options. The code's columns are selected as g.*,
// because not every edition has an id_token.
func identityStatement(t wpdb.Tables, withCode bool, n int) string {
	options, asked := wpdb.IdentityOptions(), []string{"client", "user"}
	columns, join := keyColumns+profileColumns(t, "TRUE"), ""
	if withCode {
		options, asked = append(options, wpdb.OptionIDToken), append(asked, "code")
		columns += ",\n  g.*"
		join = fmt.Sprintf("\nLEFT JOIN `%s` AS g ON g.authorization_code = r.code", t.Codes)
	}
	text := numbered + optionColumns(options) + columns + from(t, options, asked, n) + fmt.Sprintf(`
LEFT JOIN `+"`%s`"+` AS k ON k.client_id = r.client
LEFT JOIN %s AS u ON u.ID = CAST(r.user AS SIGNED)`, t.Keys, wpdb.QuoteName(t.Users)) + join
	if n == 1 {
		return alone(t, text, asked)
	}
	return text
}

// from is a row r for each of n requests, with what it asked for, and joined to it the
// options. option_name has a unique index, so the server reads each option as a constant
// before it plans the rest, which is faster than a subselect for each. For that they are
// joined to a single row: r if n is 1, else one that is made for them.
func from(t wpdb.Tables, options, asked []string, n int) string {
	first, last := "(SELECT 1) AS o", "\nJOIN "+requests(asked, n)
	if n == 1 {
		first, last = requests(asked, n), ""
	}
	var b strings.Builder
	b.WriteString("\nFROM " + first)
	for i, name := range options {
		fmt.Fprintf(&b, "\nLEFT JOIN `%s` AS p%d ON p%d.option_name = '%s'", t.Options, i, i, name)
	}
	fmt.Fprintf(&b, "\nLEFT JOIN `%s` AS a ON a.option_name = '%s'", t.Options, wpdb.OptionActivePlugins)
	return b.String() + last
}

// requests is a row r for each of n requests, with what it asked for.
func requests(asked []string, n int) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("SELECT %d AS i", i)
		for _, column := range asked {
			rows[i] += ", CAST(? AS BINARY) AS " + column
		}
	}
	return "(" + strings.Join(rows, " UNION ALL ") + ") AS r"
}

// rotationStatement reads the records of n refresh tokens.
func rotationStatement(t wpdb.Tables, n int) string {
	return numbered + fmt.Sprintf(", t.client_id, t.user_id, t.successor, TIMESTAMPDIFF(SECOND, t.rotated, UTC_TIMESTAMP()) AS age "+
		"FROM %s LEFT JOIN `%s` AS t ON t.token_hash = r.value", requests([]string{"value"}, n), t.Rotated)
}

// numbered begins the texts: it selects the number of the request.
const numbered = "SELECT r.i AS `" + wpdb.ColRequest + "`"

// inactiveColumn selects whether the plugin is inactive on the main blog, which takes long
// to tell and is only in the first of n rows.
func inactiveColumn(t wpdb.Tables, n int) string {
	inactive := t.Inactive("a.option_value", 1)
	if n > 1 {
		inactive = "IF(r.i = 0, " + inactive + ", NULL)"
	}
	return fmt.Sprintf(",\n  %s AS `%s`", inactive, wpdb.ColInactive)
}

// optionColumns selects the value of each option as a column of its own name.
func optionColumns(options []string) string {
	var b strings.Builder
	for i, name := range options {
		fmt.Fprintf(&b, ", p%d.option_value AS `%s`", i, name)
	}
	return b.String()
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

// keyColumns selects the client's key k.
const keyColumns = ",\n  k.client_id AS `" + wpdb.ColKey + "`, k.encryption_algorithm AS `" + wpdb.ColKeyAlgorithm +
	"`, k.private_key AS `" + wpdb.ColKeyPrivate + "`, k.public_key AS `" + wpdb.ColKeyPublic + "`"

// storedColumn selects the ID token of the code g. Where the table has no such column,
// the name means that of the row around it, which is NULL. The first condition is for the index.
func storedColumn(t wpdb.Tables) string {
	return fmt.Sprintf(",\n  (SELECT (SELECT id_token FROM `%s` AS x WHERE x.authorization_code = g.authorization_code "+
		"AND x.authorization_code = CAST(g.authorization_code AS BINARY) LIMIT 1) FROM (SELECT NULL AS id_token) AS n) AS id_token", t.Codes)
}

// profileColumns selects the user u, the names only on condition. If a usermeta entry is
// there twice, WordPress takes the first.
func profileColumns(t wpdb.Tables, condition string) string {
	columns := fmt.Sprintf(",\n  u.user_login AS `%s`, u.user_email AS `%s`, u.display_name AS `%s`", wpdb.ColLogin, wpdb.ColEmail, wpdb.ColDisplayName)
	for _, meta := range [][2]string{{"first_name", wpdb.ColFirstName}, {"last_name", wpdb.ColLastName}, {"nickname", wpdb.ColNickname}} {
		columns += fmt.Sprintf(",\n  IF(%s, (SELECT meta_value FROM %s WHERE user_id = u.ID AND meta_key = '%s' ORDER BY umeta_id LIMIT 1), NULL) AS `%s`",
			condition, wpdb.QuoteName(t.Usermeta), meta[0], meta[1])
	}
	return columns
}
