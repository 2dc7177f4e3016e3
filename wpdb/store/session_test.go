package store_test

import (
	"fmt"
	"sync"
	"testing"

	"moserver-sidecar/oauth"
)

// TestSession: what a server gives each new session, to guard people at a console or by
// mistake, neither hides what is stored nor keeps anything from being stored.
func TestSession(t *testing.T) {
	const n = 20
	for variable, value := range map[string]string{
		"autocommit": "0", "sql_select_limit": "3", "max_join_size": "10", "sql_safe_updates": "1", "init_connect": "'SET autocommit = 0, sql_select_limit = 3'",
	} {
		t.Run(variable, func(t *testing.T) {
			root := newSite(t, database)
			root.PutClient(oauth.Client{ID: clientID, Secret: "secret"})
			root.putRefreshTokens(n)
			before := root.Strings("SELECT @@GLOBAL." + variable)[0]
			root.Exec(fmt.Sprintf("SET GLOBAL %s = %s", variable, value))
			t.Cleanup(func() {
				if variable == "init_connect" {
					before = "'" + before + "'"
				}
				root.Exec(fmt.Sprintf("SET GLOBAL %s = %s", variable, before))
			})
			s := root.reopen(nil)
			s.together(n, func(i int) {
				facts, err := s.Find(within(t, patience), clientID, refreshToken(fmt.Sprint("old", i)))
				if err != nil || facts.Client == nil || facts.Grant == nil {
					t.Errorf("request %d: %+v, %v", i, facts, err)
				}
			})
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() {
					if err := s.Issue(within(t, patience), newToken(oauth.AccessToken, fmt.Sprint("issued", i))); err != nil {
						t.Error(err)
					}
					if err := s.Redeem(within(t, patience), refreshToken(fmt.Sprint("old", i)), pair(fmt.Sprint(i))...); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if a, r := root.Count("access_tokens"), root.Count("refresh_tokens"); a != 2*n || r != n {
				t.Errorf("%d access tokens and %d refresh tokens, want %d and %d", a, r, 2*n, n)
			}
		})
	}
}
