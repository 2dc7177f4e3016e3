package tokens_test

import (
	"context"
	"errors"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/tokens"
	"strings"
	"testing"
	"time"
)

// Without indexes a purge would read all of a table again and again.
func TestPurgeWithoutIndex(t *testing.T) {
	s := newSite(t, database)
	s.putRows(map[string]any{"old": "2020-03-01 12:00:00"})
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD INDEX by_admin (access_token(40))")
	s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens ADD INDEX by_admin (expires)")
	purged, err := tokens.Purge(within(t, patience), s.DB, tokens.PurgeOptions{After: week})
	if err != nil || len(purged) != 3 {
		t.Errorf("Purge: %+v, %v", purged, err)
	}
	for _, p := range purged {
		if p.Finding == nil || p.Rows != 0 || !strings.Contains(p.Finding.String(), "no index on") || !strings.Contains(p.Finding.Remedy, "migrate") {
			t.Errorf("%s: %d rows, %v", p.Table, p.Rows, p.Finding)
		}
	}
	s.wantLeft("old")
	if counts := s.purge(tokens.PurgeOptions{DryRun: true}); counts["moos_oauth_access_tokens"] != 1 {
		t.Errorf("counted: %v", counts)
	}
}

func TestPurgeWithoutPrivilege(t *testing.T) {
	root := newPurgeable(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s := &site{root.As("wp", "GRANT SELECT ON wordpress.* TO wp@localhost")}
	s.putRows(map[string]any{"old": "2020-03-01 12:00:00"})
	purged, err := tokens.Purge(within(t, patience), s.DB, tokens.PurgeOptions{After: week})
	if err != nil || len(purged) != 4 || purged[0].Finding == nil || !strings.Contains(purged[0].Finding.Remedy, s.SQL("GRANT SELECT, DELETE ON `wordpress`.`{}moos_oauth_access_tokens`")) {
		t.Errorf("Purge: %+v, %v", purged, err)
	}
}

// A database whose clock runs ahead deletes nothing that lives.
func TestPurgeWrongClock(t *testing.T) {
	s := &site{newPurgeable(t, sandboxtest.Start(t, sandbox.Options{Accounts: true})).As("wp")}
	s.putRows(map[string]any{"lives": digitsIn(time.Hour), "old": digitsIn(-week - time.Minute)})
	s.Exec("SET GLOBAL init_connect = 'SET timestamp = UNIX_TIMESTAMP(NOW(6)) + 30 * 86400'")
	s.reopen(nil).purge(tokens.PurgeOptions{})
	s.wantLeft("lives")
}

func TestPurgeStopped(t *testing.T) {
	s := newPurgeable(t, database)
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) SELECT seq, '2020-03-01 12:00:00' FROM " + sandbox.Numbers(5000) + " AS numbers")
	ctx, cancel := context.WithCancel(within(t, patience))
	purged, err := tokens.Purge(ctx, s.DB, tokens.PurgeOptions{After: week, Watch: func(tokens.Purged) { cancel() }})
	if !errors.Is(err, context.Canceled) || len(purged) != 1 || purged[0].Rows == 0 || purged[0].Rows+s.Count("access_tokens") != 5000 {
		t.Errorf("Purge: %+v, %v, and %d rows are left", purged, err, s.Count("access_tokens"))
	}
	away := s.reopen(func(c *wpdb.Config) { c.Address = "/nowhere/db.sock" })
	if _, err := tokens.Purge(within(t, 50*time.Millisecond), away.DB, tokens.PurgeOptions{After: week}); err == nil || errors.Is(err, oauth.ErrNotFound) {
		t.Errorf("Purge returned %v", err)
	}
}
