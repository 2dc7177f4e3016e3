package store_test

import (
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/storetest"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"testing"
	"time"
)

// Whatever PHP does not take for a date means that a refresh token never
// expires, and that a code or an access token has expired.
func TestNoDate(t *testing.T) {
	s := newSite(t, database)
	for kind, table := range sandboxtest.GrantTables() {
		for _, expires := range []any{nil, "0000-00-00 00:00:00", "1970-01-01 00:00:01", "1970-12-31 23:59:59"} {
			s.Exec("DELETE FROM {}moos_oauth_" + table)
			s.Exec("INSERT INTO {}moos_oauth_"+table+" ("+string(kind)+", expires) VALUES ('abc', ?)", expires)
			g := s.find(clientID, oauth.Presented{Kind: kind, Value: "abc"}).Grant
			if g == nil {
				t.Fatalf("%s with the date %v is not found", kind, expires)
			}
			if kind == oauth.RefreshToken && !g.Expires.IsZero() {
				t.Errorf("%s with the date %v expires at %v, want never", kind, expires, g.Expires)
			}
			if kind != oauth.RefreshToken && !(g.Expires.Unix() == 0) {
				t.Errorf("%s with the date %v expires at %v, want in the past", kind, expires, g.Expires)
			}
		}
	}
}

func TestFirstDate(t *testing.T) {
	s := newSite(t, database)
	s.Exec("INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, expires) VALUES ('abc', '1971-01-01 00:00:00')")
	want := time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := s.find(clientID, refreshToken("abc")).Grant.Expires; !got.Equal(want) {
		t.Errorf("the token expires at %v, want %v", got, want)
	}
}

// In a table of the old definition NULL, and a column that is not named, would
// become "now".
func TestOldTables(t *testing.T) {
	s := newSite(t, database)
	s.MakeTablesOld()
	p := s.putCode("c1")
	tokens := pair("1")
	tokens[0].Expires = time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	tokens[1].Expires = time.Time{}
	if err := s.Redeem(within(t, patience), p, tokens...); err != nil {
		t.Fatal(err)
	}
	if err := s.Issue(within(t, patience), oauth.Token{Kind: oauth.RefreshToken, Value: "r2"}); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"r1", "r2"} {
		g := s.find(clientID, refreshToken(value)).Grant
		if g == nil || !g.Expires.IsZero() {
			t.Errorf("the refresh token %s is stored as %+v, want one that never expires", value, g)
		}
	}
	digits := s.Strings("SELECT expires FROM {}moos_oauth_access_tokens")
	if len(digits) != 1 || digits[0] != "2030-05-06 07:08:09" {
		t.Errorf("the access token expires at %v", digits)
	}
}

// The promises of the store hold on tables of the old definition too.
func TestStoreOnOldTables(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		s := newRotatingSite(t, database)
		s.MakeTablesOld()
		return s
	})
}

// What is done to one row leaves the dates of all others alone, though an UPDATE
// of an old table would set them to "now".
func TestOldTablesKeepDates(t *testing.T) {
	s := newSite(t, database)
	s.MakeTablesOld()
	for kind, table := range sandboxtest.GrantTables() {
		for _, value := range []string{"kept", "used"} {
			s.Exec("INSERT INTO {}moos_oauth_"+table+" ("+string(kind)+", client_id, user_id, expires) VALUES (?, ?, 2, '2031-02-03 04:05:06')",
				value, clientID)
		}
	}
	ctx := within(t, patience)
	_, revokeErr := s.Revoke(ctx, oauth.Revocation{
		Presented: oauth.Presented{Kind: oauth.AccessToken, Value: "used"}, ClientID: clientID})
	for what, err := range map[string]error{
		"issue":   s.Issue(ctx, newToken(oauth.AccessToken, "a1")),
		"redeem":  s.Redeem(ctx, oauth.Presented{Kind: oauth.AuthorizationCode, Value: "used"}, pair("2")...),
		"refresh": s.Redeem(ctx, refreshToken("used"), pair("3")...),
		"revoke":  revokeErr,
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	want := inAnHour()
	for kind, table := range sandboxtest.GrantTables() {
		kept := s.Strings("SELECT expires FROM {}moos_oauth_" + table + " WHERE " + string(kind) + " IN ('kept', 'used')")
		if len(kept) != 1 || kept[0] != "2031-02-03 04:05:06" {
			t.Errorf("the rows that are left of %s expire at %q", table, kept)
		}
		for _, digits := range s.Strings("SELECT expires FROM {}moos_oauth_" + table + " WHERE " + string(kind) + " NOT IN ('kept', 'used')") {
			if got, err := time.Parse(time.DateTime, digits); err != nil || want.Sub(got).Abs() > time.Minute {
				t.Errorf("a new row of %s expires at %s, want in an hour", table, digits)
			}
		}
	}
}

// TIMESTAMP ends in January 2038, some hours sooner where the server's zone is
// east or west of Greenwich. Beyond that the server would store the zero date:
// an access token that is dead at birth.
func TestBeyondTheLastDate(t *testing.T) {
	for _, zone := range []string{"+00:00", "+13:00", "-12:00"} {
		s := newSite(t, database)
		s.Exec("SET GLOBAL time_zone = ?", zone)
		t.Cleanup(func() { s.Exec("SET GLOBAL time_zone = 'SYSTEM'") })
		for kind := range map[oauth.Kind]bool{oauth.AccessToken: true, oauth.RefreshToken: true} {
			long := newToken(kind, "abc")
			long.Expires = inAnHour().Add(100 * 365 * 24 * time.Hour)
			if err := s.reopen(nil).Issue(within(t, patience), long); err != nil {
				t.Fatal(err)
			}
			g := s.find(clientID, oauth.Presented{Kind: kind, Value: "abc"}).Grant
			if g.Expires.Year() != 2038 {
				t.Errorf("zone %s: %s expires at %v, want as late as can be", zone, kind, g.Expires)
			}
		}
	}
}

// A value that its column would cut is another value: half a scope may be a
// wider one. WordPress's sql_mode cuts without a word.
func TestTooLongForItsColumn(t *testing.T) {
	s := newSite(t, database)
	p := s.putCode("c1")
	long := make([]byte, 256)
	for i := range long {
		long[i] = 'x'
	}
	for what, change := range map[string]func(*oauth.Token){
		"value":  func(t *oauth.Token) { t.Value = string(long) },
		"scope":  func(t *oauth.Token) { t.Scope = oauth.Scope{"email", string(long)} },
		"client": func(t *oauth.Token) { t.ClientID = string(long) },
	} {
		token := newToken(oauth.AccessToken, "a1")
		change(&token)
		if err := s.Issue(within(t, patience), token); err == nil {
			t.Errorf("a %s that is too long was issued", what)
		}
		if err := s.Redeem(within(t, patience), p, newToken(oauth.RefreshToken, "r1"), token); err == nil {
			t.Errorf("a %s that is too long was issued for a code", what)
		}
	}
	if n := s.Count("access_tokens") + s.Count("refresh_tokens"); n != 0 {
		t.Errorf("%d tokens were stored", n)
	}
	if s.find(clientID, p).Grant == nil {
		t.Error("the code is gone")
	}
}
