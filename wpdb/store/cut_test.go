package store_test

import (
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"testing"
)

// cuts calls test for a connection that breaks before and after a statement,
// once and three times in a row.
func cuts(t *testing.T, statements []string, test func(t *testing.T, s *site, p *sandboxtest.Proxy)) {
	t.Helper()
	cutsOn(t, newSite, (*site).through, statements, test)
}

// cutsOn is cuts on sites that are made, and reached, in a certain way.
func cutsOn(t *testing.T, newSite makeSite, through func(*site, *sandboxtest.Proxy) *site, statements []string, test func(t *testing.T, s *site, p *sandboxtest.Proxy)) {
	for _, statement := range statements {
		for _, when := range []sandboxtest.Cut{sandboxtest.BeforeStatement, sandboxtest.AfterStatement} {
			for _, times := range []int{1, 3} {
				t.Run(fmt.Sprintf("%v %s, %d times", when, statement, times), func(t *testing.T) {
					p := newProxy(t, database)
					s := through(newSite(t, database), p)
					s.learnIndexes() // which also makes a warm connection, as most have
					p.CutAt(statement, when, times)
					test(t, s, p)
					// What a write that was found done has no more statement to cut.
					if left := p.Left(); left == times {
						t.Error("the connection was never cut")
					}
				})
			}
		}
	}
}

// makeSite makes the tables of a site.
type makeSite func(sandboxtest.T, *sandbox.Server) *site

// checkPair checks that exactly the tokens of pair(suffix) are there.
func (s *site) checkPair(suffix string) {
	s.T.Helper()
	for table, want := range map[string]string{"access_token": "a" + suffix, "refresh_token": "r" + suffix} {
		got := s.Strings("SELECT " + table + " FROM {}moos_oauth_" + table + "s")
		if len(got) != 1 || got[0] != want {
			s.T.Errorf("the %ss are %q, want one, %q", table, got, want)
		}
	}
}

// Whether or not the broken connection carried the COMMIT, the code is taken
// once and the tokens are there once.
func TestCutRedeem(t *testing.T) {
	redeem := func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		code := s.putCode("c1")
		if err := s.Redeem(within(t, patience), code, pair("1")...); err != nil {
			t.Fatal(err)
		}
		s.checkPair("1")
		if n := s.Count("authorization_codes"); n != 0 {
			t.Errorf("%d codes are left", n)
		}
	}
	cuts(t, []string{"START TRANSACTION; DELETE", "INSERT"}, redeem)
	t.Run("after migrate", func(t *testing.T) {
		cutsOn(t, newMigratedSite, (*site).through, []string{"START TRANSACTION; DELETE", "INSERT"}, redeem)
	})
	t.Run("one by one", func(t *testing.T) {
		cutsOn(t, newSite, (*site).throughSingle, []string{"START TRANSACTION", "DELETE", "INSERT", "COMMIT"}, redeem)
	})
}

func TestCutIssue(t *testing.T) {
	cuts(t, []string{"INSERT"}, func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		for _, token := range pair("1") {
			if err := s.Issue(within(t, patience), token); err != nil {
				t.Fatal(err)
			}
		}
		s.checkPair("1")
	})
}

func TestCutIssueOfTwo(t *testing.T) {
	cuts(t, []string{"START TRANSACTION", "INSERT", "COMMIT"}, func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		if err := s.Issue(within(t, patience), pair("1")...); err != nil {
			t.Fatal(err)
		}
		s.checkPair("1")
	})
}

func TestCutRevoke(t *testing.T) {
	cuts(t, []string{"DELETE"}, func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		if err := s.Issue(within(t, patience), pair("1")...); err != nil {
			t.Fatal(err)
		}
		r := oauth.Revocation{Presented: refreshToken("r1"), ClientID: clientID, UserID: alice, AccessTokens: oauth.ReachAll}
		if _, err := s.Revoke(within(t, patience), r); err != nil {
			t.Fatal(err)
		}
		if n := s.Count("access_tokens") + s.Count("refresh_tokens"); n != 0 {
			t.Errorf("%d tokens are left", n)
		}
	})
}

func TestCutFind(t *testing.T) {
	cuts(t, []string{"PREPARE", "EXECUTE"}, func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		if s.find(clientID, s.putCode("c1")).Grant == nil {
			t.Error("the code is not found")
		}
	})
}

// An INSERT may still be under way when the store comes back and looks for its
// token. It then waits for its own statement, and must not store the token twice.
func TestCutWhileInserting(t *testing.T) {
	p := newProxy(t, database)
	root := newSite(t, database)
	s, other := root.through(p), root.Session()
	// The row is there, but not committed, while the trigger waits.
	root.Exec("CREATE TRIGGER {}held AFTER INSERT ON {}moos_oauth_access_tokens FOR EACH ROW DO GET_LOCK('{}held', 30)")
	root.On(other, "DO GET_LOCK('{}held', 0)")
	inserting := func() int {
		return len(root.Ints("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"))
	}
	p.During = func() { eventually(t, "the INSERT waits", func() bool { return inserting() > 0 }) }
	released := make(chan struct{})
	p.Between = func() {
		defer close(released)
		eventually(t, "the store looks for its token, or stores it again", func() bool {
			return root.Status("Innodb_row_lock_current_waits") > 0 || inserting() > 1
		})
		root.On(other, "DO RELEASE_LOCK('{}held')")
	}
	p.CutAt("INSERT", sandboxtest.DuringStatement, 1)
	if err := s.Issue(within(t, patience), pair("1")[0]); err != nil {
		t.Errorf("Issue returned %v", err)
	}
	if got := root.Strings("SELECT access_token FROM {}moos_oauth_access_tokens"); len(got) != 1 || got[0] != "a1" {
		t.Errorf("the access tokens are %q, want one, a1", got)
	}
	if p.Left() != 0 {
		t.Fatal("the connection was never cut")
	}
	<-released
}

// A COMMIT may still be under way when the store comes back and looks for its
// tokens. It then waits for its own transaction, finds the code taken, and must
// not take that for somebody else's doing.
func TestCutWhileCommitting(t *testing.T) {
	p := newProxy(t, database)
	s := newSite(t, database).through(p)
	p.Between = s.AwaitLock
	code := s.putCode("c1")
	p.CutAt("INSERT", sandboxtest.LateStatement, 1)
	if err := s.Redeem(within(t, patience), code, pair("1")...); err != nil {
		t.Errorf("Redeem returned %v", err)
	}
	s.checkPair("1")
	if p.Left() != 0 {
		t.Error("the connection was never cut")
	}
}

// A code that somebody else takes while the connection is broken is lost, and
// nothing was stored for it. The look for one's own tokens must not be fooled.
func TestCutAndOvertaken(t *testing.T) {
	p := newProxy(t, database)
	s := newSite(t, database).through(p)
	p.Between = func() { s.Exec("DELETE FROM {}moos_oauth_authorization_codes") }
	code := s.putCode("c1")
	p.CutAt("INSERT", sandboxtest.BeforeStatement, 1)
	if err := s.Redeem(within(t, patience), code, pair("1")...); !errors.Is(err, oauth.ErrNotFound) {
		t.Errorf("Redeem returned %v", err)
	}
	if n := s.Count("access_tokens") + s.Count("refresh_tokens"); n != 0 {
		t.Errorf("the loser has stored %d tokens", n)
	}
	if p.Left() != 0 {
		t.Error("the connection was never cut")
	}
}

// A password that changes while a COMMIT is in doubt: nobody must be told to begin anew
// with other settings, because the code is taken.
func TestCutAndRefused(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	p, root := newProxy(t, server), newSite(t, server)
	root.Account("wp", "old")
	s := root.reopen(func(c *wpdb.Config) { c.Address, c.User, c.Password = p.Path, "wp", "old" })
	p.Between = func() { root.Exec("ALTER USER wp@localhost IDENTIFIED BY 'new'") }
	code := s.putCode("c1")
	p.CutAt("INSERT", sandboxtest.AfterStatement, 1)
	err := s.Redeem(within(t, patience), code, pair("1")...)
	if errors.Is(err, wpdb.ErrRefused) || !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("Redeem returned %v", err)
	}
	if _, err := s.Find(within(t, patience), clientID, code); !errors.Is(err, wpdb.ErrRefused) || !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("Find returned %v", err)
	}
	root.checkPair("1")
}
