package store_test

import (
	"context"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// TestIssueTogetherLeft: the client of the request that runs the statement leaves while
// it waits for a connection. The tokens of the others are stored by this statement.
func TestIssueTogetherLeft(t *testing.T) {
	s := newSite(t, database).reopen(func(c *wpdb.Config) { c.MaxConnections = 1 })
	conn, err := s.DB.SQL.Conn(t.Context()) // takes the only connection
	if err != nil {
		t.Fatal(err)
	}
	outcome := s.LetWait("other1", "other2")
	ctx, leave := context.WithTimeout(t.Context(), patience)
	led := make(chan error, 1)
	go func() { led <- s.Issue(ctx, oauth.Token{Kind: oauth.AccessToken, Value: "leader"}) }()
	eventually(t, "the statement is on its way", func() bool { return !s.Waits() })
	leave()
	time.Sleep(200 * time.Millisecond) // time to notice
	conn.Close()
	for _, err := range []error{outcome(0), outcome(1), <-led} {
		if err != nil {
			t.Error(err)
		}
	}
	if n := s.Count("access_tokens"); n != 3 {
		t.Errorf("%d tokens are stored, want 3", n)
	}
}
