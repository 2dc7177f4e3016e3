package store_test

import (
	"context"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
	"testing"
	"time"
)

const (
	clientID = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	alice    = int64(2)

	patience = sandboxtest.Patience
)

// database is the private server that all tests of the package share; each test
// makes a site of its own in it.
var database *sandbox.Server

func TestMain(m *testing.M) {
	sandboxtest.Main(m, 1, func(t sandboxtest.T) { database = sandboxtest.Start(t, sandbox.Options{}) })
}

// site is a WordPress site under test: the store, and the tables beside it.
type site struct {
	*sandboxtest.Opened
	*store.Store
}

// newSite makes the tables of a site and opens a store on them.
func newSite(t sandboxtest.T, server *sandbox.Server) *site {
	t.Helper()
	return storeOn(sandboxtest.OpenNew(t, server))
}

// openSite opens a store on the tables that c names.
func openSite(t sandboxtest.T, server *sandbox.Server, c wpdb.Config) *site {
	t.Helper()
	return storeOn(sandboxtest.SiteOn(t, server, c.Prefix).Open(c))
}

// storeOn opens a store.
func storeOn(o *sandboxtest.Opened) *site {
	s := &site{o, store.New(o.DB)}
	o.T.Cleanup(func() { s.Close() })
	return s
}

// reopen opens another store on the same tables, as a second process would.
func (s *site) reopen(change func(*wpdb.Config)) *site {
	s.T.Helper()
	return storeOn(s.Reopen(change))
}

// learnIndexes looks for the indexes, which the store does by itself from time to time.
func (s *site) learnIndexes() {
	s.T.Helper()
	if _, err := s.DB.Unindexed(within(s.T, patience)); err != nil {
		s.T.Fatal(err)
	}
}

// find calls Find, which must not fail.
func (s *site) find(id string, p oauth.Presented) oauth.Facts {
	s.T.Helper()
	facts, err := s.Find(within(s.T, patience), id, p)
	if err != nil {
		s.T.Fatalf("Find(%q, %v): %v", id, p, err)
	}
	return facts
}

// putCode stores a code as PHP does at /authorize.
func (s *site) putCode(value string) oauth.Presented {
	s.T.Helper()
	p := oauth.Presented{Kind: oauth.AuthorizationCode, Value: value}
	s.PutGrant(p, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour(), Scope: oauth.Scope{"email"}})
	return p
}

func inAnHour() time.Time { return time.Now().UTC().Truncate(time.Second).Add(time.Hour) }

// newToken is a token that expires in an hour.
func newToken(kind oauth.Kind, value string) oauth.Token {
	return oauth.Token{
		Kind: kind, Value: value, ClientID: clientID, UserID: alice,
		Expires: inAnHour(), Scope: oauth.Scope{"email"},
	}
}

// pair is the tokens that a code is exchanged for.
func pair(suffix string) []oauth.Token {
	return []oauth.Token{newToken(oauth.AccessToken, "a"+suffix), newToken(oauth.RefreshToken, "r"+suffix)}
}

func refreshToken(value string) oauth.Presented {
	return oauth.Presented{Kind: oauth.RefreshToken, Value: value}
}

// within is a context that ends after d, or with the test.
func within(t sandboxtest.T, d time.Duration) context.Context { return sandboxtest.Within(t, d) }

// eventually waits until condition holds.
func eventually(t sandboxtest.T, what string, condition func() bool) {
	t.Helper()
	sandboxtest.Eventually(t, patience, what, condition)
}
