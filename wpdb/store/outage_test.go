package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
)

// ledger is what callers were told.
type ledger struct {
	mu           sync.Mutex
	acknowledged []string // access tokens whose storing returned nil
	errors       []error
}

func (l *ledger) note(token string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.acknowledged = append(l.acknowledged, token)
	} else {
		l.errors = append(l.errors, err)
	}
}

// load redeems codes of its own and issues tokens, from several goroutines,
// each for so many rounds. The ledger is complete when wait returns.
func (s *site) load(ctx context.Context, rounds int) (l *ledger, wait func()) {
	const workers = 6
	for i := range workers {
		for round := range rounds {
			s.putCode(fmt.Sprintf("c%d-%d", i, round))
		}
	}
	l = &ledger{}
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			for round := range rounds {
				name := fmt.Sprintf("%d-%d", i, round)
				code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c" + name}
				l.note("a"+name, s.Redeem(ctx, code, pair(name)...))
				l.note("b"+name, s.Issue(ctx, newToken(oauth.AccessToken, "b"+name)))
			}
		})
	}
	return l, group.Wait
}

// checkLedger compares the ledger with the table: nothing that was promised is
// missing, at most so many tokens are there twice, and nobody was told that a grant is
// not there.
func (s *site) checkLedger(l *ledger, twice int) {
	s.T.Helper()
	stored := s.Strings("SELECT access_token FROM {}moos_oauth_access_tokens ORDER BY access_token")
	for _, token := range l.acknowledged {
		if !slices.Contains(stored, token) {
			s.T.Errorf("the token %s was acknowledged and is not stored", token)
		}
	}
	if unique := slices.Compact(slices.Clone(stored)); len(stored)-len(unique) > twice {
		s.T.Errorf("%d tokens are stored more than once, not %d", len(stored)-len(unique), twice)
	}
	for _, err := range l.errors {
		if errors.Is(err, oauth.ErrNotFound) || !errors.Is(err, oauth.ErrUnavailable) {
			s.T.Errorf("a caller was told: %v", err)
		}
	}
}

// The server dies with transactions on their way and comes back a second
// later: requests that have the time for it notice nothing.
func TestServerDies(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	s := newSite(t, server)
	var log lockedBuffer
	s.Store = openLogged(t, s.DB.Config, &log)
	ledger, wait := s.load(within(t, 2*patience), 30)
	eventually(t, "half of the codes are taken", func() bool { return s.Count("authorization_codes") < 90 })
	server.Kill()
	time.Sleep(time.Second) // the outage
	if err := server.Run(within(t, patience)); err != nil {
		t.Fatal(err)
	}
	wait()
	s.checkLedger(ledger, 0)
	for _, err := range ledger.errors {
		t.Errorf("a caller had time and was told: %v", err)
	}
	// A line for the outage and one for its end, not one for each attempt.
	eventually(t, "the end is in the log", func() bool { return strings.Contains(log.String(), "available again") })
	for _, line := range []string{"the database is not available", "the database is available again"} {
		if n := strings.Count(log.String(), line); n != 1 {
			t.Errorf("%q is in the log %d times:\n%s", line, n, log.String())
		}
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is the log so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// openLogged opens a store that logs into a buffer.
func openLogged(t *testing.T, c wpdb.Config, log io.Writer) *store.Store {
	t.Helper()
	db, err := wpdb.Open(c, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	opened := store.New(db)
	t.Cleanup(func() { opened.Close() })
	return opened
}

// An administrator, or a load balancer, ends connections and statements at any
// moment, the one after the COMMIT was done and before it was answered
// included.
func TestKilledConnections(t *testing.T) {
	for _, kill := range []string{"KILL", "KILL QUERY"} {
		t.Run(kill, func(t *testing.T) {
			s := newSite(t, database).reopen(func(c *wpdb.Config) { c.User = "sidecar" })
			ledger, wait := s.load(within(t, 2*patience), 40)
			kills, done := 0, make(chan struct{})
			go func() { wait(); close(done) }()
			for running := true; running; {
				for _, id := range s.Ints("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'sidecar' ORDER BY RAND() LIMIT 1") {
					if _, err := s.Root.Exec(fmt.Sprint(kill, " ", id)); err == nil {
						kills++
					}
				}
				select {
				case <-done:
					running = false
				case <-time.After(5 * time.Millisecond):
				}
			}
			// A killed INSERT may come to the table after the look for it.
			s.checkLedger(ledger, kills/50)
			for _, err := range ledger.errors {
				t.Errorf("a caller was told: %v", err)
			}
			if kills == 0 {
				t.Error("no connection was killed")
			}
		})
	}
}

// A request that ends before the outage does is told so, and nothing else.
func TestOutageWithDeadline(t *testing.T) {
	s := newSite(t, database)
	p := s.putCode("c1")
	away := s.reopen(func(c *wpdb.Config) { c.Address = filepath.Join(database.Dir, "no.sock") })
	short := func() context.Context { return within(t, 100*time.Millisecond) }
	revoke := func(reach oauth.Reach) error {
		_, err := away.Revoke(short(), oauth.Revocation{Presented: p, ClientID: clientID, AccessTokens: reach})
		return err
	}
	_, findErr := away.Find(short(), clientID, p)
	_, rotationErr := away.FindRotation(short(), "r1")
	_, publicErr := away.PublicClients(short())
	for what, err := range map[string]error{
		"PublicClients":     publicErr,
		"Find":              findErr,
		"Issue":             away.Issue(short(), pair("1")[0]),
		"Issue of two":      away.Issue(short(), pair("1")...),
		"Redeem":            away.Redeem(short(), p, pair("1")...),
		"FindRotation":      rotationErr,
		"Revoke":            revoke(oauth.ReachNone),
		"Revoke of a grant": revoke(oauth.ReachGrant),
		"Ready":             away.Ready(short()),
	} {
		if !errors.Is(err, oauth.ErrUnavailable) || errors.Is(err, oauth.ErrNotFound) {
			t.Errorf("%s returned %v", what, err)
		}
	}
}

// Ready tells a database without the plugin's tables from one that serves.
func TestNotReady(t *testing.T) {
	s := newSite(t, database)
	s.Exec("DROP TABLE {}moos_oauth_refresh_tokens")
	if err := s.Ready(within(t, patience)); !errors.Is(err, oauth.ErrUnavailable) || !strings.Contains(err.Error(), s.SQL("{}moos_oauth_refresh_tokens")) {
		t.Errorf("Ready returned %v", err)
	}
}

// All places are taken: that is no reason to refuse, it passes.
func TestTooManyConnections(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Args: []string{"--max-connections=10"}})
	s := newSite(t, server)
	p := s.putCode("c1")
	var taken []func() error
	eventually(t, "the server refuses connections", func() bool {
		conn, err := s.Root.DB.Conn(within(t, patience))
		if err == nil {
			taken = append(taken, conn.Close)
		}
		return err != nil
	})
	_, err := s.Find(within(t, 100*time.Millisecond), clientID, p)
	if !errors.Is(err, oauth.ErrUnavailable) || !strings.Contains(err.Error(), "1040") {
		t.Errorf("Find returned %v", err)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		s.Root.SetMaxIdleConns(0)
		for _, give := range taken {
			give()
		}
	})
	if s.find(clientID, p).Grant == nil {
		t.Error("the code is not found")
	}
}
