package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// TestTokensList: what people and machines read, which never has a whole token.
func TestTokensList(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.tokens("list").want(t, 0, "There are none.")
	s.putTokens()
	s.Put("access", "e5cape-\x1b[2J", stage.Client{ID: "\x1b]0;title\a"}, stage.Row{User: 99, Expires: "2001-02-03 04:05:06"})
	all := s.tokens("list")
	all.want(t, 0, "4ef4e5…  "+s.app.ID+"  alice (ID 2)", "never", "2001-02-03 04:05:06 UTC", "99 (gone)", "profile email")
	if strings.Count(all.stdout, "\n") != 9 || strings.Contains(all.stdout, "-of-") || strings.Contains(all.stdout, "\x1b") {
		t.Errorf("want a line a token, and neither the rest of one nor a control character:\n%s", all.stdout)
	}
	for args, lines := range map[string]int{
		"--user alice": 6, "--user 3": 1, "--client " + s.pub.ID: 2, "--user alice --client " + s.app.ID: 4,
		"--kind refresh_token": 3, "--expired": 2, "--live": 6, "--live --kind access_token": 2,
	} {
		r := s.tokens(append([]string{"list"}, strings.Fields(args)...)...)
		if r.code != 0 || strings.Count(r.stdout, "\n") != lines+1 {
			t.Errorf("list %s: want %d tokens, got\n%s%s", args, lines, r.stdout, r.stderr)
		}
	}
	s.tokens("list", "--limit", "2").want(t, 0, "There are more than these 2")
	s.tokensWith("acce55-of-alice-for-pub-0123456789", "list", "--stdin").want(t, 0, "acce55…  "+s.pub.ID+"  alice (ID 2)")

	var list struct {
		Tokens []struct {
			Kind    string
			Prefix  string `json:"token_prefix"`
			Login   *string
			Expires *time.Time
			Live    bool
		}
		More bool
	}
	r := s.tokens("list", "--json", "--user", "alice", "--kind", "access_token", "--limit", "1")
	if err := json.Unmarshal([]byte(r.stdout), &list); err != nil || len(list.Tokens) != 1 || !list.More {
		t.Fatalf("%v: %+v\n%s", err, list, r.stdout)
	}
	if first := list.Tokens[0]; first.Kind != "access_token" || first.Prefix != "acce55" || first.Expires == nil || !first.Live {
		t.Errorf("%+v", first)
	}
}

func TestTokensCount(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.putTokens()
	var counts map[string]struct{ Live, Expired int }
	r := s.tokens("count", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &counts); err != nil {
		t.Fatalf("%v: %s", err, r.stdout)
	}
	if got := fmt.Sprint(counts); got != "map[access_token:{2 1} authorization_code:{1 0} refresh_token:{3 0}]" {
		t.Error(got)
	}
	r = s.tokens("count", "--user", "bob")
	if got := strings.Fields(r.stdout); strings.Join(got, " ") != "KIND LIVE EXPIRED authorization_code 0 0 refresh_token 1 0 access_token 0 0" {
		t.Errorf("%q", got)
	}
}

// TestTokensRevoke: what is asked, what is said, and what the server then does
// with the tokens.
func TestTokensRevoke(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.putTokens()
	server := s.Serve()
	const long = "4ef4e5h-of-alice-for-app-0123456789"
	server.Refresh(s.app, long).WantTokens(t, "profile email") // now alice has one more

	app := []string{"revoke", "--user", "alice", "--client", s.app.ID}
	said := "1 authorization code, 1 refresh token, 3 access tokens of the user alice (ID 2) for the client " + s.app.Name
	s.tokens(app...).want(t, 1, "nothing was revoked", said, "--yes")
	s.onTerminal("n", app...).want(t, 1, "Revoke "+said, "nothing was revoked")
	s.onTerminal("", app...).want(t, 1, "nothing was revoked")
	if n := s.count(); n != 8 {
		t.Fatalf("%d are left of 8", n)
	}
	s.onTerminal("y", app...).want(t, 0, "Revoke "+said, "Revoked "+said)
	if n := s.count(); n != 3 {
		t.Errorf("%d are left, want 3", n)
	}
	server.Refresh(s.app, long).WantError(t, 400, "invalid_grant")
	server.Refresh(s.app, "4ef4e5h-of-bob-for-app-0123456789").WantTokens(t, "profile email")
	s.tokens(app...).want(t, 0, "There is no code or token of the user alice", "Nothing was revoked")

	r := s.tokens("revoke", "--user", "2", "--yes", "--json")
	var done struct {
		Revoked map[string]int
		Total   int
	}
	if err := json.Unmarshal([]byte(r.stdout), &done); err != nil || done.Total != 2 || len(done.Revoked) != 3 || done.Revoked["refresh_token"] != 1 {
		t.Errorf("%v: %+v\n%s", err, done, r.stdout)
	}
	s.tokens("revoke", "--client", s.app.ID, "--yes").want(t, 0, "Revoked 1 refresh token, 1 access token for the client")
}

// TestTokensRevokeOne: a single token comes in through standard input, byte for
// byte, and never gets into what is printed.
func TestTokensRevokeOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.putTokens()
	const token = "4ef4e5h-of-alice-for-app-0123456789"
	for _, wrong := range []string{strings.ToUpper(token), token + " ", token[:8], "x"} {
		s.tokensWith(wrong, "revoke", "--stdin").want(t, 0, "There is no code or token with that value")
	}
	s.tokensWith(token, "revoke", "--stdin", "--user", "bob").want(t, 0, "There is no code or token of the user bob")
	s.WantRow("refresh", token, true)
	r := s.tokensWith(token, "revoke", "--stdin")
	r.want(t, 0, "Revoked 1 refresh token with that value.")
	if s.WantRow("refresh", token, false); s.count() != 6 || strings.Contains(r.stdout+r.stderr, token) {
		t.Errorf("%d are left of 7:\n%s", s.count(), r.stdout)
	}
	s.Exec("UPDATE {}moos_oauth_access_tokens SET access_token = 'twice'")
	s.tokensWith("twice", "revoke", "--stdin").want(t, 1, "--yes")
	s.tokensWith("twice", "revoke", "--stdin", "--yes").want(t, 0, "Revoked 3 access tokens with that value.")
}

// TestTokensMistakes: each has a sentence of its own, and nothing is revoked.
func TestTokensMistakes(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.putTokens()
	for args, sentence := range map[string]string{
		"list --user nobody":                        `no user with the ID or login "nobody"`,
		"revoke --yes --user nobody":                "no user",
		"revoke --yes --client nobody":              `no client with the id "nobody"`,
		"revoke --yes --user= --client " + s.app.ID: "not be empty",
		"revoke --yes --client= --user alice":       "not be empty",
		"revoke --yes":                              "say what to revoke",
		"revoke --stdin":                            "is not a token",
		"revoke --user alice --kind access_token":   "unknown flag --kind",
		"list --live --expired":                     "exclude each other",
		"list --limit 0":                            "--limit must be",
		"list --kind token":                         "--kind must be",
		"purge":                                     "unknown command purge",
		"list alice":                                "flags only",
		"count --db-name nowhere":                   "no database",
	} {
		wantFailure(t, s.tokens(strings.Fields(args)...), sentence)
	}
	wantFailure(t, s.tokens("revoke", "--yes", "--client", s.app.Name), "whose id is "+s.app.ID)
	if n := s.count(); n != 7 {
		t.Errorf("%d are left of 7", n)
	}
	wantHelp(t, []string{"tokens"}, "tokens revoke", "--stdin", "--yes", "Exit status")
	wantHelp(t, []string{"tokens", "revoke", "--help"}, "tokens revoke")
}

// TestTokensMany: a long revocation shows how far it is; one that is stopped has
// done whole batches and says how many, and the next one does the rest.
func TestTokensMany(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	fill := "INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, user_id) SELECT LPAD(seq, 32, '0'), ?, 2 FROM "
	s.Exec(fill+sandbox.Numbers(3000)+" AS numbers", s.app.ID)
	s.onTerminal("", "revoke", "--user", "alice", "--yes").want(t, 0, "Revoked 3000 access tokens")

	const inOrder = " ORDER BY seq" // so that the row which is held comes last, in the third batch
	s.Exec(fill+sandbox.Numbers(1200)+" AS numbers"+inOrder, s.app.ID)
	// With many others the index is worth its while.
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, user_id) SELECT SHA2(seq, 256), ?, 3 FROM "+sandbox.Numbers(20000)+" AS numbers", s.app.ID)
	s.Exec("CREATE INDEX token ON {}moos_oauth_access_tokens (access_token(64))")
	letGo := s.hold(fmt.Sprintf("%032d", 1200))
	p := stage.Start(t, nil, binary, s.tokensArgs([]string{"revoke", "--user", "alice", "--yes"})...)
	stage.Eventually(t, stage.Patience, "two batches are gone and the third waits", func() bool { return s.count() == 20200 })
	p.Signal(syscall.SIGTERM)
	ended(p).want(t, 1, "stopped half-way, after revoking 1000 access tokens")
	letGo()
	s.tokens("revoke", "--user", "alice", "--yes").want(t, 0, "Revoked 200 access tokens")

	s.Exec(fill+sandbox.Numbers(1200)+" AS numbers"+inOrder, s.app.ID)
	letGo = s.hold(fmt.Sprintf("%032d", 1200))
	p = s.startOnTerminal("", "revoke", "--user", "alice", "--yes")
	stage.Eventually(t, stage.Patience, "progress on the terminal", func() bool { return strings.Contains(p.Stdout.String(), "1000 of 1200") })
	letGo()
	ended(p).want(t, 0, "Revoked 1200 access tokens")
}

// hold keeps others from an access token, as a transaction does that takes it
// away, until it lets go.
func (s *site) hold(token string) (letGo func()) {
	s.t.Helper()
	php, err := s.Root.Begin()
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := php.Exec("DELETE FROM "+s.Prefix+"moos_oauth_access_tokens WHERE access_token = ?", token); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		if err := php.Rollback(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestTokensRevokeRotated: a refresh token that was replaced ends what it stands
// for, however often that was, and it does not come back.
func TestTokensRevokeRotated(t *testing.T) {
	t.Parallel()
	s := newRotatingSite(t, database)
	server := s.Serve()
	s.Put("refresh", "leaked", s.pub, stage.Row{})
	current := rotated(t, server, s.pub, rotated(t, server, s.pub, "leaked"))
	s.tokensWith("leaked", "list", "--stdin").want(t, 0, "…"+current[20:26]+"…")
	s.tokensWith("leaked", "revoke", "--stdin").want(t, 0, "Revoked 1 refresh token (the successor of the one you gave).")
	for _, token := range []string{"leaked", current} {
		server.Refresh(s.pub, token).WantError(t, http.StatusBadRequest, "invalid_grant")
	}
}
