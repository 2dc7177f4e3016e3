package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/wpdb/sandbox"
)

// newRotatingSite makes a site that keeps a record of replaced refresh tokens.
func newRotatingSite(t testing.TB, server *sandbox.Server) *site {
	t.Helper()
	s := newSite(t, server)
	if r := command(t, nil, "migrate", "--wp-config", s.wpConfig); r.code != 0 {
		t.Fatalf("migrate: exit status %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	return s
}

// later lets all rotations have happened a time earlier, such as "2 MINUTE".
func (s *site) later(interval string) {
	s.t.Helper()
	s.exec("UPDATE {p}moserver_rotated_tokens SET rotated = rotated - INTERVAL " + interval)
}

// rotated refreshes a token that must be replaced, and returns the new one.
func (s *sidecar) rotated(c client, token string) string {
	s.t.Helper()
	a := s.refresh(c, token)
	a.wantTokens(s.t, "profile email")
	if a.member("refresh_token") == token {
		s.t.Fatal("the refresh token was not replaced")
	}
	return a.member("refresh_token")
}

// TestLostAnswer: a client whose connection ends before it has read its answer
// refreshes with the old token once more, and has lost nothing.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.serve()
	s.put("refresh", "old", s.pub, row{})
	hangUp(t, server, formRequest(server.base+tokenPath, refreshForm(s.pub, "old")...), func() {
		eventually(t, patience, "the token is replaced", func() bool { return !s.has("refresh", "old") })
	})
	lost := s.strings("SELECT refresh_token FROM {p}moos_oauth_refresh_tokens")

	a := server.refresh(s.pub, "old", "scope", "email")
	a.wantTokens(t, "email")
	if len(lost) != 1 || a.member("refresh_token") != lost[0] {
		t.Errorf("the second answer has another refresh token than the first, or there are more than one: %q", lost)
	}
	s.wantRow("access", a.member("access_token"), true)
	if n := len(s.strings("SELECT 1 FROM {p}moos_oauth_refresh_tokens")); n != 1 {
		t.Errorf("%d refresh tokens are stored, want 1", n)
	}
	server.rotated(s.pub, a.member("refresh_token"))
}

// hangUp sends a request, and closes the connection without reading the answer
// when done returns.
func hangUp(t *testing.T, server *sidecar, r *http.Request, done func()) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	done()
}

// TestReplay: of a token that a thief has used and its owner uses later, or the
// other way round, nothing may be left. The log says whose it was.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		flags []string
		uses  int    // of the successors, before the replay
		after string // how long after the last rotation the replay comes
		ends  bool
	}{
		{"within the grace", nil, 0, "20 SECOND", false},
		{"late", nil, 0, "62 SECOND", true},
		{"in use", nil, 1, "0 SECOND", true},
		{"in use for long", nil, 6, "3 DAY", true},
		{"a longer grace", []string{"--rotation-grace", "10m"}, 0, "8 MINUTE", false},
		{"no grace", []string{"--rotation-grace", "0"}, 0, "0 SECOND", true},
		{"access tokens", []string{"--revoke-access-tokens"}, 2, "1 HOUR", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newRotatingSite(t, database)
			server := s.serve(c.flags...)
			s.put("refresh", "stolen", s.pub, row{})
			s.put("refresh", "of another device", s.pub, row{})
			last := server.rotated(s.pub, "stolen")
			for range c.uses {
				last = server.rotated(s.pub, last)
			}
			s.later(c.after)
			if !c.ends {
				server.refresh(s.pub, "stolen").wantTokens(t, "profile email")
				server.rotated(s.pub, last)
				return
			}
			for range 2 { // the second time it is no news
				server.refresh(s.pub, "stolen").wantError(t, http.StatusBadRequest, "invalid_grant")
			}
			s.wantRow("refresh", last, false)
			server.refresh(s.pub, last).wantError(t, http.StatusBadRequest, "invalid_grant")
			s.wantRow("refresh", "of another device", true)
			if n := len(s.strings("SELECT 1 FROM {p}moos_oauth_access_tokens")); (n == 0) != (c.name == "access tokens") {
				t.Errorf("%d access tokens are left", n)
			}
			judgeReplayLog(t, s, server, "stolen", last)
		})
	}
}

// judgeReplayLog: there is one warning of a replay, which says whose it was and
// tells no token.
func judgeReplayLog(t *testing.T, s *site, server *sidecar, tokens ...string) {
	t.Helper()
	server.stop()
	var warnings []string
	for _, line := range requestLines(server, "text") {
		if strings.Contains(line, " replay=") {
			warnings = append(warnings, line)
		}
	}
	if len(warnings) != 1 {
		t.Fatalf("%d lines speak of a replay, want 1:\n%s", len(warnings), strings.Join(warnings, ""))
	}
	for _, want := range []string{"level=WARN", "client_id=" + s.pub.ID, fmt.Sprintf("user_id=%d", sandbox.Alice), "outcome=invalid_grant"} {
		if !strings.Contains(warnings[0], want) {
			t.Errorf("the line has no %s: %s", want, warnings[0])
		}
	}
	judgeLog(t, server.stderr.String(), tokens)
}

// TestAtOnce: a page with many tabs sends the same refresh token at once, to two
// servers. All tabs get the same new one, and access tokens of their own.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	const tokens, tabs = 10, 16
	s := newRotatingSite(t, database)
	servers := []*sidecar{s.serve(), s.serve()}
	for token := range tokens {
		s.put("refresh", fmt.Sprint("old-", token), s.pub, row{})
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	refresh, access := map[string]map[string]bool{}, map[string]bool{}
	for i := range tokens * tabs {
		group.Go(func() {
			old, server := fmt.Sprint("old-", i/tabs), servers[i%2]
			a, err := server.do(formRequest(server.base+tokenPath, refreshForm(s.pub, old)...))
			if err != nil || a.status != http.StatusOK {
				t.Errorf("%s: %v, %d %s", old, err, a.status, a.text)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if refresh[old] == nil {
				refresh[old] = map[string]bool{}
			}
			refresh[old][a.member("refresh_token")], access[a.member("access_token")] = true, true
		})
	}
	group.Wait()
	for old, of := range refresh {
		if len(of) != 1 {
			t.Errorf("%s was replaced by %d tokens", old, len(of))
		}
		for successor := range of {
			s.wantRow("refresh", successor, true)
		}
	}
	stored := len(s.strings("SELECT 1 FROM {p}moos_oauth_access_tokens"))
	if n := len(s.strings("SELECT 1 FROM {p}moos_oauth_refresh_tokens")); n != tokens || len(access) != tokens*tabs || stored != len(access) {
		t.Errorf("%d refresh tokens, %d access tokens (%d stored); want %d, %d", n, len(access), stored, tokens, tokens*tabs)
	}
}

// TestWithoutRotations: where there is no table of them, or no longer, a replaced
// token is as unknown as any other.
func TestWithoutRotations(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.serve()
	s.put("refresh", "old", s.pub, row{})
	s.exec("DROP TABLE {p}moserver_rotated_tokens")
	old := "old"
	for range 3 {
		next := server.rotated(s.pub, old)
		server.refresh(s.pub, old).wantError(t, http.StatusBadRequest, "invalid_grant")
		server.post("client_id", s.pub.ID, "token", old).wantRevoked(t)
		s.wantRow("refresh", next, true)
		old = next
	}
	server.stop()
	if strings.Contains(server.stderr.String(), "level=WARN") {
		t.Errorf("the log warns:\n%s", server.stderr.String())
	}
}

// TestRevokeRotated: a client that has lost an answer can end its grant with the
// token that it has, and nobody takes that one for active.
func TestRevokeRotated(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.serve("--rotate-refresh-tokens", "all")
	for _, path := range []string{tokenPath, "/wp-json/moserver/revoke"} {
		s.put("refresh", "old "+path, s.app, row{})
		successor := server.rotated(s.app, server.rotated(s.app, "old "+path))
		form := append(credentials(s.app), "token", "old "+path)
		a := server.send(formRequest(server.base+"/wp-json/moserver/introspect", form...))
		if a.body["active"] != false {
			t.Errorf("introspection: %s", a.text)
		}
		server.send(formRequest(server.base+path, append(credentials(s.hs), "token", "old "+path)...)).wantRevoked(t)
		s.wantRow("refresh", successor, true)
		server.send(formRequest(server.base+path, form...)).wantRevoked(t)
		s.wantRow("refresh", successor, false)
	}
}
