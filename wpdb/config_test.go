package wpdb_test

import (
	"log/slog"
	"moserver-sidecar/wpdb"
	"strings"
	"testing"
)

// Names stand in the statements as they are, so what could be more than a name
// is refused before there is a connection.
func TestOpenRefuses(t *testing.T) {
	long := strings.Repeat("x", 65)
	for what, c := range map[string]wpdb.Config{
		"quote in the prefix":      {Prefix: "wp`_"},
		"space in the prefix":      {Prefix: "wp _"},
		"dot in the prefix":        {Prefix: "other.wp_"},
		"NUL":                      {Prefix: "wp\x00_"},
		"long prefix":              {Prefix: long},
		"quote in the users table": {UsersTable: "users` WHERE TRUE; --"},
		"two dots":                 {UsersTable: "a.b.users"},
		"newline":                  {UsersTable: "users\n"},
	} {
		store, err := wpdb.Open(c, slog.New(slog.DiscardHandler))
		if err == nil {
			store.Close()
			t.Errorf("%s: %+v was accepted", what, c)
		}
	}
}

// Prefixes that WordPress allows, quoting included where MySQL asks for it.
func TestPrefixes(t *testing.T) {
	for _, prefix := range []string{"", "wp_", "1_", "WP$x-"} {
		s := openSite(t, database, wpdb.Config{Prefix: prefix})
		if err := database.CreateSite(within(t, patience), "tmp_"); err != nil {
			t.Fatal(err)
		}
		for _, table := range column[string](s, "SHOW TABLES LIKE 'tmp\\_%'") {
			to := "`" + prefix + strings.TrimPrefix(table, "tmp_") + "`"
			s.exec("RENAME TABLE " + table + " TO " + to)
			t.Cleanup(func() { s.exec("DROP TABLE " + to) })
		}
		if s.find(clientID, refreshToken("r")).Client != nil {
			t.Errorf("prefix %q: found a client", prefix)
		}
		for _, err := range []error{
			s.Ready(within(t, patience)), s.Issue(within(t, patience), pair(prefix)...),
			s.Redeem(within(t, patience), refreshToken("r"+prefix), pair("x")...),
		} {
			if err != nil {
				t.Errorf("prefix %q: %v", prefix, err)
			}
		}
	}
}
