package store_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
)

// Without the table all goes on as if there were no such records, and a new
// process takes a new table into use.
func TestNoRotations(t *testing.T) {
	s := newSite(t, database)
	p := s.putRefreshToken("r0")
	rotate := func(s *site, suffix string) {
		t.Helper()
		if err := s.Redeem(within(t, patience), p, pair(suffix)...); err != nil {
			t.Fatal(err)
		}
		p = refreshToken("r" + suffix)
	}
	rotate(s, "1")
	s.checkPair("1")
	if got := s.successor("r0"); got != "" {
		t.Errorf("r0 was replaced by %q", got)
	}
	if err := s.Ready(within(t, patience)); err != nil {
		t.Error(err)
	}
	s.CreateRotations()
	rotate(s, "2") // this process looks again in a while
	s = s.reopen(nil)
	rotate(s, "3")
	if got := s.successor("r2"); got != "r3" {
		t.Errorf("r2 was replaced by %q", got)
	}
	s.Exec("DROP TABLE {}moserver_rotated_tokens")
	rotate(s, "4")
	r := oauth.Revocation{Presented: refreshToken("r0"), ClientID: clientID, UserID: alice}
	if ended, err := s.Revoke(within(t, patience), r); ended || err != nil || s.Count("refresh_tokens") != 1 {
		t.Errorf("Revoke returned %v, %v; %d refresh tokens are left", ended, err, s.Count("refresh_tokens"))
	}
}

// An account that may not use the table goes without it, and the log says so
// once.
func TestRotationsDenied(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	for name, c := range map[string]struct {
		grants []string
		damage string
	}{
		"no privilege": {nil, ""},
		"read only":    {[]string{"GRANT SELECT ON {}moserver_rotated_tokens TO wp@localhost"}, ""},
		"a column":     {[]string{"GRANT SELECT, INSERT, DELETE ON {}moserver_rotated_tokens TO wp@localhost"}, "DROP COLUMN rotated"},
	} {
		t.Run(name, func(t *testing.T) {
			root := newRotatingSite(t, server)
			s := storeOn(root.AsPlugin(c.grants...))
			if c.damage != "" {
				root.Exec("ALTER TABLE {}moserver_rotated_tokens " + c.damage)
			}
			var log strings.Builder
			db, err := wpdb.Open(s.DB.Config, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			store := store.New(db)
			defer store.Close()
			s.putRefreshToken("r0")
			for i := range 3 {
				if err := store.Redeem(within(t, patience), refreshToken(fmt.Sprint("r", i)), pair(fmt.Sprint(i+1))...); err != nil {
					t.Fatal(err)
				}
				if r, err := store.FindRotation(within(t, patience), "r0"); r != nil || err != nil {
					t.Errorf("FindRotation returned %v, %v", r, err)
				}
			}
			if n := s.Count("access_tokens"); n != 3 {
				t.Errorf("%d access tokens are stored, want 3", n)
			}
			if n := strings.Count(log.String(), "rotations are not recorded"); n != 1 || !strings.Contains(log.String(), "GRANT SELECT, INSERT, DELETE ON") {
				t.Errorf("the log says it %d times:\n%s", n, log.String())
			}
		})
	}
}
