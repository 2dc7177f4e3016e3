package tokens

import (
	"context"
	"fmt"
	"strings"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// countLimit is how long the database may take to count by client.
const countLimit = time.Minute

// Use is how much of a client's codes and tokens there is.
type Use struct {
	RegisteredClient
	Rows  map[oauth.Kind]int64
	Users int64 // that have any of them
	// Newest is when the newest access token expires, which is all that the tables tell
	// of when it was issued; the zero time: there is none.
	Newest time.Time
}

// CountByClient counts the matching codes and tokens of each client that has any, in the
// order of their ids. It reads them with one plain SELECT, and the database adds up.
func CountByClient(ctx context.Context, db *wpdb.DB, f Filter) (uses []Use, err error) {
	names, err := clientNames(ctx, db)
	if err != nil {
		return nil, err
	}
	var parts []string
	var args []any
	for _, kind := range f.kinds() {
		table, column := db.Tables.KindTable(kind)
		condition, more := f.where(kind, column)
		parts = append(parts, fmt.Sprintf("SELECT '%s' AS kind, CAST(COALESCE(client_id, '') AS BINARY) AS id, MIN(client_id) AS client_id, user_id, COUNT(*) AS n, MAX(expires) AS newest "+
			"FROM `%s` WHERE %s GROUP BY id, user_id", kind, table, condition))
		args = append(args, more...)
	}
	columns := ""
	for _, kind := range f.kinds() {
		columns += fmt.Sprintf(", SUM(IF(kind = '%s', n, 0)) AS `%s`", kind, kind)
	}
	what := fmt.Sprintf("MIN(client_id) AS client_id, COUNT(DISTINCT user_id) AS users, MAX(IF(kind = '%s', newest, NULL)) AS newest%s\n"+
		"FROM (%s) AS t GROUP BY id ORDER BY id", oauth.AccessToken, columns, strings.Join(parts, "\nUNION ALL "))
	err = db.Repeat(ctx, false, func() error {
		uses = nil
		bound, _, err := db.Bounds(ctx, countLimit)
		if err != nil {
			return err
		}
		return wpdb.EachRow(ctx, db.SQL, bound(what), args, func(r wpdb.Row) {
			id := r.Text("client_id")
			u := Use{RegisteredClient: RegisteredClient{id, names[id]}, Rows: map[oauth.Kind]int64{}, Users: r.Integer("users")}
			for _, kind := range f.kinds() {
				u.Rows[kind] = r.Integer(string(kind))
			}
			if newest := wpdb.ParseExpires(oauth.AccessToken, r.Text("newest")); newest.Year() > 1970 {
				u.Newest = newest
			}
			uses = append(uses, u)
		})
	})
	return uses, err
}

// clientNames are the names of the registered clients by their ids.
func clientNames(ctx context.Context, db *wpdb.DB) (names map[string]string, err error) {
	query := "SELECT client_id, client_name FROM " + wpdb.QuoteName(db.Tables.Clients)
	err = db.Repeat(ctx, false, func() error {
		names = map[string]string{}
		return wpdb.EachRow(ctx, db.SQL, query, nil, func(r wpdb.Row) { names[r.Text("client_id")] = r.Text("client_name") })
	})
	return names, err
}

// ListedClient is a client with what is not secret of it, and what it has that is live.
type ListedClient struct {
	RegisteredClient
	Public       bool
	Algorithm    string // of its ID tokens, RS256 or HS256; empty: it gets none
	KeyBits      int    // of an RSA key; 0: it has none that can be read
	RedirectURIs []string
	Blog         int64 // of a network; 0: there is none
	Live         Use
}

// Clients lists the registered clients of all blogs, in the order of their names, with
// what is live at a moment.
func Clients(ctx context.Context, db *wpdb.DB, now time.Time) (list []ListedClient, err error) {
	uses, err := CountByClient(ctx, db, Filter{State: LiveTokens, Now: now})
	if err != nil {
		return nil, err
	}
	live := map[string]Use{}
	for _, u := range uses {
		live[u.ID] = u
	}
	keys, err := signingKeys(ctx, db)
	if err != nil {
		return nil, err
	}
	err = db.Repeat(ctx, false, func() error {
		list = nil
		// Not every edition has the same columns.
		query := "SELECT * FROM " + wpdb.QuoteName(db.Tables.Clients) + " WHERE client_id <> '' ORDER BY client_name, client_id"
		return wpdb.EachRow(ctx, db.SQL, query, nil, func(r wpdb.Row) {
			c := ListedClient{RegisteredClient: RegisteredClient{r.Text("client_id"), r.Text("client_name")},
				Public: r.Text("client_secret") == "", RedirectURIs: strings.Fields(r.Text("redirect_uri"))}
			c.Live = live[c.ID]
			key := keys[c.ID].SigningKey()
			if c.KeyBits = key.Bits(); key.Algorithm != oauth.HS256 || !c.Public { // a public client has no secret to sign with
				c.Algorithm = key.Algorithm
			}
			if db.Config.Multisite {
				c.Blog = max(1, r.Integer("active_oauth_server_id"))
			}
			list = append(list, c)
		})
	})
	return list, err
}

// signingKeys are the rows of the clients' keys, of each client one. An installation
// that signs no ID tokens may lack the table.
func signingKeys(ctx context.Context, db *wpdb.DB) (keys map[string]wpdb.Row, err error) {
	query := fmt.Sprintf("SELECT client_id, 1 AS `%s`, encryption_algorithm AS `%s`, private_key AS `%s` FROM %s",
		wpdb.ColKey, wpdb.ColKeyAlgorithm, wpdb.ColKeyPrivate, wpdb.QuoteName(db.Tables.Keys))
	err = db.Repeat(ctx, false, func() error {
		keys = map[string]wpdb.Row{}
		err := wpdb.EachRow(ctx, db.SQL, query, nil, func(r wpdb.Row) { keys[r.Text("client_id")] = r })
		if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable {
			return nil
		}
		return err
	})
	return keys, err
}

// WholeTable is a table that a count reads all of.
type WholeTable struct {
	Name string
	Rows int64 // about
}

// WholeTables are those that CountByClient reads all of to find what is live, because
// they lack the index on the expiry date that migrate adds.
func WholeTables(ctx context.Context, db *wpdb.DB) (tables []WholeTable, err error) {
	for _, kind := range (Filter{}).kinds() {
		table, _ := db.Tables.KindTable(kind)
		err := db.Repeat(ctx, false, func() error {
			indexes, err := wpdb.UsableIndexes(ctx, db.SQL, table)
			if err != nil || wpdb.IndexOn(indexes, "expires") != "" {
				return err
			}
			rows, err := db.EstimateRows(ctx, table)
			tables = append(tables, WholeTable{table, rows})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return tables, nil
}
