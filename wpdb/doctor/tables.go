package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// TableFacts is what a table holds. A nil pointer is a number that is not known.
type TableFacts struct {
	Name      string `json:"name"`
	Engine    string `json:"engine"`    // empty: no such table, or the account does not see it
	Collation string `json:"collation"` // of columns that have none of their own
	Bytes     *int64 `json:"bytes"`     // with indexes, as the server estimates it
	Rows      *int64 `json:"rows"`
	RowsExact bool   `json:"rows_exact"` // false: rows is the server's estimate
	// Of tables of codes and tokens that were counted.
	Live    *int64 `json:"live"`     // not expired, with an expiry
	Expired *int64 `json:"expired"`  // including access tokens and codes without a date
	Never   *int64 `json:"never"`    // refresh tokens that never expire
	AtLimit *int64 `json:"at_limit"` // those of Live that end with the column's last date

	purgeable  int64 // those of Expired that Purge deletes; 0 if not counted
	indexBytes int64 // those of Bytes that are indexes
}

const (
	// countTime bounds the count of one table.
	countTime = 5 * time.Second
	// uncountedRows is what is not counted where a count cannot be bounded.
	uncountedRows = 1_000_000
	// manyPurgeable is how many rows that Purge would delete are worth a finding: some
	// are always left between two purges.
	manyPurgeable = 1000
)

// describeTables fills in what the server knows of each table without looking at
// its rows.
func (e *examination) describeTables() error {
	for _, n := range append(e.Tables.Needs(), e.Tables.RotationNeeds()) {
		facts, err := e.describeTable(n.Table)
		if err != nil {
			return err
		}
		e.facts.Tables = append(e.facts.Tables, facts)
		if n.Table == e.Tables.Rotated && facts.Engine == "" {
			return e.adviseRotated(n.Table)
		}
	}
	return nil
}

// adviseRotated: a table that is not seen may be there all the same.
func (e *examination) adviseRotated(own string) error {
	if slices.ContainsFunc(e.findings, func(f wpdb.Finding) bool { return f.Kind == wpdb.KindRotations }) {
		return nil // rotations has reported it
	}
	_, err := e.SQL.ExecContext(e.ctx, "SELECT 1 FROM "+wpdb.QuoteName(own)+" WHERE FALSE")
	if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.Denied(err) {
		e.advise(wpdb.KindRotationsMissing, "Run: "+e.Command("migrate"),
			"The server's own table %s is not there or may not be read, so reuse of a replaced refresh token goes unnoticed.", own)
		return nil
	}
	return err
}

func (e *examination) describeTable(table string) (TableFacts, error) {
	schema, name := e.Config.Split(table)
	facts := TableFacts{Name: table}
	// MySQL gives the columns names in capitals unless they are asked for.
	rows, err := e.query("SELECT ENGINE AS engine, TABLE_COLLATION AS collation, TABLE_ROWS AS estimate, "+
		"DATA_LENGTH + INDEX_LENGTH AS bytes, INDEX_LENGTH AS index_bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, name)
	if err != nil || len(rows) == 0 {
		return facts, err
	}
	r := rows[0]
	facts.Engine, facts.Collation = r.Text("engine"), r.Text("collation")
	if !r.Null("bytes") {
		facts.Bytes, facts.indexBytes = new(r.Integer("bytes")), r.Integer("index_bytes")
	}
	if !r.Null("estimate") {
		facts.Rows = new(r.Integer("estimate"))
	}
	return facts, nil
}

// rows counts what the tables of codes and tokens hold.
func (e *examination) rows() error {
	bound, bounded, err := e.Bounds(e.ctx, countTime)
	if err != nil {
		return err
	}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, _ := e.Tables.KindTable(kind)
		f := &e.facts.Tables[slices.IndexFunc(e.facts.Tables, func(t TableFacts) bool { return t.Name == table })]
		if !e.there(table) || !strings.EqualFold(f.Engine, "InnoDB") {
			continue // a count would lock a table of another engine
		}
		e.progress("counting the rows of " + table)
		if bounded || f.Rows == nil || *f.Rows <= uncountedRows {
			if err := e.count(kind, f, bound); err != nil {
				return err
			}
		}
		e.adviseRows(f)
	}
	return nil
}

// count counts the rows of a table, unless that takes too long.
func (e *examination) count(kind oauth.Kind, f *TableFacts, bound func(string) string) error {
	never := "FALSE"
	if kind == oauth.RefreshToken {
		never = wpdb.NeverCondition
	}
	now := time.Now()
	old := e.PurgeableOf(kind, now.Add(-e.purgeAfter))
	query := bound(fmt.Sprintf("COUNT(*) AS total, COALESCE(SUM(%s), 0) AS never, COALESCE(SUM(%s), 0) AS good, "+
		"COALESCE(SUM(%s), 0) AS purgeable, COALESCE(SUM(expires >= ?), 0) AS at_limit FROM %s",
		never, wpdb.LiveCondition(kind), old.Condition(), wpdb.QuoteName(f.Name)))
	rows, ok, err := e.read(f.Name, query, wpdb.FormatExpires(now), old.Digits(), wpdb.FormatExpires(oauth.LastExpiry()))
	if n := wpdb.ErrorNumber(err); n == 1969 || n == 3024 { // it took too long
		return nil
	}
	if !ok || len(rows) == 0 {
		return err
	}
	r := rows[0]
	total, good, endless := r.Integer("total"), r.Integer("good"), r.Integer("never")
	f.Rows, f.RowsExact, f.Live, f.Expired, f.Never = &total, true, new(good-endless), new(total-good), &endless
	f.AtLimit, f.purgeable = new(r.Integer("at_limit")), r.Integer("purgeable")
	return nil
}

func (e *examination) adviseRows(f *TableFacts) {
	purge := "Nothing else removes what has expired. Run: " + e.Command("purge")
	switch {
	case !f.RowsExact && f.Rows != nil:
		e.advise(wpdb.KindRowsExpired, purge,
			"The table %s has about %d rows, too many to count within %.0f s.", f.Name, *f.Rows, countTime.Seconds())
	case f.purgeable >= manyPurgeable:
		e.advise(wpdb.KindRowsExpired, purge, "%d of the %d rows of the table %s have expired and may be deleted.", f.purgeable, *f.Rows, f.Name)
	}
	if f.AtLimit != nil && *f.AtLimit > 0 {
		e.advise(wpdb.KindRowsAtEnd, "Shorten the lifetime (the options "+wpdb.OptionAccessLifetime+" and "+wpdb.OptionRefreshLifetime+"), and let these clients log in again before then.",
			"The table %s has rows (%d) that expire on %s or after, where the column ends.", f.Name, *f.AtLimit, oauth.LastExpiry().Format("2006-01-02"))
	}
}
