package store_test

import (
	"fmt"
	"sync"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestServerThatPreparesNothing: a limit of the server's must not keep clients
// from their tokens.
func TestServerThatPreparesNothing(t *testing.T) {
	s := newSite(t, database)
	s.putRow(clientRow{"SPA", "", ""})
	code := s.putCode("c1")
	s.Exec("SET GLOBAL max_prepared_stmt_count = 0")
	t.Cleanup(func() { s.Exec("SET GLOBAL max_prepared_stmt_count = DEFAULT") })
	facts := s.find(clientID, code)
	if facts.Client == nil || facts.Grant == nil {
		t.Errorf("found %+v and %+v", facts.Client, facts.Grant)
	}
}

// TestPreparedBound: however many statements are worth preparing, the server keeps only
// so many for all connections, and none when these are closed.
func TestPreparedBound(t *testing.T) {
	s := newSite(t, database)
	count := func() int { return s.Status("Prepared_stmt_count") }
	before := count()
	db, err := wpdb.Open(s.DB.Config, s.DB.Log)
	sandboxtest.NoError(t, err)
	var queries []string
	for i := range 200 {
		queries = append(queries, fmt.Sprintf("SELECT %d + ? AS sum", i))
	}
	db.Prepare(queries...)
	for round := range 3 {
		for i, query := range queries {
			got := ""
			sandboxtest.NoError(t, db.Each(within(t, patience), query, []any{round}, func(r wpdb.Row) { got = r.Text("sum") }))
			if got != fmt.Sprint(i+round) {
				t.Errorf("%s with %d: %s", query, round, got)
			}
		}
	}
	if kept := count() - before; kept != 128 {
		t.Errorf("%d statements are prepared, want 128", kept)
	}
	sandboxtest.NoError(t, db.Close())
	eventually(t, "the server keeps none", func() bool { return count() == before })
}

// TestStatementOfChangedTable: a statement that is prepared already gives the
// columns as they are now, on each connection.
func TestStatementOfChangedTable(t *testing.T) {
	s := newSite(t, database)
	s.putRow(clientRow{"SPA", "", ""})
	for _, change := range []string{"ADD grant_types varchar(80) FIRST", "DROP COLUMN active_oauth_server_id", "ADD scope text FIRST"} {
		s.find(clientID, oauth.Presented{})
		s.Exec("ALTER TABLE {}moos_oauth_clients " + change)
	}
	s.Exec("UPDATE {}moos_oauth_clients SET grant_types = 'refresh_token', scope = 'email'")
	got := s.find(clientID, oauth.Presented{}).Client
	if got == nil || got.ID != clientID || len(got.GrantTypes) != 1 || got.Scope.String() != "email" {
		t.Errorf("the client is %+v", got)
	}
}

// TestColumns: more kinds of results at a time than are remembered are told apart.
func TestColumns(t *testing.T) {
	s := newSite(t, database)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				own := fmt.Sprint("own", i%50)
				rows, err := wpdb.SelectRows(within(t, patience), s.Root, "SELECT 1 AS a, 2 AS "+own+", 3 AS a, NULL AS b")
				if err != nil || len(rows) != 1 || rows[0].Text(own) != "2" || rows[0].Text("a") != "3" || !rows[0].Has("b") || rows[0].Has("c") {
					t.Errorf("%s: %+v, %v", own, rows, err)
				}
			}
		})
	}
	all.Wait()
}

// TestOptionTwice: some imports lose the unique index of the options.
func TestOptionTwice(t *testing.T) {
	s := newSite(t, database)
	s.putRow(clientRow{"SPA", "", ""})
	s.Exec("ALTER TABLE {}options DROP INDEX option_name")
	s.Exec("INSERT INTO {}options (option_name, option_value) VALUES ('siteurl', 'http://b'), " +
		"('mo_oauth_server_token_length', '64'), ('mo_oauth_server_token_length', '100'), ('mo_oauth_server_master_switch', 'off')")
	code := s.putCode("c1")
	facts := s.find(clientID, code)
	if facts.Client == nil || facts.Grant == nil || !facts.Site.SwitchedOff ||
		facts.Site.TokenLength != 64 && facts.Site.TokenLength != 100 { // which of the two is the server's choice
		t.Errorf("found %+v", facts)
	}
}

// TestNoSiteURL: a table of options that has lost what WordPress knows itself by
// is enough for tokens.
func TestNoSiteURL(t *testing.T) {
	s := newSite(t, database)
	s.putRow(clientRow{"SPA", "", ""})
	code := s.putCode("c1")
	s.Exec("DELETE FROM {}options")
	s.PutOption("mo_oauth_server_token_length", "64")
	facts := s.find(clientID, code)
	if facts.Client == nil || facts.Grant == nil || facts.Site.TokenLength != 64 {
		t.Errorf("found %+v", facts)
	}
	s.Exec("DELETE FROM {}options")
	if facts := s.find("nobody", oauth.Presented{}); facts.Client != nil || facts.Grant != nil {
		t.Errorf("found %+v", facts)
	}
}
