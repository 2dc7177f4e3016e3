package doctor_test

import (
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/store"
	"moserver-sidecar/wpdb/tokens"
	"slices"
	"strings"
	"testing"
	"time"
)

func missingIndexes(t *testing.T, root, s *site) {
	root.Exec("ALTER TABLE {}moos_oauth_access_tokens DROP INDEX moserver_access_token")
	root.Exec("ALTER TABLE {}moos_oauth_clients DROP INDEX moserver_client_id, ADD INDEX behind (client_name(10), client_id(64))")
	missing := finding{"no index on {}moos_oauth_clients.client_id, {}moos_oauth_access_tokens.access_token,", "moserver-sidecar migrate", true}
	s.examine(missing)
	root.Exec("ALTER TABLE {}moos_oauth_clients ADD INDEX of_the_admin (client_id(20), client_name(10))")
	root.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD FULLTEXT INDEX words (access_token)")
	unused := map[bool]string{true: "IGNORED", false: "INVISIBLE"}[isMariaDB(root)]
	root.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD INDEX unused (access_token(64)) " + unused)
	s.examine(finding{"no index on {}moos_oauth_access_tokens.access_token, so", "moserver-sidecar migrate", true})
}

// olderColumns are as MySQL 5.6 and older versions of the plugin make them. The
// statements that are printed mend them, zero dates and all.
func olderColumns(t *testing.T, root, s *site) {
	root.Exec("INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, expires) VALUES ('never', '0000-00-00 00:00:00')")
	root.Exec("ALTER TABLE {}moos_oauth_refresh_tokens MODIFY expires TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")
	root.Exec("ALTER TABLE {}moos_oauth_authorization_codes MODIFY expires TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, MODIFY id_token VARCHAR(255)")
	root.Exec("ALTER TABLE {}moos_oauth_clients DROP COLUMN active_oauth_server_id")
	facts := s.examine(
		finding{"expires of the table {}moos_oauth_refresh_tokens cannot be NULL and moves to now with each UPDATE", "ALTER TABLE `wordpress`.`{}moos_oauth_refresh_tokens` MODIFY expires", true},
		finding{"expires of the table {}moos_oauth_authorization_codes cannot be NULL.", "MODIFY expires", true},
		finding{"id_token of the table {}moos_oauth_authorization_codes is varchar(255)", "MODIFY id_token TEXT", true})
	if facts.Plugin.VersionRange != "earlier than 5" {
		t.Errorf("the plugin is %q", facts.Plugin.VersionRange)
	}
	_, findings, err := doctor.Examine(within(t, patience), s.DB, week, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	conn := root.Session()
	root.On(conn, "SET SESSION sql_mode = 'TRADITIONAL'")
	for _, f := range findings {
		_, statements, _ := strings.Cut(f.Remedy, ": ")
		for _, statement := range strings.Split(strings.TrimSuffix(statements, ";"), "; ") {
			root.On(conn, statement)
		}
	}
	s.examine()
	found, err := store.New(s.DB).Find(within(t, patience), "", oauth.Presented{Kind: oauth.RefreshToken, Value: "never"})
	if err != nil || found.Grant == nil || !found.Grant.Expires.IsZero() {
		t.Errorf("a token that never expired is now found as %+v, %v", found.Grant, err)
	}
	root.Exec("ALTER TABLE {}moos_oauth_authorization_codes DROP COLUMN id_token")
	if notes := s.examine().Notes; len(notes) != 1 || !strings.Contains(notes[0], "no column id_token") {
		t.Errorf("notes: %q", notes)
	}
}

func pluginNotActive(t *testing.T, root, s *site) {
	root.PutOption("active_plugins", `a:1:{i:0;s:33:"miniorange-login/mo_oauth_settings.php";}`)
	facts := s.examine(finding{"not active", "Activate", false})
	if facts.Plugin.Active == nil || *facts.Plugin.Active {
		t.Errorf("plugin: %+v", facts.Plugin)
	}
	root.Exec("DELETE FROM {}options WHERE option_name = 'active_plugins'")
	if facts := s.examine(); facts.Plugin.Active == nil || !*facts.Plugin.Active {
		t.Errorf("plugin: %+v", facts.Plugin)
	}
}

// counts is the rows of a table, and those that live, have expired and never do.
func counts(t *testing.T, f doctor.TableFacts) [4]int64 {
	t.Helper()
	if f.Rows == nil || f.Live == nil || f.Expired == nil || f.Never == nil || !f.RowsExact {
		t.Fatalf("these were not counted: %+v", f)
	}
	return [4]int64{*f.Rows, *f.Live, *f.Expired, *f.Never}
}

func countedRows(t *testing.T, root, s *site) {
	hour := func(hours int) string {
		return time.Now().UTC().Add(time.Duration(hours) * time.Hour).Format(time.DateTime)
	}
	for _, kind := range []oauth.Kind{oauth.RefreshToken, oauth.AccessToken} {
		for i, expires := range []any{nil, "0000-00-00 00:00:00", hour(-1), hour(1), hour(2)} {
			root.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_%ss (%s, expires) VALUES (?, ?)", kind, kind), fmt.Sprint(i), expires)
		}
	}
	facts := s.examine()
	if got, want := counts(t, s.table(facts, "moos_oauth_refresh_tokens")), [4]int64{5, 2, 1, 2}; got != want {
		t.Errorf("refresh tokens: %v, want %v", got, want)
	}
	if got, want := counts(t, s.table(facts, "moos_oauth_access_tokens")), [4]int64{5, 2, 3, 0}; got != want {
		t.Errorf("access tokens: %v, want %v", got, want)
	}
	if f := s.table(facts, "moos_oauth_access_tokens"); f.Engine != "InnoDB" || f.Bytes == nil || *f.Bytes == 0 || f.Collation != "utf8mb4_unicode_520_ci" {
		t.Errorf("%+v", f)
	}
	put := func(expires string, rows int) {
		row := ", ('t', " + expires + ")"
		root.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) VALUES " + strings.Repeat(row, rows)[2:])
	}
	// What purge does not delete is nothing to run it for.
	put("NULL", 1000)
	put("'"+hour(-24)+"'", 1000)
	put("'"+hour(-7*24-1)+"'", 999)
	s.examine()
	put("'"+hour(-7*24-1)+"'", 1)
	s.examine(finding{"1000 of the 3005 rows of the table {}moos_oauth_access_tokens have expired and may be deleted", "moserver-sidecar purge", true})
	purged, err := tokens.Purge(within(t, patience), s.DB, tokens.PurgeOptions{DryRun: true, After: week})
	if err != nil || !slices.ContainsFunc(purged, func(p tokens.Purged) bool {
		return p.Table == s.SQL("{}moos_oauth_access_tokens") && p.Rows == 1000
	}) {
		t.Errorf("purge would delete %+v, %v", purged, err)
	}
}

func rowsAtTheEnd(t *testing.T, root, s *site) {
	root.Exec("INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, expires) VALUES ('r1', '2038-01-18 00:00:00'), ('r2', '2038-01-17 23:59:59')")
	facts := s.examine(finding{"{}moos_oauth_refresh_tokens has rows (1) that expire on 2038-01-18", "mo_oauth_refresh_expiry_time", true})
	if f := s.table(facts, "moos_oauth_refresh_tokens"); f.AtLimit == nil || *f.AtLimit != 1 {
		t.Errorf("%+v", f)
	}
}

// lockedTable: a count that does not end is given up, and nobody waits for it.
func lockedTable(t *testing.T, root, s *site) {
	root.Exec("INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, expires) VALUES ('r1', '0000-00-00 00:00:00')")
	other := root.Session()
	facts, findings, err := doctor.Examine(within(t, patience), s.DB, week, func(step string) {
		if strings.Contains(step, "refresh_tokens") {
			root.On(other, "LOCK TABLES {}moos_oauth_refresh_tokens WRITE")
		}
	})
	root.On(other, "UNLOCK TABLES")
	if err != nil {
		t.Fatal(err)
	}
	if f := s.table(facts, "moos_oauth_refresh_tokens"); f.RowsExact || f.Rows == nil || f.Expired != nil {
		t.Errorf("%+v", f)
	}
	if len(findings) != 1 || !strings.Contains(findings[0].Problem, "too many to count") || !strings.Contains(findings[0].Remedy, "purge") {
		t.Errorf("findings: %+v", findings)
	}
	if got := counts(t, s.table(s.examine(), "moos_oauth_refresh_tokens")); got[0] != 1 {
		t.Errorf("after it there are %v", got)
	}
}

func otherEngine(t *testing.T, root, s *site) {
	root.Exec("ALTER TABLE {}moos_oauth_access_tokens ENGINE=MyISAM")
	facts := s.examine(finding{"{}moos_oauth_access_tokens uses the engine MyISAM", "ENGINE=InnoDB", false})
	if f := s.table(facts, "moos_oauth_access_tokens"); f.Live != nil || f.Engine != "MyISAM" {
		t.Errorf("a table was counted that a count locks: %+v", f)
	}
}

func longLifetimes(t *testing.T, root, s *site) {
	root.PutOption("mo_oauth_expiry_time", "999999999")
	root.PutOption("mo_oauth_refresh_expiry_time", "999999999")
	s.examine(
		finding{"lifetime of access tokens runs past 2038-01-18", "mo_oauth_expiry_time", true},
		finding{"lifetime of refresh tokens runs past 2038-01-18", "mo_oauth_refresh_expiry_time", true})
}

func noOwnTable(t *testing.T, root, s *site) {
	root.Exec("DROP TABLE {}moserver_rotated_tokens")
	s.examine(finding{"{}moserver_rotated_tokens is not there", "moserver-sidecar migrate", true})
	account := root.leastPrivileged() // made before the table is there
	root.migrate(migrate.Options{Galera: true})
	account.examine()
}
