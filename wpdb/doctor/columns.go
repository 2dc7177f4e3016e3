package doctor

import (
	"context"
	"fmt"
	"strings"

	"moserver-sidecar/wpdb"
)

// columnTypes looks for columns of older servers or versions of the plugin that lose
// something.
func (e *examination) columnTypes() error {
	t := e.Tables
	for _, table := range []string{t.Clients, t.Codes, t.AccessTokens, t.RefreshTokens} {
		if !e.there(table) {
			continue
		}
		rows, ok, err := e.read(table, "SHOW COLUMNS FROM "+wpdb.QuoteName(table))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		columns := map[string]wpdb.Row{}
		for _, r := range rows {
			columns[strings.ToLower(r.Text("Field"))] = r
		}
		e.expiresColumn(table, columns["expires"])
		switch table {
		case t.Clients:
			e.facts.Plugin.VersionRange = "earlier than 5"
			if !columns["active_oauth_server_id"].Empty() {
				e.facts.Plugin.VersionRange = "5 or later"
			}
		case t.Codes:
			e.idTokenColumn(table, columns["id_token"])
		}
	}
	return nil
}

// expiresColumn: a column made with explicit_defaults_for_timestamp=OFF stays as it is
// when the server is upgraded.
func (e *examination) expiresColumn(table string, column wpdb.Row) {
	var faults []string
	if column.Text("Null") == "NO" {
		faults = append(faults, "cannot be NULL")
	}
	if strings.Contains(strings.ToLower(column.Text("Extra")), "on update") {
		faults = append(faults, "moves to now with each UPDATE of a row (ON UPDATE)")
	}
	if len(faults) > 0 {
		e.advise(wpdb.KindExpiresColumn, fmt.Sprintf("Run at a quiet hour: SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION'; ALTER TABLE %s MODIFY expires TIMESTAMP NULL DEFAULT NULL;", e.FullName(table)),
			"The column expires of the table %s %s.", table, strings.Join(faults, " and "))
	}
}

// idTokenColumn: an ID token has far more than 255 characters.
func (e *examination) idTokenColumn(table string, column wpdb.Row) {
	if column.Empty() {
		e.note("The table %s has no column id_token, so each code gives a fresh ID token, without nonce.", table)
		return
	}
	if kind := strings.ToLower(column.Text("Type")); !strings.Contains(kind, "text") {
		e.advise(wpdb.KindIDTokenColumn, fmt.Sprintf("Run at a quiet hour: SET SESSION sql_mode='NO_ENGINE_SUBSTITUTION'; ALTER TABLE %s MODIFY id_token TEXT;", e.FullName(table)),
			"The column id_token of the table %s is %s, which cuts ID tokens off, so clients that send a nonce may have to log in again.", table, kind)
	}
}

// indexes looks for columns that rows are looked up by and no index begins with.
func (e *examination) indexes() error {
	var missing []string
	for _, at := range e.Tables.Lookups(false) {
		if !e.there(at.Table) {
			continue
		}
		rows, ok, err := e.read(at.Table, "SHOW INDEX FROM "+wpdb.QuoteName(at.Table))
		if err != nil {
			return err
		}
		if ok && wpdb.IndexOn(wpdb.Usable(rows), at.Column) == "" {
			missing = append(missing, at.Table+"."+at.Column)
		}
	}
	if len(missing) > 0 {
		e.advise(wpdb.KindIndexMissing, "Run: "+e.Command("migrate"),
			"There is no index on %s, so statements read whole tables.", strings.Join(missing, ", "))
	}
	return nil
}

// indexSeconds is about how long migrate takes to add an index to a million rows.
const indexSeconds = 4

// Unindexed names the tables of codes and tokens that lack an index, and the remedy;
// both are empty if none does. An error wraps oauth.ErrUnavailable.
func Unindexed(ctx context.Context, db *wpdb.DB) (problem, remedy string, err error) {
	kinds, err := db.Unindexed(ctx)
	if err != nil {
		return "", "", wpdb.Unavailable(err)
	}
	var tables []string
	seconds := int64(0)
	for _, kind := range kinds {
		table, _ := db.Tables.KindTable(kind)
		rows, err := db.EstimateRows(ctx, table)
		if err != nil {
			return "", "", wpdb.Unavailable(err)
		}
		seconds += 2 * indexSeconds * rows / 1_000_000 // by token, and by expires
		tables = append(tables, fmt.Sprintf("%s (about %d rows)", table, rows))
	}
	if len(tables) == 0 {
		return "", "", nil
	}
	return "Each request reads whole tables, because these have no index: " + strings.Join(tables, ", ") +
			". Until they have one, requests without a secret are answered one or two at a time.",
		fmt.Sprintf("Run: moserver-sidecar migrate. It adds the indexes while everything goes on, within about %d s for tables of this size.", seconds+1), nil
}
