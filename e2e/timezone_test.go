package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
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
			if here := s.Strings("SELECT NOW() = UTC_TIMESTAMP()"); here[0] != "0" {
				t.Fatal("the database keeps UTC, and so this test would prove nothing")
			}
			server := s.Serve()
			timeZoneWritten(t, s, server)
			timeZoneExpiry(t, s, server)
		})
	}
}

// timeZoneWritten: an access token that the server writes ends in an hour, by
// the digits that PHP reads.
func timeZoneWritten(t *testing.T, s *site, server *stage.Sidecar) {
	s.Put("refresh", "written", s.app, stage.Row{})
	a := server.Refresh(s.app, "written")
	a.WantTokens(t, "profile email")
	text := s.Strings("SELECT CAST(expires AS CHAR) FROM {}moos_oauth_access_tokens WHERE access_token = ?", a.Member("access_token"))
	expires, err := time.Parse(time.DateTime, text[0])
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(expires); left < time.Hour-10*time.Second || left > time.Hour {
		t.Errorf("the access token ends in %s", left)
	}
}

// timeZoneExpiry: what PHP wrote is good until the end of its last second.
func timeZoneExpiry(t *testing.T, s *site, server *stage.Sidecar) {
	last := time.Now().Truncate(time.Second).Add(5 * time.Second)
	end := last.Add(time.Second)
	s.Put("refresh", "some seconds", s.app, stage.Row{Expires: sandboxtest.Digits(last)})
	s.Put("code", "redeemed in time", s.app, stage.Row{Expires: sandboxtest.Digits(last)})
	s.Put("code", "too late", s.app, stage.Row{Expires: sandboxtest.Digits(last)})
	s.Put("code", "long ago", s.app, stage.Row{Expires: sandboxtest.Digits(last.Add(-7 * time.Second))})

	server.Redeem(s.app, "long ago").WantError(t, http.StatusBadRequest, "invalid_grant")
	server.Redeem(s.app, "redeemed in time").WantTokens(t, "profile email")
	good := 0
	for time.Now().Before(end) {
		a := server.Refresh(s.app, "some seconds")
		if time.Now().After(end) {
			break // this answer may be of either side
		}
		a.WantTokens(t, "profile email")
		good++
		time.Sleep(100 * time.Millisecond)
	}
	if good == 0 {
		t.Error("the machine is too slow: no refresh was answered while the token was good")
	}
	time.Sleep(time.Until(end))
	server.Refresh(s.app, "some seconds").WantError(t, http.StatusBadRequest, "invalid_grant")
	server.Redeem(s.app, "too late").WantError(t, http.StatusBadRequest, "invalid_grant")
}
