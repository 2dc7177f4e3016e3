package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// newRotatingSite makes a site that keeps a record of replaced refresh tokens.
func newRotatingSite(t testing.TB, server *sandbox.Server) *site {
	t.Helper()
	s := newSite(t, server)
	s.wantSuccess("ok: ", "migrate")
	return s
}

// later lets all rotations have happened a time earlier, such as "2 MINUTE".
func (s *site) later(interval string) {
	s.t.Helper()
	s.Exec("UPDATE {}moserver_rotated_tokens SET rotated = rotated - INTERVAL " + interval)
}

// rotated refreshes a token that must be replaced, and returns the new one.
func rotated(t *testing.T, s *stage.Sidecar, c stage.Client, token string) string {
	t.Helper()
	a := s.Refresh(c, token)
	a.WantTokens(t, "profile email")
	if a.Member("refresh_token") == token {
		t.Fatal("the refresh token was not replaced")
	}
	return a.Member("refresh_token")
}

// TestLostAnswer: a client whose connection ends before it has read its answer
// refreshes with the old token once more, and has lost nothing.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.Serve()
	s.Put("refresh", "old", s.pub, stage.Row{})
	hangUp(t, server, stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.pub, "old")...), func() {
		stage.Eventually(t, stage.Patience, "the token is replaced", func() bool { return !s.Has("refresh", "old") })
	})
	lost := s.Strings("SELECT refresh_token FROM {}moos_oauth_refresh_tokens")

	a := server.Refresh(s.pub, "old", "scope", "email")
	a.WantTokens(t, "email")
	if len(lost) != 1 || a.Member("refresh_token") != lost[0] {
		t.Errorf("the second answer has another refresh token than the first, or there are more than one: %d", len(lost))
	}
	s.WantRow("access", a.Member("access_token"), true)
	if n := len(s.Strings("SELECT 1 FROM {}moos_oauth_refresh_tokens")); n != 1 {
		t.Errorf("%d refresh tokens are stored, want 1", n)
	}
	rotated(t, server, s.pub, a.Member("refresh_token"))
}

// hangUp sends a request, and closes the connection without reading the answer
// when done returns.
func hangUp(t *testing.T, server *stage.Sidecar, r *http.Request, done func()) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.Base, "http://"))
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
		{"access tokens stay", []string{"--revoke-access-tokens=none"}, 2, "1 HOUR", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newRotatingSite(t, database)
			server := s.Serve(c.flags...)
			s.Put("refresh", "stolen", s.pub, stage.Row{})
			s.Put("refresh", "of another device", s.pub, stage.Row{})
			last := rotated(t, server, s.pub, "stolen")
			for range c.uses {
				last = rotated(t, server, s.pub, last)
			}
			s.later(c.after)
			if !c.ends {
				server.Refresh(s.pub, "stolen").WantTokens(t, "profile email")
				rotated(t, server, s.pub, last)
				return
			}
			for range 2 { // the second time it is no news
				server.Refresh(s.pub, "stolen").WantError(t, http.StatusBadRequest, "invalid_grant")
			}
			s.WantRow("refresh", last, false)
			server.Refresh(s.pub, last).WantError(t, http.StatusBadRequest, "invalid_grant")
			s.WantRow("refresh", "of another device", true)
			if n := len(s.Strings("SELECT 1 FROM {}moos_oauth_access_tokens")); (n == 0) != (c.name != "access tokens stay") {
				t.Errorf("%d access tokens are left", n)
			}
			judgeReplayLog(t, s, server, "stolen", last)
		})
	}
}

// judgeReplayLog: there is one warning of a replay, which says whose it was and
// tells no token.
func judgeReplayLog(t *testing.T, s *site, server *stage.Sidecar, tokens ...string) {
	t.Helper()
	server.Stop()
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
	judgeLog(t, server.Stderr.String(), tokens)
}

// TestAtOnce: a page with many tabs sends the same refresh token at once, to two
// servers. All tabs get the same new one, and access tokens of their own.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	const tokens, tabs = 10, 16
	s := newRotatingSite(t, database)
	servers := []*stage.Sidecar{s.Serve(), s.Serve()}
	for token := range tokens {
		s.Put("refresh", fmt.Sprint("old-", token), s.pub, stage.Row{})
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	refresh, access := map[string]map[string]bool{}, map[string]bool{}
	for i := range tokens * tabs {
		group.Go(func() {
			old, server := fmt.Sprint("old-", i/tabs), servers[i%2]
			a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.pub, old)...))
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("%s: %v, %s", old, err, a)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if refresh[old] == nil {
				refresh[old] = map[string]bool{}
			}
			refresh[old][a.Member("refresh_token")], access[a.Member("access_token")] = true, true
		})
	}
	group.Wait()
	for old, of := range refresh {
		if len(of) != 1 {
			t.Errorf("%s was replaced by %d tokens", old, len(of))
		}
		for successor := range of {
			s.WantRow("refresh", successor, true)
		}
	}
	stored := len(s.Strings("SELECT 1 FROM {}moos_oauth_access_tokens"))
	if n := len(s.Strings("SELECT 1 FROM {}moos_oauth_refresh_tokens")); n != tokens || len(access) != tokens*tabs || stored != len(access) {
		t.Errorf("%d refresh tokens, %d access tokens (%d stored); want %d, %d", n, len(access), stored, tokens, tokens*tabs)
	}
}

// TestWithoutRotations: where there is no table of them, or no longer, a replaced
// token is as unknown as any other.
func TestWithoutRotations(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.Serve()
	s.Put("refresh", "old", s.pub, stage.Row{})
	s.Exec("DROP TABLE {}moserver_rotated_tokens")
	old := "old"
	for range 3 {
		next := rotated(t, server, s.pub, old)
		server.Refresh(s.pub, old).WantError(t, http.StatusBadRequest, "invalid_grant")
		server.Post("client_id", s.pub.ID, "token", old).WantRevoked(t)
		s.WantRow("refresh", next, true)
		old = next
	}
	server.Stop()
	if strings.Contains(server.Stderr.String(), "level=WARN") {
		t.Errorf("the log warns:\n%s", server.Stderr.String())
	}
}

// TestRevokeRotated: a client that has lost an answer can end its grant with the
// token that it has, and nobody takes that one for active.
func TestRevokeRotated(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.Serve("--rotate-refresh-tokens", "all")
	for _, path := range []string{stage.TokenPath, "/wp-json/moserver/revoke"} {
		s.Put("refresh", "old "+path, s.app, stage.Row{})
		successor := rotated(t, server, s.app, rotated(t, server, s.app, "old "+path))
		form := append(stage.Credentials(s.app), "token", "old "+path)
		a := server.Send(stage.FormRequest(server.Base+"/wp-json/moserver/introspect", form...))
		if a.Body["active"] != false {
			t.Errorf("introspection: %s", a)
		}
		server.Send(stage.FormRequest(server.Base+path, append(stage.Credentials(s.hs), "token", "old "+path)...)).WantRevoked(t)
		s.WantRow("refresh", successor, true)
		server.Send(stage.FormRequest(server.Base+path, form...)).WantRevoked(t)
		s.WantRow("refresh", successor, false)
	}
}
