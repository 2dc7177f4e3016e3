package migrate_test

import (
	"fmt"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"slices"
	"strings"
	"testing"
)

// pluginTables are those that a migration may change.
func pluginTables() []string {
	return []string{"clients", "public_keys", "authorization_codes", "access_tokens", "refresh_tokens"}
}

// schema is how the server would make the site's tables anew.
func (s *site) schema() map[string]string {
	s.T.Helper()
	schema := map[string]string{}
	for _, table := range s.Strings("SHOW TABLES LIKE '{}%'") {
		var name string
		var create string
		if err := s.Root.QueryRow("SHOW CREATE TABLE `"+table+"`").Scan(&name, &create); err != nil {
			s.T.Fatal(err)
		}
		schema[table] = create
	}
	return schema
}

// migrate migrates, and fails the test if that does not lead to its end.
func (s *site) migrate(o migrate.Options) migrate.Migration {
	s.T.Helper()
	m, err := migrate.Run(within(s.T, 2*patience), s.DB, o)
	if err != nil || !m.Complete() && !o.DryRun {
		s.T.Fatalf("Migrate(%+v): %v, %s", o, err, text(m))
	}
	return m
}

// text is a migration for a failure message.
func text(m migrate.Migration) string {
	var b strings.Builder
	for _, f := range m.Findings {
		fmt.Fprintln(&b, f)
	}
	for _, c := range m.Changes {
		fmt.Fprintln(&b, c.State, c.Table, c.Name, c.Statements, c.Note, c.Finding)
	}
	return b.String()
}

// states counts the changes by their state.
func states(m migrate.Migration) map[string]int {
	counts := map[string]int{}
	for _, c := range m.Changes {
		counts[c.State]++
	}
	return counts
}

// wantSame checks that nothing has changed.
func (s *site) wantSame(before map[string]string) {
	s.T.Helper()
	after := s.schema()
	for table, create := range before {
		if after[table] != create {
			s.T.Errorf("%s was\n%s\nand is\n%s", table, create, after[table])
		}
	}
	if len(after) != len(before) {
		s.T.Errorf("there were %d tables, and are %d", len(before), len(after))
	}
}

// wantIndexes checks that the server uses an index for each lookup.
func (s *site) wantIndexes() {
	s.T.Helper()
	for table, columns := range map[string][]string{
		"clients": {"client_id"}, "public_keys": {"client_id"}, "authorization_codes": {"authorization_code"},
		"access_tokens": {"access_token"}, "refresh_tokens": {"refresh_token"},
	} {
		for _, column := range columns {
			if key := s.usedIndex("SELECT * FROM {}moos_oauth_" + table + " WHERE " + column + " = CAST('x' AS BINARY)"); key == "" {
				s.T.Errorf("the lookup by %s reads all of %s", column, table)
			}
		}
	}
}

// usedIndex is the index that the server reads a table by, empty if it reads all.
func (s *site) usedIndex(query string) string {
	s.T.Helper()
	rows, err := s.Root.Queryx(s.SQL("EXPLAIN FORMAT=TRADITIONAL " + query))
	if err != nil {
		s.T.Fatal(err)
	}
	defer rows.Close()
	plan := map[string]any{}
	for rows.Next() {
		if err := rows.MapScan(plan); err != nil {
			s.T.Fatal(err)
		}
	}
	key, _ := plan["key"].([]byte)
	return string(key)
}

// fill puts rows into the plugin's tables, so that an index is worth its while.
func (s *site) fill(rows int) {
	s.T.Helper()
	for kind, table := range sandboxtest.GrantTables() {
		s.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_%s (%s, client_id, user_id, expires, scope) "+
			"SELECT SHA2(seq, 256), 'c', 2, '2037-01-01', 'email' FROM %s AS numbers", table, kind, sandbox.Numbers(rows)))
	}
}

func TestMigrate(t *testing.T) {
	for _, prefix := range []string{"wp_MIG_", "migrated_"} {
		t.Run(prefix, func(t *testing.T) {
			s := &site{sandboxtest.NewSite(t, database, prefix).Open(wpdb.Config{})}
			s.fill(2000)
			s.Exec("INSERT INTO {}moos_oauth_clients (client_id) VALUES ('there')")
			before := s.schema()

			planned := s.migrate(migrate.Options{DryRun: true})
			s.wantSame(before)
			if n := states(planned)[migrate.ChangePlanned]; n != 9 || n != len(planned.Changes) {
				t.Fatalf("want nine changes planned:\n%s", text(planned))
			}
			done := s.migrate(migrate.Options{})
			if states(done)[migrate.ChangeDone] != 9 {
				t.Errorf("want nine changes done:\n%s", text(done))
			}
			for i, c := range done.Changes {
				if !slices.Equal(c.Statements, planned.Changes[i].Statements) {
					t.Errorf("planned was %q, done %q", planned.Changes[i].Statements, c.Statements)
				}
			}
			s.wantIndexes()
			after := s.schema()
			if again := s.migrate(migrate.Options{}); states(again)[migrate.ChangeThere] != 9 {
				t.Errorf("there is nothing to do a second time:\n%s", text(again))
			}
			s.wantSame(after)
			s.migrate(migrate.Options{Undo: true})
			s.wantSame(before)
			s.migrate(migrate.Options{Undo: true})
			s.wantSame(before)
		})
	}
}

// The printed statements do what the migration does.
func TestMigrateStatements(t *testing.T) {
	s, twin := newSite(t, database), newSite(t, database)
	for _, o := range []migrate.Options{{}, {Undo: true}} {
		conn := s.Session()
		planned := s.migrate(migrate.Options{DryRun: true, Undo: o.Undo})
		s.On(conn, planned.Session...)
		for _, c := range planned.Changes {
			s.On(conn, c.Statements...)
		}
		twin.migrate(o)
		want := twin.schema()
		for table, create := range s.schema() {
			other := strings.Replace(table, s.Prefix, twin.Prefix, 1)
			if strings.ReplaceAll(create, s.Prefix, twin.Prefix) != want[other] {
				t.Errorf("by hand:\n%s\nby Migrate:\n%s", create, want[other])
			}
		}
	}
}

// An index that somebody else has made does as well, and stays.
func TestMigrateForeignIndexes(t *testing.T) {
	s := newSite(t, database)
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD INDEX by_admin (access_token(40))")
	s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens ADD UNIQUE mine (refresh_token(100), client_id(10))")
	s.Exec("ALTER TABLE {}moos_oauth_clients ADD INDEX other (client_name(10), client_id(10))") // begins with another column
	s.Exec("ALTER TABLE {}moos_oauth_public_keys MODIFY client_id VARCHAR(40)")
	before := s.schema()
	m := s.migrate(migrate.Options{})
	if n := states(m); n[migrate.ChangeThere] != 2 || n[migrate.ChangeDone] != 7 {
		t.Errorf("want two indexes to do as they are:\n%s", text(m))
	}
	s.fill(2000)
	s.wantIndexes()
	s.Exec("DELETE FROM {}moos_oauth_access_tokens")
	s.migrate(migrate.Options{Undo: true})
	s.wantSame(before)
}

// The setting that ends all access tokens of a user needs one more.
func TestMigrateUserIndex(t *testing.T) {
	s := newSite(t, database)
	before := s.schema()
	s.migrate(migrate.Options{})
	if m := s.migrate(migrate.Options{UserIndex: true}); states(m)[migrate.ChangeDone] != 1 {
		t.Errorf("%s", text(m))
	}
	s.fill(2000)
	if key := s.usedIndex("DELETE FROM {}moos_oauth_access_tokens WHERE client_id = CAST('c' AS BINARY) AND user_id = 3"); key != "moserver_user_id" {
		t.Errorf("all tokens of a user are found by the index %q", key)
	}
	s.Exec("DELETE FROM {}moos_oauth_access_tokens")
	s.migrate(migrate.Options{Undo: true})
	s.wantSame(before)
}

// A name of ours that somebody has given to another index.
func TestMigrateNameTaken(t *testing.T) {
	s := newSite(t, database)
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD INDEX moserver_access_token (user_id)")
	m, err := migrate.Run(within(t, patience), s.DB, migrate.Options{})
	if n := states(m); err != nil || n[migrate.ChangeRefused] != 1 || n[migrate.ChangeDone] != 8 || m.Complete() {
		t.Errorf("%v\n%s", err, text(m))
	}
}
