package doctor_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestExamineBigTables has a server of little memory, and administrators who do as told.
func TestExamineBigTables(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true, Args: []string{"--innodb-buffer-pool-size=8M", "--innodb-flush-neighbors=1",
		"--loose-information-schema-stats-expiry=0"}}) // MySQL would show yesterday's sizes
	root, s := wellSite(t, server)
	s.examine() // its tables are small

	root.Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, scope, expires) " +
		"SELECT SHA2(seq, 256), REPEAT('c', 255), REPEAT('s', 255), '2020-01-01 00:00:00' FROM " + sandbox.Numbers(20000) + " AS n")
	root.Exec("ANALYZE TABLE {}moos_oauth_access_tokens")
	pool := finding{"keeps only 8 MiB in memory (innodb_buffer_pool_size)", "If the machine has that much memory to spare, as an administrator of the database run: SET GLOBAL innodb_buffer_pool_size = 134217728;", true}
	s.examine(finding{"20000 of the 20000 rows", "purge", true},
		finding{pool.problem, "Most of these rows have expired, so first run: moserver-sidecar purge\n" + pool.remedy, true})
	root.Exec("UPDATE {}moos_oauth_access_tokens SET expires = '2037-01-01 00:00:00'")
	s.examine(pool)
	if remedy := s.remedy(wpdb.KindBufferPool); strings.Contains(remedy, "purge") {
		t.Errorf("nothing can be purged, but it says: %s", remedy)
	}
	root.follow(s.remedy(wpdb.KindBufferPool))
	s.examine()

	root.pretendIndexes(server, 257)
	root.follow("SET GLOBAL innodb_buffer_pool_size = 402653184;")
	setting := map[bool]string{true: "innodb_log_file_size", false: "innodb_redo_log_capacity"}[isMariaDB(root)]
	neighbors := finding{"The indexes of tokens have 257 MiB, and with innodb_flush_neighbors=1", "If the data is on an SSD", true}
	s.examine(neighbors, finding{"InnoDB's log has only 16 MiB (" + setting + ")", "; and put " + setting + " = 536870912 below [mysqld]", true})
	root.follow(s.remedy(wpdb.KindRedoLog))
	s.examine(neighbors)
	root.follow(s.remedy(wpdb.KindFlushNeighbors))
	s.examine()
}

// pretendIndexes has the server believe that the indexes of access tokens have so many
// MiB, because it takes long to store millions of tokens. It reads that when it starts,
// with the settings that it began with.
func (s *site) pretendIndexes(server *sandbox.Server, megabytes int) {
	s.T.Helper()
	s.Exec("ALTER TABLE {}moos_oauth_access_tokens STATS_AUTO_RECALC = 0")
	s.Exec("UPDATE mysql.innodb_table_stats SET sum_of_other_index_sizes = ? WHERE table_name = ?", megabytes<<20/16384, s.SQL("{}moos_oauth_access_tokens"))
	server.Halt()
	sandboxtest.NoError(s.T, server.Run(within(s.T, patience)))
}

// remedy is that of the finding of a kind.
func (s *site) remedy(kind wpdb.Kind) string {
	s.T.Helper()
	_, findings, err := doctor.Examine(within(s.T, patience), s.DB, week, func(string) {})
	for _, f := range findings {
		if f.Kind == kind {
			return f.Remedy
		}
	}
	s.T.Fatalf("no finding is of the kind %s: %+v, %v", kind, findings, err)
	return ""
}

// follow runs the statement of a remedy, and waits until it has taken effect.
func (s *site) follow(remedy string) {
	s.T.Helper()
	statement := regexp.MustCompile(`SET GLOBAL (\w+) = (\d+);`).FindStringSubmatch(remedy)
	if statement == nil {
		s.T.Fatalf("no statement can be pasted from: %s", remedy)
	}
	s.Exec(statement[0])
	sandboxtest.Eventually(s.T, patience, statement[0], func() bool {
		return s.Strings(fmt.Sprintf("SELECT @@GLOBAL.%s", statement[1]))[0] == statement[2]
	})
}
