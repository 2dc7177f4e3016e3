package tokens_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
	"moserver-sidecar/wpdb/tokens"
)

// newPurgeable is a site that may be purged.
func newPurgeable(t *testing.T, server *sandbox.Server) *site {
	t.Helper()
	s := newSite(t, server)
	s.migrate()
	return s
}

// purge purges what expired a week ago, and returns the counts by table, without
// the names' prefix.
func (s *site) purge(o tokens.PurgeOptions) map[string]int {
	s.T.Helper()
	o.After = week
	purged, err := tokens.Purge(within(s.T, 2*patience), s.DB, o)
	if err != nil {
		s.T.Fatalf("Purge: %v", err)
	}
	counts := map[string]int{}
	for _, p := range purged {
		if p.Finding != nil {
			s.T.Errorf("%s was left alone: %s", p.Table, p.Finding)
		}
		counts[strings.TrimPrefix(p.Table, s.Prefix)] = p.Rows
	}
	return counts
}

// digitsIn are the digits of UTC that a row has which expires after d.
func digitsIn(d time.Duration) string { return time.Now().UTC().Add(d).Format(time.DateTime) }

// putRows stores a row for each date, in each table, by the name of the date.
func (s *site) putRows(dates map[string]any) {
	s.T.Helper()
	for kind, table := range sandboxtest.GrantTables() {
		for name, date := range dates {
			s.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_%s (%s, expires) VALUES (?, ?)", table, kind), name, date)
		}
	}
}

// wantLeft checks which rows there are.
func (s *site) wantLeft(want ...string) {
	s.T.Helper()
	slices.Sort(want)
	for kind, table := range sandboxtest.GrantTables() {
		got := s.Strings(fmt.Sprintf("SELECT %s FROM {}moos_oauth_%s WHERE %[1]s IS NOT NULL ORDER BY CAST(%[1]s AS BINARY)", kind, table))
		if !slices.Equal(got, want) {
			s.T.Errorf("%s has the rows %q, want %q", table, got, want)
		}
	}
}

// What expired before the limit goes, and nothing else, whichever zone the server
// keeps. The digits of UTC are compared as digits.
func TestPurge(t *testing.T) {
	abroad := sandboxtest.Start(t, sandbox.Options{TimeZone: "America/New_York"})
	for name, server := range map[string]*sandbox.Server{"UTC": database, "New York": abroad} {
		t.Run(name, func(t *testing.T) {
			s := newPurgeable(t, server)
			s.putRows(map[string]any{
				"long ago": "2020-03-01 12:00:00", "in a gap": "2021-03-14 02:30:00", "Just": digitsIn(-week - time.Minute), "just ": digitsIn(-week - time.Minute),
				"just": digitsIn(-week + time.Minute), "yesterday": digitsIn(-24 * time.Hour), "lives": digitsIn(time.Hour),
				"never": "0000-00-00 00:00:00", "nothing": nil, "nought": "1970-01-02 00:00:01",
			})
			s.Exec("INSERT INTO {}moos_oauth_access_tokens (expires) VALUES ('2020-03-01 12:00:00')") // broken, and in nobody's way
			counted := s.purge(tokens.PurgeOptions{DryRun: true})
			purged := s.purge(tokens.PurgeOptions{})
			for _, table := range sandboxtest.GrantTables() {
				if table = "moos_oauth_" + table; counted[table] != 4 || purged[table] != 4 {
					t.Errorf("%s: %d rows counted, %d deleted; want 4", table, counted[table], purged[table])
				}
			}
			s.wantLeft("just", "yesterday", "lives", "never", "nothing", "nought")
		})
	}
}

// The limit may have digits that the server's zone skips.
func TestPurgeSpringGap(t *testing.T) {
	s := newPurgeable(t, sandboxtest.Start(t, sandbox.Options{TimeZone: "America/New_York"}))
	s.putRows(map[string]any{"before": "2026-03-08 01:59:59", "after": "2026-03-08 03:30:00"})
	limit := time.Date(2026, 3, 8, 2, 30, 0, 0, time.UTC)
	if _, err := tokens.Purge(within(t, patience), s.DB, tokens.PurgeOptions{After: time.Since(limit)}); err != nil {
		t.Errorf("Purge: %v", err)
	}
	s.wantLeft("after")
}

// Where an UPDATE would move the date, and NULL became a date, a DELETE does
// neither.
func TestPurgeOldTables(t *testing.T) {
	s := newSite(t, database)
	s.MakeTablesOld()
	s.migrate()
	s.putRows(map[string]any{"old": "2020-03-01 12:00:00", "lives": "2037-01-01 00:00:00", "never": "0000-00-00 00:00:00"})
	s.purge(tokens.PurgeOptions{})
	s.wantLeft("lives", "never")
	if got := s.Strings("SELECT CAST(expires AS CHAR) FROM {}moos_oauth_refresh_tokens WHERE refresh_token = 'lives'"); got[0] != "2037-01-01 00:00:00" {
		t.Errorf("a row that stays has moved to %s", got[0])
	}
}

// More than a batch, also of one value that is there with several dates.
func TestPurgeBatches(t *testing.T) {
	s := newPurgeable(t, database)
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) SELECT seq % 700, '2020-03-01 12:00:00' FROM " + sandbox.Numbers(1400) + " AS numbers")
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) SELECT seq, '2037-03-01 12:00:00' FROM " + sandbox.Numbers(1000) + " AS numbers")
	var seen []int
	counts := s.purge(tokens.PurgeOptions{Watch: func(p tokens.Purged) { seen = append(seen, p.Rows) }})
	if counts["moos_oauth_access_tokens"] != 1400 || len(seen) < 2 || seen[len(seen)-1] != 1400 || !slices.IsSorted(seen) {
		t.Errorf("deleted %v in steps %v", counts, seen)
	}
	if n := s.Count("access_tokens"); n != 1000 {
		t.Errorf("%d of 1000 live rows are left", n)
	}
}

// Rows of the table of replaced refresh tokens go after 30 days.
func TestPurgeRotated(t *testing.T) {
	s := newPurgeable(t, database)
	for value, age := range map[string]time.Duration{"old\xff\\'": -31 * 24 * time.Hour, "young": -29 * 24 * time.Hour} {
		s.Exec("INSERT INTO {}moserver_rotated_tokens (token_hash, client_id, user_id, successor, rotated) VALUES (?, 'c', 2, 's', ?)",
			[]byte(value), digitsIn(age))
	}
	if n := s.purge(tokens.PurgeOptions{})["moserver_rotated_tokens"]; n != 1 {
		t.Errorf("%d rows deleted, want 1", n)
	}
	if left := s.Strings("SELECT TRIM(TRAILING '\\0' FROM token_hash) FROM {}moserver_rotated_tokens"); !slices.Equal(left, []string{"young"}) {
		t.Errorf("left is %q", left)
	}
}

// Several servers purge at once, while codes are redeemed and PHP goes on.
func TestPurgeTogether(t *testing.T) {
	s := newPurgeable(t, database)
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) SELECT SHA2(seq, 256), '2020-03-01 12:00:00' + INTERVAL seq SECOND FROM " + sandbox.Numbers(5000) + " AS numbers")
	s.Exec("INSERT INTO {}moos_oauth_authorization_codes (authorization_code, expires) SELECT SHA2(seq, 256), '2020-03-01 12:00:00' FROM " + sandbox.Numbers(3000) + " AS numbers")
	for i := range 60 {
		s.putToken(oauth.AuthorizationCode, fmt.Sprint("c", i), clientID, alice, "2037-01-01 00:00:00")
	}
	ctx, cancel := context.WithCancel(within(t, 2*patience))
	var group, php sync.WaitGroup
	php.Go(func() { s.ActAsPHP(ctx, 1) })
	total := make([]int, 3)
	for i := range total {
		group.Go(func() {
			purged, err := tokens.Purge(ctx, s.reopen(nil).DB, tokens.PurgeOptions{After: week})
			if err != nil {
				t.Errorf("Purge: %v", err)
			}
			for _, p := range purged {
				total[i] += p.Rows
			}
		})
	}
	group.Go(func() {
		opened := store.New(s.DB)
		for i := range 60 {
			code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: fmt.Sprint("c", i)}
			access := oauth.Token{Kind: oauth.AccessToken, Value: fmt.Sprint("a", i), ClientID: clientID, UserID: alice, Expires: time.Now().Add(time.Hour)}
			err := opened.Redeem(ctx, code, access, oauth.Token{Kind: oauth.RefreshToken, Value: fmt.Sprint("r", i), ClientID: clientID, UserID: alice})
			if err != nil {
				t.Errorf("code %d: %v", i, err)
			}
			for kind, value := range map[oauth.Kind]string{oauth.AccessToken: "a", oauth.RefreshToken: "r"} {
				ended, err := opened.Revoke(ctx, oauth.Revocation{
					Presented: oauth.Presented{Kind: kind, Value: fmt.Sprint(value, i)}, ClientID: clientID, UserID: alice,
				})
				if !ended || err != nil {
					t.Errorf("token %s%d: %v, %v", value, i, ended, err)
				}
			}
		}
	})
	group.Wait()
	cancel()
	php.Wait()
	if sum := total[0] + total[1] + total[2]; sum != 8000 {
		t.Errorf("the servers say that they have deleted %v, 8000 rows were there", total)
	}
	if n := s.Ints("SELECT COUNT(*) FROM {}moos_oauth_access_tokens WHERE expires < '2021-01-01'")[0]; n != 0 {
		t.Errorf("%d expired rows are left", n)
	}
}

// A row that somebody holds is waited for; one that was revived meanwhile stays.
func TestPurgeLocked(t *testing.T) {
	s := newPurgeable(t, database)
	s.putRows(map[string]any{"a": "2020-03-01 12:00:00", "b": "2020-03-01 12:00:00"})
	other := s.Session()
	s.On(other, "BEGIN", "UPDATE {}moos_oauth_access_tokens SET expires = '2037-01-01 00:00:00' WHERE access_token = 'a'")
	done := make(chan map[string]int, 1)
	go func() { done <- s.purge(tokens.PurgeOptions{}) }()
	s.AwaitLock()
	s.On(other, "COMMIT")
	if n := (<-done)["moos_oauth_access_tokens"]; n != 1 {
		t.Errorf("%d rows deleted, want 1", n)
	}
	if left := s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens"); !slices.Equal(left, []string{"a"}) {
		t.Errorf("left is %q", left)
	}
}
