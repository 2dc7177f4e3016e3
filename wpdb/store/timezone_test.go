package store_test

import (
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/storetest"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"testing"
	"time"
)

// zone is a server's time zone with what is special in it.
type zone struct {
	name    string
	overlap string // digits that this zone's clocks show twice in autumn
	gap     string // digits that they never show in spring
	afterIt string // what the gap ends with
}

func zones() []zone {
	return []zone{
		{"Europe/Berlin", "2030-10-27 02:30:00", "2030-03-31 02:30:00", "2030-03-31 03:00:00"},
		{"America/New_York", "2030-11-03 01:30:00", "2030-03-10 02:30:00", "2030-03-10 03:00:00"},
	}
}

// digits are texts of dates that each zone's TIMESTAMP can hold.
func (z zone) digits() []string {
	return []string{
		"2030-01-15 12:34:56", "2030-07-15 12:34:56", // winter, summer
		"2030-01-01 00:00:00", "2030-06-30 23:59:59",
		"2030-03-31 01:59:59", "2030-03-31 03:00:00", "2030-03-10 01:59:59", "2030-03-10 03:00:00",
		z.overlap, "2037-12-31 23:59:59",
	}
}

// The digits of UTC go through the server's zone, whichever it is, in both
// directions, and must come out as they went in.
func TestTimeZones(t *testing.T) {
	for _, z := range zones() {
		t.Run(z.name, func(t *testing.T) {
			server := sandboxtest.Start(t, sandbox.Options{TimeZone: z.name})
			s := newSite(t, server)
			if offset := s.Ints("SELECT ABS(TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW()))")[0]; offset == 0 {
				t.Fatal("the server keeps UTC, so this test says nothing")
			}
			t.Run("written by PHP", func(t *testing.T) { writtenByPHP(t, s, z) })
			t.Run("written by the store", func(t *testing.T) { writtenByStore(t, s, z) })
			t.Run("spring gap", func(t *testing.T) { springGap(t, s, z) })
			t.Run("conformance", func(t *testing.T) {
				storetest.Run(t, func(t *testing.T) storetest.Subject { return newRotatingSite(t, server) })
			})
		})
	}
}

// utc is the time whose digits in UTC these are.
func utc(t *testing.T, digits string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, digits)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func writtenByPHP(t *testing.T, s *site, z zone) {
	for kind, table := range sandboxtest.GrantTables() {
		for _, digits := range z.digits() {
			s.Exec("INSERT INTO {}moos_oauth_"+table+" ("+string(kind)+", expires) VALUES (?, ?)", digits, digits)
			want := utc(t, digits)
			if got := s.find(clientID, oauth.Presented{Kind: kind, Value: digits}).Grant.Expires; !got.Equal(want) {
				t.Errorf("%s of %s expires at %v", kind, digits, got)
			}
		}
	}
}

func writtenByStore(t *testing.T, s *site, z zone) {
	for _, digits := range z.digits() {
		token := newToken(oauth.AccessToken, digits)
		// The zone of the time makes no difference: it is written as UTC.
		token.Expires = utc(t, digits).In(time.FixedZone("elsewhere", 5*3600))
		if err := s.Issue(within(t, patience), token); err != nil {
			t.Fatal(err)
		}
	}
	for _, digits := range z.digits() {
		got := s.Strings("SELECT expires FROM {}moos_oauth_access_tokens WHERE access_token = ? ORDER BY expires DESC", digits)
		for _, read := range got {
			if read != digits {
				t.Errorf("%s reads as %s through another session", digits, read)
			}
		}
		if len(got) == 0 {
			t.Errorf("%s is not there", digits)
		}
	}
}

// springGap: there are digits of UTC that a server outside UTC cannot store,
// an hour in each year, PHP's as little as ours. It stores the end of the gap
// instead, so that a token lives up to an hour longer, never shorter.
func springGap(t *testing.T, s *site, z zone) {
	token := newToken(oauth.RefreshToken, "in the gap")
	token.Expires = utc(t, z.gap)
	if err := s.Issue(within(t, patience), token); err != nil {
		t.Fatal(err)
	}
	if got, want := s.find(clientID, refreshToken("in the gap")).Grant.Expires, utc(t, z.afterIt); !got.Equal(want) {
		t.Errorf("%s is read as %v, want %v", z.gap, got, want)
	}
}
