package store_test

import (
	"moserver-sidecar/wpdb"
	"strings"
	"testing"
)

// Prefixes that WordPress allows, quoting included where MySQL asks for it.
func TestPrefixes(t *testing.T) {
	for _, prefix := range []string{"", "wp_", "1_", "WP$x-"} {
		s := openSite(t, database, wpdb.Config{Prefix: prefix})
		if err := database.CreateSite(within(t, patience), "tmp_"); err != nil {
			t.Fatal(err)
		}
		for _, table := range s.Strings("SHOW TABLES LIKE 'tmp\\_%'") {
			to := "`" + prefix + strings.TrimPrefix(table, "tmp_") + "`"
			s.Exec("RENAME TABLE " + table + " TO " + to)
			t.Cleanup(func() { s.Exec("DROP TABLE " + to) })
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
