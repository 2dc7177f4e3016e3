//go:build galera

package doctor_test

import (
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestGalera has a real node, whose options are variables of their own or not, and
// administrators who do as told.
func TestGalera(t *testing.T) {
	for name, test := range map[string]struct{ argument, on string }{
		"options":   {"--loose-plugin-wsrep-provider=OFF", "SET GLOBAL wsrep_provider_options = 'pc.ignore_sb=yes;pc.ignore_quorum=true'"},
		"variables": {"--loose-plugin-wsrep-provider=ON", "SET GLOBAL wsrep_provider_pc_ignore_sb = ON, GLOBAL wsrep_provider_pc_ignore_quorum = ON"},
	} {
		t.Run(name, func(t *testing.T) {
			root, s := wellSite(t, sandboxtest.StartGalera(t, 1, test.argument)[0])
			s.examine() // a healthy cluster

			root.Exec(test.on)
			s.examine(finding{"all go on (pc.ignore_", "SET GLOBAL wsrep_provider_", true})
			root.obey(s.remedy(wpdb.KindSplitBrain), 2)
			s.examine()

			root.Exec("SET GLOBAL innodb_flush_log_at_trx_commit = 0")
			s.examine(finding{"innodb_flush_log_at_trx_commit=0 a crash of all nodes at once", "of each node", true})
			root.obey(s.remedy(wpdb.KindFlush), 1)
			s.examine()
		})
	}
}

// obey runs the statements of a remedy.
func (s *site) obey(remedy string, count int) {
	s.T.Helper()
	statements := regexp.MustCompile(`SET GLOBAL [^ ]+='[^']*'|SET GLOBAL [^;]+`).FindAllString(remedy, -1)
	if len(statements) != count {
		s.T.Errorf("%d statements to paste, want %d: %s", len(statements), count, remedy)
	}
	for _, statement := range statements {
		s.Exec(strings.TrimSuffix(statement, ";"))
	}
}
