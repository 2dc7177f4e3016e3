package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// whoUses is a client in what clients and tokens count --by client print with --json.
type whoUses struct {
	ID        string `json:"client_id"`
	Name      string `json:"client_name"`
	Tokens    map[string]int
	Users     int
	Newest    *time.Time `json:"newest_access_token_expires"`
	Public    bool
	Algorithm string
	KeyBits   *int     `json:"key_bits"`
	Redirects []string `json:"redirect_uris"`
	Blog      *int
}

// whoUses runs a command with --json, and finds a client by its id.
func (s *site) whoUses(args ...string) map[string]whoUses {
	s.t.Helper()
	r := command(s.t, nil, append(args, "--json", "--wp-config", s.WPConfig)...)
	var list struct{ Clients []whoUses }
	decoder := json.NewDecoder(strings.NewReader(r.stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil || r.code != 0 || r.stderr != "" {
		s.t.Fatalf("%q: %v: %+v", args, err, r)
	}
	found := map[string]whoUses{}
	for _, c := range list.Clients {
		found[c.ID] = c
	}
	if len(found) != len(list.Clients) {
		s.t.Errorf("%q: a client is there twice: %s", args, r.stdout)
	}
	return found
}

// want compares the counts of a client: codes, refresh tokens, access tokens, users.
func (c whoUses) want(t *testing.T, codes, refresh, access, users int) {
	t.Helper()
	got := []int{c.Tokens["authorization_code"], c.Tokens["refresh_token"], c.Tokens["access_token"], c.Users}
	for i, n := range []int{codes, refresh, access, users} {
		if got[i] != n {
			t.Errorf("%q: counted %d, want %d, %d, %d, %d", c.ID, got, codes, refresh, access, users)
			return
		}
	}
}

// TestWhoUses: clients and tokens count --by client tell what each client has that is
// live, and no secret.
func TestWhoUses(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.wantSuccess("There are none.", "tokens", "count", "--by", "client")
	s.putTokens()
	gone := stage.Client{ID: "\x1bgone"}
	s.Put("refresh", "of-gone", gone, stage.Row{User: 99})
	s.Put("access", "newest", s.pub, stage.Row{User: sandbox.Bob, Expires: "2036-05-04 03:02:01"})
	s.Put("access", "of-none", stage.Client{}, stage.Row{Expires: "2036-05-04 03:02:00"})
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, expires) SELECT 'of-null', expires FROM {}moos_oauth_access_tokens WHERE access_token = 'of-none'")
	s.Put("access", "in other letters", stage.Client{ID: strings.ToUpper(s.pub.ID)}, stage.Row{Expires: "2036-05-04 03:02:00"})

	for _, changed := range []bool{false, true} { // without indexes, and with them
		uses := s.whoUses("tokens", "count", "--by", "client")
		uses[s.pub.ID].want(t, 0, 1, 2, 2)
		uses[gone.ID].want(t, 0, 1, 0, 1)
		uses[""].want(t, 0, 0, 2, 1)
		uses[strings.ToUpper(s.pub.ID)].want(t, 0, 0, 1, 1)
		if c := uses[s.pub.ID]; c.Name != s.pub.Name || c.Newest == nil || !c.Newest.Equal(time.Date(2036, 5, 4, 3, 2, 1, 0, time.UTC)) || uses[gone.ID].Newest != nil {
			t.Errorf("%+v", uses)
		}
		if !changed {
			s.wantSuccess("ok: ", "migrate")
		}
	}
	app := s.whoUses("tokens", "count", "--by", "client", "--client", s.app.ID)
	if len(app) != 1 {
		t.Errorf("--client: %+v", app)
	}
	expired, bobs := s.whoUses("tokens", "count", "--by", "client", "--expired"), s.whoUses("tokens", "count", "--by", "client", "--user", "bob", "--kind", "refresh_token")
	expired[s.app.ID].want(t, 0, 0, 1, 1)
	bobs[s.app.ID].want(t, 0, 1, 0, 1)
	people := s.wantSuccess("(gone)", "tokens", "count", "--by", "client")
	if strings.Contains(people.stdout, "\x1b") || !strings.Contains(people.stdout, "2036-05-04 03:02:01 UTC") {
		t.Errorf("%q", people.stdout)
	}

	clients := s.whoUses("clients")
	if len(clients) != len(s.Strings("SELECT client_id FROM {}moos_oauth_clients")) {
		t.Errorf("%d clients", len(clients))
	}
	if c := clients[s.app.ID]; c.Public || c.Algorithm != "RS256" || c.KeyBits == nil || *c.KeyBits != 2048 || c.Redirects[0] != s.app.Redirect || c.Blog != nil {
		t.Errorf("%+v", c)
	}
	if c := clients[s.pub.ID]; !c.Public || c.Algorithm != "" || c.KeyBits != nil {
		t.Errorf("%+v", c)
	}
	clients[s.pub.ID].want(t, 0, 1, 2, 2)
	clients[s.hs.ID].want(t, 0, 0, 0, 0)
	people = s.wantSuccess("RS256, 2048 bits", "clients")
	for _, secret := range []string{s.app.Secret, "PRIVATE", s.Strings("SELECT client_secret FROM {}moos_oauth_clients WHERE client_id = ?", s.app.ID)[0]} {
		if strings.Contains(people.stdout, secret) {
			t.Error("it shows a secret")
		}
	}
	wantFailure(t, s.tokens("count", "--by", "user"), "--by must be client")
	wantFailure(t, s.tokens("list", "--by", "client"), "unknown flag --by")
}

// TestWhoUsesNetwork: the clients of all blogs are listed, each with its own; an edition
// may lack columns and the table of keys.
func TestWhoUsesNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	if err := s.Server.MakeNetwork(t.Context(), s.Prefix); err != nil {
		t.Fatal(err)
	}
	s.Exec("UPDATE {}moos_oauth_clients SET active_oauth_server_id = 3 WHERE client_id = ?", s.odd.ID)
	s.Exec("DROP TABLE {}moos_oauth_public_keys")
	clients := s.whoUses("clients", "--multisite")
	if odd, app := clients[s.odd.ID], clients[s.app.ID]; odd.Blog == nil || *odd.Blog != 3 || app.Blog == nil || *app.Blog != 1 || app.Algorithm != "HS256" {
		t.Errorf("%+v, %+v", odd, app)
	}
	s.wantSuccess("BLOG", "clients", "--multisite")
	s.Exec("ALTER TABLE {}moos_oauth_clients DROP COLUMN active_oauth_server_id, DROP COLUMN redirect_uri")
	if c := s.whoUses("clients")[s.app.ID]; c.Blog != nil || c.Redirects == nil || len(c.Redirects) > 0 {
		t.Errorf("%+v", c)
	}
}

// TestWhoUsesCost: what a count reads for want of an index is said, and no more of it
// once it is there.
func TestWhoUsesCost(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, user_id, expires) SELECT SHA2(seq, 256), ?, seq % 100, '2001-01-01' FROM "+
		sandbox.Numbers(30_000)+" AS numbers", s.app.ID)
	s.Exec("ANALYZE TABLE {}moos_oauth_access_tokens")
	for _, args := range [][]string{{"clients"}, {"tokens", "count", "--by", "client"}} {
		r := command(t, nil, append(args, "--wp-config", s.WPConfig)...)
		r.want(t, 0, "note: this reads all of "+s.Prefix+"moos_oauth_access_tokens, about ", "run: moserver-sidecar migrate --wp-config ")
	}
	s.wantSuccess("ok: ", "migrate")
	s.wantSuccess(s.app.Name, "clients")
	if c := s.whoUses("tokens", "count", "--by", "client", "--expired")[s.app.ID]; c.Users != 100 || c.Tokens["access_token"] != 30_000 {
		t.Errorf("%+v", c)
	}
}
