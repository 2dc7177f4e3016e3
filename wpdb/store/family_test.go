package store_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/storetest"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// newMigratedSite makes a site with all that migrate adds.
func newMigratedSite(t sandboxtest.T, server *sandbox.Server) *site {
	t.Helper()
	s := newSite(t, server)
	if m, err := migrate.Run(within(t, 2*patience), s.reopen(func(*wpdb.Config) {}).DB, migrate.Options{}); err != nil || !m.Complete() {
		t.Fatalf("%+v, %v", m.Findings, err)
	}
	s.learnIndexes()
	return s
}

// With its indexes the database takes other ways, to the same end.
func TestConformanceMigrated(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject { return newMigratedSite(t, database) })
}

// family is what there is of the family of a code.
func (s *site) family(code string) *oauth.Family {
	s.T.Helper()
	family, err := s.FindFamily(within(s.T, patience), clientID, familyOf(code))
	if err != nil {
		s.T.Fatal(err)
	}
	return family
}

func familyOf(code string) string {
	return oauth.FamilyOf(oauth.Presented{Kind: oauth.AuthorizationCode, Value: code})
}

// familyPlans: among 100,000 tokens those of a grant are looked for and ended by a range of
// the index, as the server itself explains the very statements that it was sent.
func familyPlans(t *testing.T, server *sandbox.Server) {
	s := newMigratedSite(t, server)
	for _, kind := range []string{"access", "refresh"} {
		s.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_%s_tokens (%s_token, client_id, user_id, expires, scope) "+
			"SELECT LEFT(SHA2(RAND(), 256), 52), ?, ?, '2037-01-01', 'email' FROM %s AS n", kind, kind, sandbox.Numbers(100_000)), clientID, alice)
		s.Exec("ANALYZE TABLE {}moos_oauth_" + kind + "_tokens")
	}
	const codes = 3
	tokens := []oauth.Token{newToken(oauth.RefreshToken, familyOf("c1")+strings.Repeat("0", 32))}
	for i := range 5 {
		tokens = append(tokens, newToken(oauth.AccessToken, familyOf("c1")+fmt.Sprintf("%032x", i)))
	}
	if err := s.Issue(within(t, patience), tokens...); err != nil {
		t.Fatal(err)
	}
	statements := s.logged(func() {
		s.together(codes, func(i int) {
			if f := s.family(fmt.Sprint("c", i)); (f != nil) != (i == 1) || f != nil && f.Token.Value != tokens[0].Value {
				t.Errorf("the family of code %d is %+v", i, f)
			}
		})
		ended, err := s.Revoke(within(t, patience), oauth.Revocation{Presented: refreshToken(tokens[0].Value), ClientID: clientID, UserID: alice})
		if !ended || err != nil {
			t.Errorf("Revoke returned %v, %v", ended, err)
		}
	})
	if n := s.Count("access_tokens"); n != 100_000 || s.family("c1") != nil {
		t.Errorf("%d access tokens are left, want 100,000 of other grants", n)
	}
	ranges := 0
	for _, statement := range statements {
		if !strings.Contains(statement, " LIKE ") {
			continue
		}
		steps, err := wpdb.SelectRows(within(t, patience), s.Root, "EXPLAIN FORMAT=TRADITIONAL "+statement)
		if err != nil { // MariaDB knows no other form, nor that name
			steps, err = wpdb.SelectRows(within(t, patience), s.Root, "EXPLAIN "+statement)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			t.Logf("%s: type %s, key %s, rows %s", strings.Fields(statement)[0], step.Text("type"), step.Text("key"), step.Text("rows"))
			rows, _ := strconv.Atoi(step.Text("rows"))
			if step.Text("type") == "range" && step.Text("key") != "" {
				ranges++
			}
			if rows > 20 {
				t.Errorf("%d rows are read in table %s", rows, step.Text("table"))
			}
		}
	}
	if ranges != 2*codes+1 {
		t.Errorf("%d looks read a range of an index, want that for the refresh tokens and the access tokens of each code, and for the end of the latter:\n%s",
			ranges, strings.Join(statements, "\n"))
	}
}
