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
