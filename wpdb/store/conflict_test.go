package store_test

import (
	"context"
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"strings"
	"testing"
	"time"
)

// redeemAside redeems a code for pair("1") and gives the outcome to a channel.
func (s *site) redeemAside(code oauth.Presented) <-chan error {
	outcome := make(chan error, 1)
	go func() { outcome <- s.Redeem(within(s.T, patience), code, pair("1")...) }()
	return outcome
}

// deadlocks is how many the server has ended.
func (s *site) deadlocks() int {
	s.T.Helper()
	return s.Ints("SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'lock_deadlocks'")[0]
}

// Somebody else holds the code for a moment, and lets it go or takes it.
func TestLockedCode(t *testing.T) {
	for end, want := range map[string]error{"ROLLBACK": nil, "COMMIT": oauth.ErrNotFound} {
		t.Run(end, func(t *testing.T) {
			s := newSite(t, database)
			code := s.putCode("c1")
			other := s.Session()
			s.On(other, "BEGIN", "DELETE FROM {}moos_oauth_authorization_codes WHERE authorization_code = 'c1'")
			outcome := s.redeemAside(code)
			s.AwaitLock()
			time.Sleep(300 * time.Millisecond) // it goes on waiting
			s.On(other, end)
			if err := <-outcome; !errors.Is(err, want) {
				t.Errorf("Redeem returned %v, want %v", err, want)
			}
			if n := s.Count("access_tokens"); n != map[bool]int{true: 1}[want == nil] {
				t.Errorf("%d access tokens are stored", n)
			}
		})
	}
}

// The server ends a deadlock by rolling one of the transactions back. Here it
// is the store's, because the other one has changed more.
func TestDeadlock(t *testing.T) {
	s := newSite(t, database)
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token) VALUES ('there')")
	code := s.putCode("c1")
	before := s.deadlocks()
	other := s.Session()
	s.On(other, "BEGIN",
		"INSERT INTO {}moos_oauth_scopes (scope) WITH RECURSIVE seq (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM seq WHERE n < 500) SELECT n FROM seq",
		"SELECT * FROM {}moos_oauth_access_tokens FOR UPDATE") // keeps the store's INSERT out
	outcome := s.redeemAside(code)
	s.AwaitLock()
	// The store's transaction has the code and waits for this one.
	s.On(other, "DELETE FROM {}moos_oauth_authorization_codes WHERE authorization_code = 'c1'", "ROLLBACK")
	if err := <-outcome; err != nil {
		t.Errorf("Redeem returned %v", err)
	}
	s.Exec("DELETE FROM {}moos_oauth_access_tokens WHERE access_token = 'there'")
	s.checkPair("1")
	if s.deadlocks() == before {
		t.Error("there was no deadlock")
	}
}

// During a fail-over a server is read-only for a while.
func TestReadOnly(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	root := newSite(t, server)
	s := storeOn(root.As("wp"))
	code := root.putCode("c1")
	root.Exec("SET GLOBAL read_only = 1")
	if s.find(clientID, code).Grant == nil {
		t.Error("a read-only server is not read")
	}
	before := root.Status("Connections")
	for what, err := range map[string]error{
		"Redeem": s.Redeem(within(t, 100*time.Millisecond), code, pair("0")...),
		"Issue":  s.Issue(within(t, 100*time.Millisecond), pair("0")[0]),
	} {
		if !errors.Is(err, oauth.ErrUnavailable) || errors.Is(err, oauth.ErrNotFound) {
			t.Errorf("%s returned %v", what, err)
		}
	}
	if root.Status("Connections") < before+2 {
		t.Error("the store stays with its connection; a new one may lead to the new primary")
	}
	outcome := s.redeemAside(code)
	time.Sleep(100 * time.Millisecond) // it goes on trying
	root.Exec("SET GLOBAL read_only = 0")
	if err := <-outcome; err != nil {
		t.Errorf("Redeem returned %v", err)
	}
	root.checkPair("1")
}

// The server's messages quote values: "Duplicate entry 'the token' for key". No
// error that leaves the store may repeat one.
func TestErrorsTellNoValues(t *testing.T) {
	const secret = "5ecre7-va1ue"
	s := newSite(t, database)
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD UNIQUE (access_token)")
	issued := newToken(oauth.AccessToken, secret)
	if err := s.Issue(within(t, patience), issued); err != nil {
		t.Fatal(err)
	}
	broken := s.reopen(func(c *wpdb.Config) { c.Prefix = "missing_" })
	denied := s.reopen(func(c *wpdb.Config) { c.Password, c.Address = secret, "/nowhere/db.sock" })
	code := s.putCode(secret)
	_, findErr := broken.Find(within(t, patience), clientID, code)
	for what, err := range map[string]error{
		"a token that is there": s.Issue(within(t, patience), issued),
		"a pair of them":        s.Redeem(within(t, patience), code, issued, newToken(oauth.RefreshToken, secret)),
		"no table":              broken.Issue(within(t, patience), issued),
		"no table to look in":   findErr,
		"no table to take from": broken.Redeem(within(t, patience), code, issued),
		"no server":             denied.Issue(within(t, 50*time.Millisecond), issued),
		"a long token":          s.Issue(within(t, patience), newToken(oauth.AccessToken, strings.Repeat(secret, 30))),
	} {
		if err == nil || errors.Is(err, oauth.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		} else if strings.Contains(fmt.Sprintf("%+v %#v", err, err), secret) || strings.Contains(err.Error(), clientID) {
			t.Errorf("%s: the error repeats a value: %v", what, err)
		}
	}
}

// A request that is cancelled is neither an outage nor a dead grant.
func TestCancelled(t *testing.T) {
	for _, newSite := range []makeSite{newSite, newMigratedSite} {
		s := newSite(t, database)
		code := s.putCode("c1")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := s.Redeem(ctx, code, pair("1")...); !errors.Is(err, context.Canceled) {
			t.Errorf("Redeem returned %v", err)
		}
		if s.find(clientID, code).Grant == nil {
			t.Error("the code is gone")
		}
	}
}

// A request that ends while its transaction waits gets its tokens all the same:
// the write is finished, not given up half-way.
func TestDeadlineDuringWrite(t *testing.T) {
	s := newSite(t, database)
	code := s.putCode("c1")
	other := s.Session()
	s.On(other, "BEGIN", "SELECT * FROM {}moos_oauth_authorization_codes FOR UPDATE")
	ctx, cancel := context.WithCancel(context.Background())
	outcome := make(chan error, 1)
	go func() { outcome <- s.Redeem(ctx, code, pair("1")...) }()
	s.AwaitLock()
	cancel()
	s.On(other, "ROLLBACK")
	if err := <-outcome; err != nil {
		t.Errorf("Redeem returned %v", err)
	}
	s.checkPair("1")
}
