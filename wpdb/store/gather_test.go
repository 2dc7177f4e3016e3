package store

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// letWait lets access tokens wait for the next statement that stores some, as those do
// that come in the moment before it is made. Each gets its outcome from there.
func (q *gathering) letWait(values ...string) (outcomes []chan error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, value := range values {
		g := &gathered{oauth.Token{Kind: oauth.AccessToken, Value: value}, make(chan error, 1)}
		q.waiting, outcomes = append(q.waiting, g), append(outcomes, g.outcome)
	}
	return outcomes
}

func (q *gathering) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) == 0
}

// TestIssueTogetherLeft: the client of the request that runs the statement leaves while
// it waits for a connection. The tokens of the others are stored by this statement.
func TestIssueTogetherLeft(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{})
	if err := server.CreateSite(t.Context(), "wp_"); err != nil {
		t.Fatal(err)
	}
	db, err := wpdb.Open(wpdb.Config{
		Network: "unix", Address: server.Socket, User: "root", Name: server.Name(), Charset: "utf8mb4", Prefix: "wp_", MaxConnections: 1,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := New(db)
	defer s.Close()
	beside := sqlx.MustOpen("mysql", server.DSN(""))
	defer beside.Close()

	conn, err := db.SQL.Conn(t.Context()) // takes the only connection
	if err != nil {
		t.Fatal(err)
	}
	outcomes := s.gathering.letWait("other1", "other2")
	ctx, leave := context.WithTimeout(t.Context(), 30*time.Second)
	led := make(chan error, 1)
	go func() { led <- s.Issue(ctx, oauth.Token{Kind: oauth.AccessToken, Value: "leader"}) }()
	for !s.gathering.empty() { // until the statement is on its way
		time.Sleep(time.Millisecond)
	}
	leave()
	time.Sleep(200 * time.Millisecond) // time to notice
	conn.Close()
	for _, outcome := range append(outcomes, led) {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	var n int
	if err := beside.Get(&n, "SELECT COUNT(*) FROM wp_moos_oauth_access_tokens"); err != nil || n != 3 {
		t.Errorf("%d tokens are stored, want 3; %v", n, err)
	}
}
