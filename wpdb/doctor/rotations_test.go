package doctor_test

import (
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"slices"
	"strings"
	"testing"
)

// rotationsUnusable: the table of rotations need not be there, but what is there
// should be of use.
func rotationsUnusable(t *testing.T, server *sandbox.Server) {
	root := newSite(t, server)
	s := &site{root.AsPlugin()}
	s.check() // no table and no privilege cannot be told apart, and no table is no problem
	advises := func(words, remedy string) {
		t.Helper()
		_, findings, err := doctor.Examine(within(t, patience), s.DB, week, func(string) {})
		if err != nil || !slices.ContainsFunc(findings, func(f wpdb.Finding) bool {
			return f.Advice && strings.Contains(f.Problem, words+" "+s.SQL("{}moserver_rotated_tokens")) && strings.Contains(f.Remedy, s.SQL(remedy))
		}) {
			t.Errorf("%v; no advice says %q, remedy %q: %v", err, words, remedy, findings)
		}
	}
	advises("may not SELECT on the table", "moserver-sidecar migrate")
	root.CreateRotations()
	advises("may not SELECT on the table", "GRANT SELECT, INSERT, DELETE ON `wordpress`.`{}moserver_rotated_tokens`")
	for _, privileges := range []string{"SELECT", "INSERT"} {
		s.Exec("GRANT " + privileges + " ON {}moserver_rotated_tokens TO wp@localhost")
		advises("may not INSERT or DELETE on the table", "GRANT SELECT, INSERT, DELETE")
	}
	s.Exec("GRANT DELETE ON {}moserver_rotated_tokens TO wp@localhost")
	s.check()
	s.Exec("ALTER TABLE {}moserver_rotated_tokens DROP COLUMN successor")
	s.check(expectation{"{}moserver_rotated_tokens lacks columns", "moserver-sidecar migrate", false})
}
