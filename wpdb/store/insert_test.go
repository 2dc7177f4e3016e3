package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// issueAtOnce stores n access tokens at the same time, from t1 on, and returns
// what became of each.
func (s *site) issueAtOnce(n int) []error {
	s.T.Helper()
	outcomes := make([]error, n)
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			outcomes[i] = s.Issue(within(s.T, patience), oauth.Token{
				Kind: oauth.AccessToken, Value: fmt.Sprintf("t%d", i+1), ClientID: clientID, UserID: int64(i + 1),
				Expires: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), Scope: oauth.Scope{"email"},
			})
		})
	}
	done.Wait()
	return outcomes
}

// wantIssued checks that each of n tokens is there once, with its own values.
func (s *site) wantIssued(n int) {
	s.T.Helper()
	rows := s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens WHERE access_token = CONCAT('t', user_id) " +
		"AND client_id = '" + clientID + "' AND expires = '2030-01-01' AND scope = 'email'")
	there := map[string]int{}
	for _, token := range rows {
		there[token]++
	}
	if len(rows) != n || len(there) != n {
		s.T.Errorf("of %d tokens %d are there, in %d rows", n, len(there), len(rows))
	}
}

// TestIssueTogether: tokens of many requests share statements.
func TestIssueTogether(t *testing.T) {
	const n = 400
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	commands := s.commands(func() {
		for _, err := range s.issueAtOnce(n) {
			if err != nil {
				t.Error(err)
			}
		}
	})
	inserts := 0
	for _, c := range commands {
		if c == "INSERT" {
			inserts++
		}
	}
	if inserts == 0 || inserts >= n {
		t.Errorf("%d statements for %d tokens", inserts, n)
	}
	s.wantIssued(n)
}

// TestIssueTogetherRefused: a token that the database refuses takes no other with
// it.
func TestIssueTogetherRefused(t *testing.T) {
	const n, refused = 60, 30
	s := newSite(t, database)
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD UNIQUE (access_token(64))")
	s.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_access_tokens (access_token) VALUES ('t%d')", refused))
	for i, err := range s.issueAtOnce(n) {
		if (err != nil) != (i+1 == refused) {
			t.Errorf("token %d: %v", i+1, err)
		}
	}
	s.wantIssued(n - 1)
}

// TestIssueTogetherHeldUp: tokens whose statements are held up neither are lost nor
// come twice, and one whose request has ended says so.
func TestIssueTogetherHeldUp(t *testing.T) {
	const n = 40
	s := newSite(t, database)
	holder := s.Session()
	s.On(holder, "LOCK TABLES {}moos_oauth_access_tokens WRITE")
	late := make(chan error, 1)
	time.AfterFunc(100*time.Millisecond, func() {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		late <- s.Issue(ctx, oauth.Token{Kind: oauth.AccessToken, Value: "late", ClientID: clientID})
	})
	time.AfterFunc(500*time.Millisecond, func() { s.On(holder, "UNLOCK TABLES") })
	for _, err := range s.issueAtOnce(n) {
		if err != nil {
			t.Error(err)
		}
	}
	s.wantIssued(n)
	err := <-late
	if there := len(s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens WHERE access_token = 'late'")); (err == nil) != (there == 1) {
		t.Errorf("the late token: %v, in %d rows", err, there)
	}
}
