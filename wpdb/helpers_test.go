package wpdb_test

import (
	"context"
	"database/sql"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"testing"
	"time"
)

const (
	clientID = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	alice    = int64(2)

	// patience is the deadline of what is expected to work. It ends a test that
	// hangs and says nothing about speed.
	patience = 30 * time.Second
)

// reopen opens another store on the same tables, as a second process would.
func (s *site) reopen(change func(*wpdb.Config)) *site {
	s.t.Helper()
	c := s.config
	change(&c)
	return openSite(s.t, s.server, c)
}

// sameConfig is for reopen.
func sameConfig(*wpdb.Config) {}

// find calls Find, which must not fail.
func (s *site) find(id string, p oauth.Presented) oauth.Facts {
	s.t.Helper()
	facts, err := s.Find(within(s.t, patience), id, p)
	if err != nil {
		s.t.Fatalf("Find(%q, %v): %v", id, p, err)
	}
	return facts
}

// column is the first column of a query that {} is replaced in.
func column[T any](s *site, query string, args ...any) []T {
	s.t.Helper()
	var values []T
	if err := s.db.Select(&values, s.sql(query), args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return values
}

// count is the number of rows of a table of the plugin.
func (s *site) count(table string) int {
	s.t.Helper()
	return column[int](s, "SELECT COUNT(*) FROM {}moos_oauth_"+table)[0]
}

// putCode stores a code as PHP does at /authorize.
func (s *site) putCode(value string) oauth.Presented {
	s.t.Helper()
	p := oauth.Presented{Kind: oauth.AuthorizationCode, Value: value}
	s.PutGrant(p, oauth.Grant{ClientID: clientID, UserID: alice, Expires: inAnHour(), Scope: oauth.Scope{"email"}})
	return p
}

// session is a single connection beside the store, for what needs one:
// transactions and locks of somebody else.
func (s *site) session() *sql.Conn {
	s.t.Helper()
	conn, err := s.db.DB.Conn(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

// on runs statements on one connection.
func (s *site) on(conn *sql.Conn, statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		if _, err := conn.ExecContext(within(s.t, patience), s.sql(statement)); err != nil {
			s.t.Fatalf("%s: %v", statement, err)
		}
	}
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
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits until condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("this has not come about: %s", what)
		}
	}
}
