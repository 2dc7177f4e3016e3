package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// onBoth runs a test on a site as the plugin leaves it, and on one that was migrated.
func onBoth(t *testing.T, test func(t *testing.T, s *site, server *stage.Sidecar)) {
	t.Parallel()
	for name, migrated := range map[string]bool{"as the plugin leaves it": false, "migrated": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, database)
			if migrated {
				s.wantSuccess("ok: ", "migrate")
			}
			test(t, s, s.Serve())
		})
	}
}

// login exchanges a code of alice, and returns both tokens.
func login(t *testing.T, s *site, server *stage.Sidecar, c stage.Client, code string) (access, refresh string) {
	t.Helper()
	s.Put("code", code, c, stage.Row{})
	a := server.Redeem(c, code)
	a.WantTokens(t, "profile email")
	return a.Member("access_token"), a.Member("refresh_token")
}

// ago lets the access tokens that begin alike be issued earlier.
func (s *site) ago(prefix, interval string) {
	s.t.Helper()
	s.Exec("UPDATE {}moos_oauth_access_tokens SET expires = expires - INTERVAL " + interval + " WHERE access_token LIKE '" + prefix + "%'")
}

// TestRevokeGrant: two grants of one user at one client, one of them refreshed and revoked.
// Its access tokens are over at once, the other's live, and so do those that PHP issued.
func TestRevokeGrant(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site, server *stage.Sidecar) {
		for _, c := range []stage.Client{s.app, s.pub} {
			s.Put("refresh", "php's refresh "+c.ID, c, stage.Row{})
			s.Put("access", "php's access "+c.ID, c, stage.Row{})
			first, refresh := login(t, s, server, c, "c1 "+c.ID)
			other, otherRefresh := login(t, s, server, c, "c2 "+c.ID)
			a := server.Refresh(c, refresh)
			second, last := a.Member("access_token"), a.Member("refresh_token")
			if first[:20] != refresh[:20] || second[:20] != first[:20] || last[:20] != first[:20] || other[:20] == first[:20] {
				t.Error("the tokens of a grant do not begin alike, or those of two do")
			}

			server.Post(append(stage.Credentials(c), "token", last[:20]+strings.Repeat("0", 32))...).WantRevoked(t)
			s.WantRow("access", first, true) // a guess ends nothing
			server.Redeem(c, last).WantError(t, http.StatusBadRequest, "invalid_grant")
			s.WantRow("refresh", last, true) // nor does a refresh token in the place of a code

			server.Post(append(stage.Credentials(c), "token", last)...).WantRevoked(t)
			for _, token := range []string{first, second} {
				s.WantRow("access", token, false)
			}
			server.Refresh(c, last).WantError(t, http.StatusBadRequest, "invalid_grant")
			s.WantRow("access", other, true)
			server.Refresh(c, otherRefresh).WantTokens(t, "profile email")

			// What PHP's refresh token has given here ends with it; what PHP gave stays.
			ours := server.Refresh(c, "php's refresh "+c.ID)
			server.Post(append(stage.Credentials(c), "token", ours.Member("refresh_token"))...).WantRevoked(t)
			s.WantRow("access", ours.Member("access_token"), false)
			s.WantRow("access", "php's access "+c.ID, true)
			s.WantRow("access", other, true)
		}
	})
}

// TestReplayedCode: a second use of a code ends what the first has given, unless it may
// have been an accident.
func TestReplayedCode(t *testing.T) {
	onBoth(t, func(t *testing.T, s *site, server *stage.Sidecar) {
		for ago, ends := range map[string]bool{"0 SECOND": false, "11 SECOND": true, "9 MINUTE": true, "11 MINUTE": false, "1 DAY": false} {
			for _, c := range []stage.Client{s.app, s.pub} {
				code := ago + " " + c.ID
				other, _ := login(t, s, server, c, "other "+code)
				access, refresh := login(t, s, server, c, code)
				s.ago(access[:20], ago)
				last := server.Refresh(c, refresh).Member("refresh_token")
				for range 2 {
					server.Redeem(c, code).WantError(t, http.StatusBadRequest, "invalid_grant")
				}
				s.WantRow("access", access, !ends)
				s.WantRow("refresh", last, !ends)
				s.WantRow("access", other, true)
			}
		}
		wrong := stage.Client{ID: s.app.ID, Secret: "wrong"}
		access, _ := login(t, s, server, s.app, "guarded")
		s.ago(access[:20], "1 MINUTE")
		server.Redeem(wrong, "guarded").WantError(t, http.StatusBadRequest, "invalid_client")
		server.Redeem(s.hs, "guarded").WantError(t, http.StatusBadRequest, "invalid_grant")
		s.WantRow("access", access, true)
		judgeReplayedCodes(t, server, access)
	})
}

// judgeReplayedCodes: each replay is in the log, those that have ended something as warnings.
func judgeReplayedCodes(t *testing.T, server *stage.Sidecar, secrets ...string) {
	t.Helper()
	server.Stop()
	counts := map[string]int{}
	for _, line := range requestLines(server, "text") {
		switch {
		case strings.Contains(line, "reason=code_replayed") && strings.Contains(line, "user_id=2 used_ago_ms="):
			counts[map[bool]string{true: "ended", false: "kept"}[strings.Contains(line, "level=WARN") && strings.Contains(line, "were ended")]]++
		case strings.Contains(line, " replay="):
			t.Errorf("another replay: %s", line)
		case strings.Contains(line, "reason=code_unknown"):
			counts["unknown"]++
		}
	}
	if counts["ended"] != 4 || counts["kept"] != 12 || counts["unknown"] != 4+1 {
		t.Errorf("of replays 4 should have ended something and 12 nothing, 5 were of codes of which nothing is there: %v", counts)
	}
	judgeLog(t, server.Stderr.String(), secrets)
}
