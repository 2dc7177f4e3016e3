package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// zones are those of database servers that do not keep UTC, one on each side.
func zones() []string { return []string{"Europe/Berlin", "America/New_York"} }

// TestTimeZone: PHP writes the digits of UTC through a session that has the
// server's zone, so the server must read them in the same way, and write them
// so that PHP does.
func TestTimeZone(t *testing.T) {
	t.Parallel()
	for _, zone := range zones() {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandboxtest.Start(t, sandbox.Options{TimeZone: zone}))
			if here := s.strings("SELECT NOW() = UTC_TIMESTAMP()"); here[0] != "0" {
				t.Fatal("the database keeps UTC, and so this test would prove nothing")
			}
			server := s.serve()
			timeZoneWritten(t, s, server)
			timeZoneExpiry(t, s, server)
		})
	}
}

// timeZoneWritten: an access token that the server writes ends in an hour, by
// the digits that PHP reads.
func timeZoneWritten(t *testing.T, s *site, server *sidecar) {
	s.put("refresh", "written", s.app, row{})
	a := server.refresh(s.app, "written")
	a.wantTokens(t, "profile email")
	text := s.strings("SELECT CAST(expires AS CHAR) FROM {p}moos_oauth_access_tokens WHERE access_token = ?", a.member("access_token"))
	expires, err := time.Parse(time.DateTime, text[0])
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(expires); left < time.Hour-10*time.Second || left > time.Hour {
		t.Errorf("the access token ends in %s", left)
	}
}

// timeZoneExpiry: what PHP wrote is good until the end of its last second.
func timeZoneExpiry(t *testing.T, s *site, server *sidecar) {
	last := time.Now().Truncate(time.Second).Add(5 * time.Second)
	end := last.Add(time.Second)
	s.put("refresh", "some seconds", s.app, row{expires: digits(last)})
	s.put("code", "redeemed in time", s.app, row{expires: digits(last)})
	s.put("code", "too late", s.app, row{expires: digits(last)})
	s.put("code", "long ago", s.app, row{expires: digits(last.Add(-7 * time.Second))})

	server.redeem(s.app, "long ago").wantError(t, http.StatusBadRequest, "invalid_grant")
	server.redeem(s.app, "redeemed in time").wantTokens(t, "profile email")
	good := 0
	for time.Now().Before(end) {
		a := server.refresh(s.app, "some seconds")
		if time.Now().After(end) {
			break // this answer may be of either side
		}
		a.wantTokens(t, "profile email")
		good++
		time.Sleep(100 * time.Millisecond)
	}
	if good == 0 {
		t.Error("the machine is too slow: no refresh was answered while the token was good")
	}
	time.Sleep(time.Until(end))
	server.refresh(s.app, "some seconds").wantError(t, http.StatusBadRequest, "invalid_grant")
	server.redeem(s.app, "too late").wantError(t, http.StatusBadRequest, "invalid_grant")
}
