package store_test

import (
	"moserver-sidecar/oauth"
	"testing"
	"time"
)

// century is the longest lifetime that counts.
const century = 100 * 365 * 24 * time.Hour

func TestOptions(t *testing.T) {
	const (
		masterSwitch = "mo_oauth_server_master_switch"
		access       = "mo_oauth_expiry_time"
		refresh      = "mo_oauth_refresh_expiry_time"
		length       = "mo_oauth_server_token_length"
	)
	defaults := oauth.Site{AccessTokenLifetime: time.Hour, TokenLength: 32}
	site := func(change func(*oauth.Site)) oauth.Site { s := defaults; change(&s); return s }
	lives := func(d time.Duration) oauth.Site { return site(func(s *oauth.Site) { s.AccessTokenLifetime = d }) }
	refreshes := func(d time.Duration) oauth.Site { return site(func(s *oauth.Site) { s.RefreshTokenLifetime = d }) }
	digits := func(n int) oauth.Site { return site(func(s *oauth.Site) { s.TokenLength = n }) }

	s := newSite(t, database)
	if got := s.find(clientID, oauth.Presented{}).Site; got != defaults {
		t.Errorf("without options the site is %+v, want %+v", got, defaults)
	}
	for _, test := range []struct {
		option, value string
		want          oauth.Site
	}{
		{masterSwitch, "off", site(func(s *oauth.Site) { s.SwitchedOff = true })},
		{masterSwitch, "on", defaults}, {masterSwitch, "", defaults},
		{masterSwitch, "OFF", defaults}, {masterSwitch, "off ", defaults},

		{access, "", defaults}, {access, "0", defaults}, {access, "abc", defaults}, {access, "-5", defaults},
		{access, "1e9999", defaults}, {access, "nan", defaults}, {access, "INF", defaults}, {access, "0.5", defaults},
		{access, "120", lives(2 * time.Minute)}, {access, " 120 ", lives(2 * time.Minute)},
		{access, "1.9", lives(time.Second)}, {access, "99999999999", lives(century)},

		{refresh, "", defaults}, {refresh, "0", defaults}, {refresh, "abc", defaults}, {refresh, "-5", defaults},
		{refresh, "1e9999", defaults}, {refresh, "INF", defaults},
		{refresh, "120", refreshes(2 * time.Minute)}, {refresh, " 120 ", refreshes(2 * time.Minute)},
		{refresh, "99999999999", refreshes(century)},

		{length, "", defaults}, {length, "8", defaults}, {length, "x", defaults}, {length, "-64", defaults},
		{length, "64", digits(64)}, {length, " 64 ", digits(64)}, {length, "127", digits(127)}, {length, "500", digits(127)},
	} {
		s.Exec("DELETE FROM {}options WHERE option_name LIKE 'mo\\_oauth\\_%'")
		s.PutOption(test.option, test.value)
		if got := s.find("nobody", refreshToken("nothing")).Site; got != test.want {
			t.Errorf("%s = %q: the site is %+v, want %+v", test.option, test.value, got, test.want)
		}
	}
}
