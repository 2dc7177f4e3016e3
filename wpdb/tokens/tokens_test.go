package tokens_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/tokens"
)

// putToken stores a row as PHP does, expires as its digits or nil.
func (s *site) putToken(kind oauth.Kind, value, client string, user int64, expires any) {
	s.T.Helper()
	s.Exec("INSERT INTO {}moos_oauth_"+string(kind)+"s ("+string(kind)+", client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, 'email')",
		value, client, user, expires)
}

// dates are what an expires column may hold, and what each means for refresh
// tokens and for all else.
func dates(now time.Time) []struct {
	digits         any
	refresh, other bool // it is live
} {
	return []struct {
		digits         any
		refresh, other bool
	}{
		{nil, true, false},
		{"0000-00-00 00:00:00", true, false},
		{"1970-06-01 12:00:00", true, false},
		{now.Add(-time.Second).Format(time.DateTime), false, false},
		{now.Format(time.DateTime), true, true},
		{now.Add(time.Hour).Format(time.DateTime), true, true},
		{"2037-12-31 23:59:59", true, true},
	}
}

// TestTokenStates: the filter, the counts and the list judge each date as a
// request does, in any time zone of the server.
func TestTokenStates(t *testing.T) {
	for _, zone := range []string{"", "Europe/Berlin", "America/New_York"} {
		t.Run(zone, func(t *testing.T) {
			s := newSite(t, sandboxtest.Start(t, sandbox.Options{TimeZone: zone}))
			now := time.Now().UTC().Truncate(time.Second)
			for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
				s.tokenStates(kind, now)
			}
		})
	}
}

func (s *site) tokenStates(kind oauth.Kind, now time.Time) {
	s.T.Helper()
	want := tokens.Counted{Kind: kind}
	live := map[string]bool{}
	for i, date := range dates(now) {
		value := fmt.Sprintf("%d%s", i, strings.Repeat("x", 31))
		s.putToken(kind, value, clientID, alice, date.digits)
		if live[value[:6]] = date.other; kind == oauth.RefreshToken {
			live[value[:6]] = date.refresh
		}
		if live[value[:6]] {
			want.Live++
		} else {
			want.Expired++
		}
	}
	kinds := []oauth.Kind{kind}
	counts, err := tokens.Count(within(s.T, patience), s.DB, tokens.Filter{Kinds: kinds, Now: now})
	if diff := cmp.Diff([]tokens.Counted{want}, counts); err != nil || diff != "" {
		s.T.Errorf("counts (-want +got): %v\n%s", err, diff)
	}
	for state, n := range map[tokens.State]int64{tokens.AnyState: want.Total(), tokens.LiveTokens: want.Live, tokens.ExpiredTokens: want.Expired} {
		list, more, err := tokens.List(within(s.T, patience), s.DB, tokens.Filter{Kinds: kinds, State: state, Now: now}, 100)
		if err != nil || more || int64(len(list)) != n {
			s.T.Errorf("%s, state %d: want %d tokens, got %d, more %v, %v", kind, state, n, len(list), more, err)
		}
		for _, token := range list {
			if token.Live != live[token.Prefix] || state != tokens.AnyState && token.Live != (state == tokens.LiveTokens) {
				s.T.Errorf("%s, state %d: %+v", kind, state, token)
			}
		}
	}
}

// TestListTokens: what the list says, in which order, and where it ends.
func TestListTokens(t *testing.T) {
	s := newSite(t, database)
	s.putToken(oauth.RefreshToken, strings.Repeat("r", 32), clientID, alice, "0000-00-00 00:00:00")
	s.putToken(oauth.RefreshToken, strings.Repeat("d", 32), clientID, 99, "2037-01-01 00:00:00") // of a user who is gone
	s.putToken(oauth.AccessToken, "日本語日本語日本語日本語", "other", bob, "2030-01-02 03:04:05")
	s.putToken(oauth.AccessToken, "abc", "other", bob, "2031-01-02 03:04:05")
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (client_id, user_id) VALUES ('other', 3)") // without a value
	date := func(year int) time.Time { return time.Date(year, 1, 2, 3, 4, 5, 0, time.UTC) }
	want := []tokens.Stored{
		{Kind: oauth.RefreshToken, Prefix: "rrrrrr", ClientID: clientID, UserID: alice, Login: "alice", Live: true, Scope: "email"},
		{Kind: oauth.RefreshToken, Prefix: "dddddd", ClientID: clientID, UserID: 99, Expires: time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC), Live: true, Scope: "email"},
		{Kind: oauth.AccessToken, Prefix: "", ClientID: "other", UserID: bob, Login: "bob", Expires: date(2031), Live: true, Scope: "email"},
		{Kind: oauth.AccessToken, Prefix: "日本語", ClientID: "other", UserID: bob, Login: "bob", Expires: date(2030), Live: true, Scope: "email"},
	}
	for limit := 1; limit <= len(want)+1; limit++ {
		got, more, err := tokens.List(within(t, patience), s.DB, tokens.Filter{Now: date(2026)}, limit)
		if diff := cmp.Diff(want[:min(limit, len(want))], got); err != nil || diff != "" || more != (limit < len(want)) {
			t.Errorf("limit %d: more %v, %v (-want +got):\n%s", limit, more, err, diff)
		}
	}
}

// TestRevokeTokens: what fits goes, byte for byte, and nothing else.
func TestRevokeTokens(t *testing.T) {
	for name, test := range map[string]struct {
		filter tokens.Filter
		want   []string // that stay
	}{
		"user":            {tokens.Filter{UserID: alice}, []string{"3", "4"}},
		"client":          {tokens.Filter{ClientID: "Client"}, []string{"1", "2", "4"}},
		"user and client": {tokens.Filter{UserID: alice, ClientID: "Client"}, []string{"1", "2", "3", "4"}},
		"value":           {tokens.Filter{Value: "1"}, []string{"0", "2", "3", "4"}},
		"other letters":   {tokens.Filter{ClientID: "CLIENT"}, []string{"0", "1", "2", "3", "4"}},
		"nobody's value":  {tokens.Filter{Value: strings.Repeat("x", 300)}, []string{"0", "1", "2", "3", "4"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, database)
			kinds := []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken}
			for _, kind := range kinds {
				s.putToken(kind, "0", "Client", alice, "2037-01-01 00:00:00")
				s.putToken(kind, "1", "client", alice, nil)
				s.putToken(kind, "2", "Client ", alice, "2001-01-01 00:00:00")
				s.putToken(kind, "3", "Client", bob, "2037-01-01 00:00:00")
				s.putToken(kind, "4", "other", bob, "2037-01-01 00:00:00")
			}
			var seen int64
			removed, err := tokens.Revoke(within(t, patience), s.DB, test.filter, func(n int64) { seen = n })
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range kinds {
				left := s.Strings("SELECT " + string(kind) + " FROM {}moos_oauth_" + string(kind) + "s ORDER BY 1")
				if diff := cmp.Diff(test.want, left); diff != "" || removed[kind] != int64(5-len(test.want)) {
					t.Errorf("%s: removed %d (-want +left):\n%s", kind, removed[kind], diff)
				}
			}
			if seen != int64(3*(5-len(test.want))) {
				t.Errorf("progress ended with %d", seen)
			}
		})
	}
}

// TestRevokeBatches: more than one batch, also with an index, and with values
// that more than one row has.
func TestRevokeBatches(t *testing.T) {
	s := newSite(t, database)
	fill := func(user int64, n int) {
		s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, user_id) SELECT SHA2(seq DIV 2, 256), ?, ? FROM "+sandbox.Numbers(n)+" AS numbers", clientID, user)
	}
	for _, index := range []string{"", "CREATE INDEX token ON {}moos_oauth_access_tokens (access_token(64))"} {
		if index != "" {
			s.Exec(index)
		}
		fill(alice, 1234)
		fill(bob, 500)
		var steps int
		removed, err := tokens.Revoke(within(t, patience), s.DB, tokens.Filter{UserID: alice}, func(int64) { steps++ })
		if err != nil || removed[oauth.AccessToken] != 1234 || steps < 3 {
			t.Errorf("removed %v in %d steps, %v", removed, steps, err)
		}
		if n := s.Count("access_tokens"); n != 500 {
			t.Errorf("%d rows are left, want bob's 500", n)
		}
		s.Exec("DELETE FROM {}moos_oauth_access_tokens")
	}
}

// TestTokensWaitForNobody: while somebody else's transaction holds a row, the
// rows are counted, and with an index the others are removed.
func TestTokensWaitForNobody(t *testing.T) {
	s := newSite(t, database)
	s.Exec("CREATE INDEX token ON {}moos_oauth_access_tokens (access_token(64))")
	s.putToken(oauth.AccessToken, "held", clientID, bob, nil)
	s.putToken(oauth.AccessToken, "free", clientID, alice, nil)
	php := s.Session()
	s.On(php, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "BEGIN", "DELETE FROM {}moos_oauth_access_tokens WHERE access_token = CAST('held' AS BINARY)")
	f := tokens.Filter{Kinds: []oauth.Kind{oauth.AccessToken}}
	if counts, err := tokens.Count(within(t, patience), s.DB, f); err != nil || counts[0].Total() != 2 {
		t.Errorf("counts %v, %v", counts, err)
	}
	if removed, err := tokens.Revoke(within(t, patience), s.DB, tokens.Filter{UserID: alice}, nil); err != nil || removed[oauth.AccessToken] != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
	s.On(php, "ROLLBACK")
	if left := s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens"); len(left) != 1 || left[0] != "held" {
		t.Errorf("left %q", left)
	}
}

func TestFindUser(t *testing.T) {
	s := newSite(t, database)
	s.Exec("INSERT INTO {}users (ID, user_login) VALUES (41, '2'), (42, '77')")
	s.putToken(oauth.AccessToken, "orphan", clientID, 99, nil)
	for name, want := range map[string]tokens.User{
		"alice": {ID: alice, Login: "alice"}, "3": {ID: bob, Login: "bob"}, "id:2": {ID: alice, Login: "alice"},
		"login:2": {ID: 41, Login: "2"}, "77": {ID: 42, Login: "77"}, "99": {ID: 99},
	} {
		if got, err := tokens.FindUser(within(t, patience), s.DB, name); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, sentence := range map[string]string{"2": "say id:2 or login:2", "nobody": `no user with the ID or login "nobody"`, "98": "no user", "id:alice": "no user", "0": "no user", "": "no user"} {
		if got, err := tokens.FindUser(within(t, patience), s.DB, name); !errors.Is(err, tokens.ErrUnknown) || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestFindClient(t *testing.T) {
	s := newSite(t, database)
	s.Exec("INSERT INTO {}moos_oauth_clients (client_id, client_name) VALUES (?, 'Café 日本')", clientID)
	s.putToken(oauth.RefreshToken, "orphan", "gone", alice, nil)
	for id, want := range map[string]tokens.RegisteredClient{clientID: {ID: clientID, Name: "Café 日本"}, "gone": {ID: "gone"}} {
		if got, err := tokens.FindClient(within(t, patience), s.DB, id); err != nil || got != want {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	for id, sentence := range map[string]string{"Café 日本": "whose id is " + clientID, strings.ToLower(clientID): "whose id is " + clientID, "nobody": `no client with the id "nobody"`, "": "never empty"} {
		if got, err := tokens.FindClient(within(t, patience), s.DB, id); !errors.Is(err, tokens.ErrUnknown) || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
}
