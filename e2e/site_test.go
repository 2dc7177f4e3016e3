package e2e_test

import (
	"encoding/json"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// fixtures is testdata/contract/fixtures.json.
type fixtures struct {
	Comment    string
	Clients    map[string]stage.Client
	PublicKey  string `json:"public_key"`
	PrivateKey string `json:"private_key"`
}

func readFixtures(t testing.TB) fixtures {
	t.Helper()
	var f fixtures
	if err := json.Unmarshal([]byte(stage.ReadFile(t, "testdata/contract/fixtures.json")), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// site is a stage.Site with the clients of the fixtures.
type site struct {
	*stage.Site
	t testing.TB

	app, odd, pub, hs stage.Client // confidential, with an odd secret, public, another
}

// account makes an account whose privileges and limits count, and has the
// sidecar use it.
func (s *site) account(limit string) {
	s.t.Helper()
	s.Account("wp", stage.DBPassword)
	if limit != "" {
		s.Exec("ALTER USER wp@localhost " + limit)
	}
	s.WPConfig = stage.WriteWPConfig(s.t, s.Server, s.Prefix, "wp", stage.DBPassword)
}

// accessTokens are those that the site has.
func (s *site) accessTokens() map[string]bool {
	s.t.Helper()
	stored := map[string]bool{}
	for _, token := range s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens") {
		stored[token] = true
	}
	return stored
}

// newSite makes a site with the clients of the fixtures.
func newSite(t testing.TB, server *sandbox.Server) *site {
	t.Helper()
	s := &site{Site: stage.NewSite(t, binary, server, ""), t: t}
	f := readFixtures(t)
	for _, c := range f.Clients {
		s.PutClient(c)
		s.PutKey(c, f.PublicKey, f.PrivateKey)
	}
	s.app, s.odd, s.pub, s.hs = f.Clients["app"], f.Clients["odd"], f.Clients["pub"], f.Clients["hs"]
	return s
}
