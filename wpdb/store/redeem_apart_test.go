package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// redeemAll redeems n refresh tokens, old0 and so on, for pairs of the same numbers. If the
// store shares transactions, they share one at first. It returns what became of each.
func (s *site) redeemAll(n int, limit time.Duration) []error {
	s.T.Helper()
	if s.DB.LockingIndex(oauth.RefreshToken) != "" {
		s.LetRedemptionsWait(oauth.RefreshToken, n)
	}
	outcomes := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			outcomes[i] = s.Redeem(within(s.T, limit), refreshToken(fmt.Sprint("old", i)), pair(fmt.Sprint(i))...)
		})
	}
	group.Wait()
	return outcomes
}

// putRefreshTokens stores n refresh tokens, old0 and so on.
func (s *site) putRefreshTokens(n int) {
	s.T.Helper()
	for i := range n {
		s.putRefreshToken(fmt.Sprint("old", i))
	}
}

// wantRedeemed checks that of n refresh tokens those that are refused are lost to others or,
// if kept, still there, and that each other one was replaced.
func (s *site) wantRedeemed(n int, kept bool, refused ...int) {
	s.T.Helper()
	var access, refresh []string
	for i := range n {
		if !slices.Contains(refused, i) {
			access, refresh = append(access, fmt.Sprint("a", i)), append(refresh, fmt.Sprint("r", i))
		} else if kept {
			refresh = append(refresh, fmt.Sprint("old", i))
		}
	}
	s.wantRows("access_token", access...)
	s.wantRows("refresh_token", refresh...)
	for i := range n {
		want := map[bool]string{false: fmt.Sprint("r", i)}[slices.Contains(refused, i)]
		if got := s.successor(fmt.Sprint("old", i)); got != want {
			s.T.Errorf("the successor of old%d is %q, want %q", i, got, want)
		}
	}
}

const companions = 8

// A row that somebody else has locked holds up nobody but its own redemption, which
// waits. The others have less time than the server lets a statement wait.
func TestRedeemBesideLocked(t *testing.T) {
	s := newMigratedSite(t, database)
	s.putRefreshTokens(companions)
	other := s.Session()
	s.On(other, "BEGIN", "DELETE FROM {}moos_oauth_refresh_tokens WHERE refresh_token = 'old3'")
	done := make(chan []error)
	go func() { done <- s.redeemAll(companions, 4*time.Second) }()
	eventually(t, "the others are answered", func() bool { return s.Count("access_tokens") == companions-1 })
	s.AwaitLock()
	s.On(other, "ROLLBACK")
	if err := errors.Join(<-done...); err != nil {
		t.Error(err)
	}
	s.wantRedeemed(companions, false)
}

// A redemption that the database refuses costs no other its tokens, and keeps what it came
// with.
func TestRedeemBesideRefused(t *testing.T) {
	s := newMigratedSite(t, database)
	s.putRefreshTokens(companions)
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens ADD UNIQUE (access_token(64))")
	s.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token) VALUES ('a3')")
	for i, err := range s.redeemAll(companions, patience) {
		if (err != nil) != (i == 3) {
			t.Errorf("redemption %d: %v", i, err)
		}
	}
	s.Exec("DELETE FROM {}moos_oauth_access_tokens WHERE access_token = 'a3'")
	s.wantRedeemed(companions, true, 3)
}

// Whatever of a shared transaction was carried out when the connection broke, each member
// has its tokens, once.
func TestCutRedeemTogether(t *testing.T) {
	cutsOn(t, newMigratedSite, (*site).through, []string{"START TRANSACTION; SELECT", "DELETE"}, func(t *testing.T, s *site, p *sandboxtest.Proxy) {
		s.putRefreshTokens(companions)
		if err := errors.Join(s.redeemAll(companions, patience)...); err != nil {
			t.Error(err)
		}
		s.wantRedeemed(companions, false)
	})
}

// Those whose tokens somebody else takes while the connection is broken have lost, and the
// others have not.
func TestCutAndOvertakenTogether(t *testing.T) {
	p := newProxy(t, database)
	s := newMigratedSite(t, database).through(p)
	s.learnIndexes()
	s.putRefreshTokens(companions)
	p.Between = func() { s.Exec("DELETE FROM {}moos_oauth_refresh_tokens WHERE refresh_token IN ('old1', 'old4')") }
	p.CutAt("DELETE", sandboxtest.BeforeStatement, 1)
	for i, err := range s.redeemAll(companions, patience) {
		if lost := i == 1 || i == 4; errors.Is(err, oauth.ErrNotFound) != lost || err != nil && !lost {
			t.Errorf("redemption %d: %v", i, err)
		}
	}
	s.wantRedeemed(companions, false, 1, 4)
}

// The server may be in the middle of a transaction when its clients come back, and it goes
// on or gives up. They wait for it, alone or together.
func TestCutInside(t *testing.T) {
	for name, c := range map[string]struct {
		site   makeSite
		prefix string
		n      int
	}{"alone": {newRotatingSite, "INSERT", 1}, "together": {newMigratedSite, "DELETE", companions}} {
		for _, when := range []sandboxtest.Cut{sandboxtest.DuringStatement, sandboxtest.TornStatement} {
			for _, at := range []string{"moos_oauth_access_tokens", "moos_oauth_refresh_tokens", "moserver_rotated_tokens"} {
				t.Run(fmt.Sprint(name, when, at), func(t *testing.T) {
					p, root := newProxy(t, database), c.site(t, database)
					s, other := root.through(p), root.Session()
					s.learnIndexes()
					s.putRefreshTokens(c.n)
					root.Exec("CREATE TRIGGER {}held AFTER INSERT ON {}" + at + " FOR EACH ROW DO GET_LOCK('{}held', 30)")
					root.On(other, "DO GET_LOCK('{}held', 0)")
					p.During = func() {
						eventually(t, "an INSERT waits", func() bool {
							return len(root.Ints("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'")) > 0
						})
					}
					p.Between = func() {
						s.AwaitLock() // of the clients, who have come back
						root.On(other, "DO RELEASE_LOCK('{}held')")
					}
					p.CutAt(c.prefix, when, 1)
					if err := errors.Join(s.redeemAll(c.n, patience)...); err != nil {
						t.Error(err)
					}
					s.wantRedeemed(c.n, false)
				})
			}
		}
	}
}

// Without the table of rotations a shared transaction fails once. The next do without it.
func TestRedeemTogetherNoRotations(t *testing.T) {
	p := newProxy(t, database)
	s := newMigratedSite(t, database).through(p)
	s.learnIndexes()
	s.Exec("DROP TABLE {}moserver_rotated_tokens")
	s.putRefreshTokens(companions)
	if err := errors.Join(s.redeemAll(companions, patience)...); err != nil {
		t.Error(err)
	}
	if a, r := s.Count("access_tokens"), s.Count("refresh_tokens"); a != companions || r != a {
		t.Errorf("%d access tokens and %d refresh tokens", a, r)
	}
	s.putRefreshTokens(2)
	got := trips(p, func() { s.redeemAll(2, patience) })
	if want := []string{"START SELECT", "DELETE INSERT INSERT COMMIT"}; !slices.Equal(got, want) {
		t.Errorf("%v is sent, want %v", got, want)
	}
}

// Where the store cannot lock single rows, or not any more, each is redeemed alone.
func TestRedeemUnlockable(t *testing.T) {
	for name, change := range map[string]string{
		"the index is gone":    "DROP INDEX moserver_refresh_token",
		"no rows to be locked": "ENGINE = MyISAM",
	} {
		t.Run(name, func(t *testing.T) {
			s := newMigratedSite(t, database)
			s.Exec("ALTER TABLE {}moos_oauth_refresh_tokens " + change)
			if change == "ENGINE = MyISAM" { // which the server itself cannot tell from InnoDB in time
				s.learnIndexes()
			}
			s.putRefreshTokens(companions)
			if err := errors.Join(s.redeemAll(companions, patience)...); err != nil {
				t.Error(err)
			}
			s.wantRedeemed(companions, false)
			if s.Gathers(oauth.RefreshToken) {
				t.Error("the next ones share a transaction again")
			}
		})
	}
}
