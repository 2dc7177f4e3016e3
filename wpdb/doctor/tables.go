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
	Engine    string `json:"engine"`    // empty: there is no such table, or the account does not see it
	Collation string `json:"collation"` // of columns that have none of their own
	Bytes     *int64 `json:"bytes"`     // with indexes, as the server estimates it
	Rows      *int64 `json:"rows"`
	RowsExact bool   `json:"rows_exact"` // false: rows is the server's estimate
	// Of tables of codes and tokens that were counted.
	Live    *int64 `json:"live"`     // not expired, with an expiry
	Expired *int64 `json:"expired"`  // access tokens and codes without a date among them
	Never   *int64 `json:"never"`    // refresh tokens that never expire
	AtLimit *int64 `json:"at_limit"` // those of live that end with the last date that the column holds

	purgeable int64 // those of expired that Purge deletes; 0 where they were not counted
}

const (
	// countMillis bounds the count of one table.
	countMillis = 5000
	// uncountedRows is what is not counted where a count cannot be bounded.
	uncountedRows = 1_000_000
	// manyPurgeable is how many rows that Purge would delete are worth a word: a purge
	// that comes now and then leaves some.
	manyPurgeable = 1000
)

// describeTables fills in what the server knows of each table without looking at
// its rows.
func (e *examination) describeTables() error {
	names := []string{}
	for _, n := range e.Tables.Needs() {
		names = append(names, n.Table)
	}
	own := e.Tables.Rotated
	for _, name := range append(names, own) {
		facts, err := e.describeTable(name)
		if err != nil {
			return err
		}
		e.facts.Tables = append(e.facts.Tables, facts)
	}
	if rotated := e.facts.Tables[slices.IndexFunc(e.facts.Tables, func(t TableFacts) bool { return t.Name == own })]; rotated.Engine == "" {
		return e.adviseRotated(own)
	}
	return nil
}

// adviseRotated: a table that is not seen may be there all the same.
func (e *examination) adviseRotated(own string) error {
	if slices.ContainsFunc(e.findings, func(f wpdb.Finding) bool { return f.Kind == wpdb.KindRotations }) {
		return nil // another look has said so
	}
	_, err := e.SQL.ExecContext(e.ctx, "SELECT 1 FROM "+wpdb.QuoteName(own)+" WHERE FALSE")
	if wpdb.ErrorNumber(err) == wpdb.ErrNoSuchTable || wpdb.Denied(err) {
		e.advise(wpdb.KindRotationsMissing, "Run: "+e.Command("migrate"),
			"The server's own table %s is not there or may not be read, so nobody notices when a replaced refresh token is used again.", own)
		return nil
	}
	return err
}

func (e *examination) describeTable(table string) (TableFacts, error) {
	schema, name := e.Config.Split(table)
	facts := TableFacts{Name: table}
	// MySQL gives the columns names in capitals unless they are asked for.
	rows, err := e.query("SELECT ENGINE AS engine, TABLE_COLLATION AS collation, TABLE_ROWS AS estimate, "+
		"DATA_LENGTH + INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", schema, name)
	if err != nil || len(rows) == 0 {
		return facts, err
	}
	r := rows[0]
	facts.Engine, facts.Collation = r.Text("engine"), r.Text("collation")
	if !r.Null("bytes") {
		bytes := r.Integer("bytes")
		facts.Bytes = &bytes
	}
	if !r.Null("estimate") {
		estimate := r.Integer("estimate")
		facts.Rows = &estimate
	}
	return facts, nil
}

// rows counts what the tables of codes and tokens hold.
func (e *examination) rows() error {
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		table, _ := e.Tables.KindTable(kind)
		for i := range e.facts.Tables {
			f := &e.facts.Tables[i]
			if f.Name != table || !e.there(table) || !strings.EqualFold(f.Engine, "InnoDB") {
				continue // a count would lock a table of another engine
			}
			e.progress("counting the rows of " + table)
			if err := e.count(kind, f); err != nil {
				return err
			}
			e.adviseRows(f)
		}
	}
	return nil
}

// count counts the rows of a table, unless that takes too long.
func (e *examination) count(kind oauth.Kind, f *TableFacts) error {
	never := "FALSE"
	if kind == oauth.RefreshToken {
		never = wpdb.NeverCondition
	}
	now := time.Now()
	old := e.PurgeableOf(kind, now.Add(-e.purgeAfter))
	query, bounded := e.bounded(fmt.Sprintf("COUNT(*) AS total, COALESCE(SUM(%s), 0) AS never, COALESCE(SUM(%s), 0) AS good, "+
		"COALESCE(SUM(%s), 0) AS purgeable, COALESCE(SUM(expires >= ?), 0) AS at_limit FROM %s",
		never, wpdb.LiveCondition(kind), old.Condition(), wpdb.QuoteName(f.Name)))
	if !bounded && f.Rows != nil && *f.Rows > uncountedRows {
		return nil
	}
	rows, ok, err := e.read(f.Name, query, wpdb.FormatExpires(now), old.Digits(), wpdb.FormatExpires(oauth.LastExpiry()))
	if n := wpdb.ErrorNumber(err); n == 1969 || n == 3024 { // it took too long
		return nil
	}
	if !ok || len(rows) == 0 {
		return err
	}
	r := rows[0]
	total, endless, last := r.Integer("total"), r.Integer("never"), r.Integer("at_limit")
	live, dead := r.Integer("good")-endless, total-r.Integer("good")
	f.Rows, f.RowsExact, f.Live, f.Expired, f.Never, f.AtLimit = &total, true, &live, &dead, &endless, &last
	f.purgeable = r.Integer("purgeable")
	return nil
}

// bounded is a SELECT that the server itself ends after a while, if it can.
func (e *examination) bounded(what string) (query string, bounded bool) {
	v := e.facts.Server.Version
	switch {
	case e.facts.Server.Kind == "MariaDB" && versionBefore(v, 10, 1, 2), e.facts.Server.Kind != "MariaDB" && versionBefore(v, 5, 7, 8):
		return "SELECT " + what, false
	case e.facts.Server.Kind == "MariaDB":
		return fmt.Sprintf("SET STATEMENT max_statement_time=%d FOR SELECT %s", countMillis/1000, what), true
	}
	return fmt.Sprintf("SELECT /*+ MAX_EXECUTION_TIME(%d) */ %s", countMillis, what), true
}

func (e *examination) adviseRows(f *TableFacts) {
	purge := "Nothing else removes what has expired. Run: " + e.Command("purge")
	switch {
	case !f.RowsExact && f.Rows != nil:
		e.advise(wpdb.KindRowsExpired, purge,
			"The table %s has about %d rows, too many to count within %d s.", f.Name, *f.Rows, countMillis/1000)
	case f.purgeable >= manyPurgeable:
		e.advise(wpdb.KindRowsExpired, purge, "%d of the %d rows of the table %s have expired and may be deleted.", f.purgeable, *f.Rows, f.Name)
	}
	if f.AtLimit != nil && *f.AtLimit > 0 {
		e.advise(wpdb.KindRowsAtEnd, "Shorten the lifetime (the options "+wpdb.OptionAccessLifetime+" and "+wpdb.OptionRefreshLifetime+"), and let these clients log in again before then.",
			"The table %s has rows (%d) that expire on %s or after, where the column ends.", f.Name, *f.AtLimit, oauth.LastExpiry().Format("2006-01-02"))
	}
}
