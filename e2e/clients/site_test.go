package clients_test

import (
	"testing"

	"moserver-sidecar/e2e/stage"
)

// oddSecret has whatever clients encode in different ways, as far as all of
// them can send it: simple-oauth2 refuses what is not ASCII.
const oddSecret = `a:b c+d&e=f%g"h'i/j\k`

// site is a WordPress with one client and one user who uses it.
type site struct {
	*stage.WordPress
	t     testing.TB
	app   stage.Client
	alice int
}

func newSite(t testing.TB, flags ...string) *site {
	t.Helper()
	s := &site{WordPress: stage.StartWordPress(t, binary, stage.WordPressOptions{Flags: flags}), t: t}
	s.alice = s.AddUser("alice")
	s.app = s.AddClient(stage.Client{Name: "App", Redirect: "https://client.example.com/callback"})
	s.setSecret(oddSecret)
	return s
}

// setSecret gives the client another secret, as an administrator does.
func (s *site) setSecret(secret string) {
	s.t.Helper()
	s.PHP("set_secret", stage.Args{"client_id": s.app.ID, "name": s.app.Name, "secret": secret}, nil)
	s.app.Secret = secret
}

// grant gives the client a refresh token of alice.
func (s *site) grant(token string) string {
	s.t.Helper()
	s.Put("refresh", token, s.app, stage.Row{User: s.alice})
	return token
}
