package store

import (
	"fmt"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// worthPreparing are the statements that are prepared: those that requests read by, except
// the records of rotations and what came of a code, which few do, what ID tokens of several
// requests are made of, and those of other blogs, of which a network may have any number.
// Parsing one takes the server a third of the time.
func worthPreparing(s statements) []string {
	worth := append(s.bearer[:], s.identify[false][0], s.identify[true][0])
	for _, sizes := range []map[oauth.Kind]sizes{s.find, s.findOpenID} {
		for _, texts := range sizes {
			worth = append(worth, texts[:]...)
		}
	}
	return worth
}

// statements are the texts of all SQL that a request may cause.
//
// Every comparison of a token, a code or a client id is with CAST(? AS BINARY):
// the tables' collation ignores letter case, accents and trailing spaces. Unlike
// BINARY before the column, this form still uses an index.
type statements struct {
	find       map[oauth.Kind]sizes
	findOpenID map[oauth.Kind]sizes // with what an ID token is made of
	bearer     sizes

	insert map[oauth.Kind]string
	remove map[oauth.Kind]string // by its value
	revoke map[oauth.Kind]string // by its value, if it is the client's

	identify map[bool]sizes // whether there is a code
	public   string         // finds any client without a secret

	member             string // to add to options: whether a user is a member of the blog
	revokeAccessTokens string // all that a client has for a user
	revokeFamily       string // of these, those of one family
	family             sizes  // reads what there is of one

	rotated             string // puts a rotation on record
	rotation            sizes  // reads one
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
		find:       map[oauth.Kind]sizes{},
		findOpenID: map[oauth.Kind]sizes{},
		bearer:     sizesOf(func(n int) string { return bearerStatement(t, n) }),

		insert: map[oauth.Kind]string{},
		remove: map[oauth.Kind]string{},
		revoke: map[oauth.Kind]string{},
		identify: map[bool]sizes{
			false: sizesOf(func(n int) string { return identityStatement(t, false, n) }),
			true:  sizesOf(func(n int) string { return identityStatement(t, true, n) }),
		},
	}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, column := t.KindTable(kind)
		s.insert[kind] = fmt.Sprintf(
			"INSERT INTO `%s` (`%s`, client_id, user_id, expires, scope) VALUES "+insertedRow, table, column)
		s.remove[kind] = fmt.Sprintf("DELETE FROM `%s` WHERE `%s` = CAST(? AS BINARY)", table, column)
		s.revoke[kind] = s.remove[kind] + " AND client_id = CAST(? AS BINARY)"
	}
	for _, kind := range []oauth.Kind{"", oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		s.find[kind] = sizesOf(func(n int) string { return findStatement(t, kind, false, n) })
	}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken} {
		s.findOpenID[kind] = sizesOf(func(n int) string { return findStatement(t, kind, true, n) })
	}
	s.public = fmt.Sprintf("SELECT 1 AS one FROM `%s` WHERE client_secret IS NULL OR LENGTH(client_secret) = 0 LIMIT 1", t.Clients)
	s.member = " UNION ALL SELECT '" + wpdb.ColMember + "', '1' FROM " + wpdb.QuoteName(t.Usermeta) + " WHERE user_id = ? AND meta_key = ?"
	s.revokeAccessTokens = fmt.Sprintf(
		"DELETE FROM `%s` WHERE client_id = CAST(? AS BINARY) AND user_id = ?", t.AccessTokens)
	s.revokeFamily = s.revokeAccessTokens + " AND " + ofFamily("access_token")
	s.family = sizesOf(func(n int) string { return familyStatement(t, n) })
	s.revokeRefreshTokens = fmt.Sprintf(
		"DELETE FROM `%s` WHERE client_id = CAST(? AS BINARY) AND user_id = ?", t.RefreshTokens)
	// A token that has come back, such as from a backup, may be replaced again.
	s.rotated = fmt.Sprintf(
		"REPLACE INTO `%s` (token_hash, client_id, user_id, successor, rotated) VALUES "+rotatedRow, t.Rotated)
	s.rotation = sizesOf(func(n int) string { return rotationStatement(t, n) })
	return s
}
