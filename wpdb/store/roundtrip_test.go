package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// commands runs work, and returns the first word of each statement and the name
// of each other command that reached the server meanwhile.
func (s *site) commands(work func()) []string {
	s.T.Helper()
	commands := s.logged(work)
	for i, text := range commands {
		commands[i] = strings.Fields(text)[0]
	}
	return commands
}

// logged runs work, and returns each statement and the name of each other command that
// reached the server meanwhile, from the server's own log, up to the first line break. A
// statement that was prepared before counts as one that is sent whole.
func (s *site) logged(work func()) []string {
	s.T.Helper()
	file := filepath.Join(s.Server.Dir, "general.log")
	if err := os.RemoveAll(file); err != nil {
		s.T.Fatal(err)
	}
	s.Exec("SET GLOBAL general_log_file = ?", file)
	s.Exec("SET GLOBAL general_log = 1")
	work()
	s.Exec("SET GLOBAL general_log = 0")
	text, err := os.ReadFile(file)
	if err != nil {
		s.T.Fatal(err)
	}
	// A line is: time, if it has changed; id of the connection; command; text.
	var commands []string
	for _, m := range regexp.MustCompile(`(?m)^(?:\d{6} [ \d]\d:\d\d:\d\d|\S+Z)?\t\s*\d+ (\w+)\t(.*)$`).FindAllStringSubmatch(string(text), -1) {
		switch {
		case strings.HasPrefix(m[2], "SET GLOBAL general_log"): // this function's
		case m[1] == "Query", m[1] == "Execute":
			commands = append(commands, m[2])
		default:
			commands = append(commands, m[1])
		}
	}
	return commands
}

func TestGeneralLog(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true}) // the log can be turned on only with mysql's tables
	t.Run("round trips", func(t *testing.T) { roundTrips(t, server) })
	t.Run("session", func(t *testing.T) { session(t, server) })
	t.Run("shared", func(t *testing.T) { sharedPlans(t, server) })
	t.Run("family", func(t *testing.T) { familyPlans(t, server) })
}

// What a request costs, on a connection that is open already. Each statement is
// a round trip to a server that is often another machine.
func roundTrips(t *testing.T, server *sandbox.Server) {
	s := newRotatingSite(t, server)
	code := s.putCode("c1")
	token := refreshToken("r1")
	s.PutGrant(refreshToken("o1"), oauth.Grant{ClientID: clientID, UserID: alice, Scope: oauth.Scope{"openid"}})
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	revoke := func(value string, kind oauth.Kind, reach oauth.Reach) {
		_, err := s.Revoke(within(t, patience), oauth.Revocation{
			Presented: oauth.Presented{Kind: kind, Value: value}, ClientID: clientID, AccessTokens: reach})
		must(err)
	}
	must(s.Redeem(within(t, patience), code, pair("1")...))
	must(s.Redeem(within(t, patience), token, pair("3")...))
	s.putRefreshToken("r5")
	s.putRefreshToken("r6")
	// A DELETE that finds nothing is followed by a SELECT, which makes sure of it.
	for _, test := range []struct {
		what string
		work func()
		want []string
	}{
		{"a code", func() { s.find(clientID, code) }, []string{"SELECT"}},
		{"a refresh", func() { s.find(clientID, token); must(s.Issue(within(t, patience), newToken(oauth.AccessToken, "a2"))) },
			[]string{"SELECT", "INSERT"}},
		{"a refresh with an ID token", func() {
			if s.find(clientID, refreshToken("o1")).Identity == nil {
				t.Error("what the ID token is made of was not read along")
			}
			must(s.Issue(within(t, patience), newToken(oauth.AccessToken, "a3")))
		}, []string{"SELECT", "INSERT"}},
		{"a look for a rotation", func() { s.successor("r1"); s.successor("?") }, []string{"SELECT", "SELECT"}},
		{"two ID tokens of another scope", func() { s.identify(oauth.IdentityQuery{}); s.identify(oauth.IdentityQuery{}) },
			[]string{"Prepare", "SELECT", "SELECT"}},
		{"a revocation", func() { revoke("a4", oauth.AccessToken, oauth.ReachNone) }, []string{"DELETE", "SELECT"}},
		{"a revocation of a grant", func() { revoke("r6", oauth.RefreshToken, oauth.ReachGrant) }, []string{"START", "DELETE", "DELETE", "SELECT", "COMMIT"}},
		{"a revocation of all", func() { revoke("r5", oauth.RefreshToken, oauth.ReachAll) }, []string{"START", "DELETE", "DELETE", "SELECT", "COMMIT"}},
		{"a look for what came of a code", func() { s.family("c1") }, []string{"SELECT"}},
		{"a revocation of what was replaced", func() { revoke("r1", oauth.RefreshToken, oauth.ReachNone) },
			[]string{"DELETE", "SELECT", "SELECT", "SELECT", "DELETE"}},
		{"a revocation of nothing", func() { revoke("r1", oauth.RefreshToken, oauth.ReachGrant) },
			[]string{"START", "DELETE", "SELECT", "SELECT", "SELECT", "DELETE", "SELECT", "SELECT", "COMMIT"}},
	} {
		s.find(clientID, code) // opens the connection, and prepares what is prepared
		s.find(clientID, token)
		if got := s.commands(test.work); !slices.Equal(got, test.want) {
			t.Errorf("%s takes %v, want %v", test.what, got, test.want)
		}
	}
}

// A new connection is set up in four statements, the charset, the settings, whether
// it is Galera, and the isolation level, and its session has what the store counts on.
// What is prepared takes one round trip more the first time.
func session(t *testing.T, server *sandbox.Server) {
	s := newSite(t, server)
	got := s.commands(func() { s.find(clientID, oauth.Presented{}) })
	if want := []string{"Connect", "SET", "SET", "SHOW", "SET", "Prepare", "SELECT"}; !slices.Equal(got, want) {
		t.Errorf("the first request takes %v, want %v", got, want)
	}
	text, err := os.ReadFile(filepath.Join(s.Server.Dir, "general.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"sql_mode = 'NO_ENGINE_SUBSTITUTION'", "innodb_lock_wait_timeout = 5", "READ COMMITTED"} {
		if !strings.Contains(string(text), setting) {
			t.Errorf("no session has %s:\n%s", setting, text)
		}
	}
	if strings.Contains(string(text), "time_zone") {
		t.Errorf("a session's time_zone was set:\n%s", text)
	}
}
