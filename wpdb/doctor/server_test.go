package doctor_test

import (
	"strings"
	"testing"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

func widePrivileges(t *testing.T, root, s *site) {
	root.Exec("GRANT UPDATE, DELETE, DROP ON {}moos_oauth_clients TO moserver@localhost")
	s.examine(finding{"may do more than the server needs: UPDATE, DELETE, DROP on `wordpress`.`{}moos_oauth_clients`.",
		"GRANT SELECT ON `wordpress`.`{}moos_oauth_clients` TO 'moserver'@'localhost';", true})
	root.Exec("GRANT ALL ON `wordpress`.* TO moserver@localhost")
	root.Exec("GRANT PROCESS ON *.* TO moserver@localhost")
	_, findings, err := doctor.Examine(within(t, patience), s.reopen(nil).DB, week, func(string) {})
	if err != nil || len(findings) != 1 {
		t.Fatalf("%v, %+v", err, findings)
	}
	for _, words := range []string{"PROCESS on *.*", "ALL PRIVILEGES on `wordpress`.*"} {
		if !strings.Contains(findings[0].Problem, words) {
			t.Errorf("nothing is said of %s: %s", words, findings[0])
		}
	}
	if text := findings[0].String(); strings.Contains(text, sandboxtest.Password) || strings.Contains(text, "BY PASSWORD") || strings.Contains(text, "*.* TO") {
		t.Errorf("a line of SHOW GRANTS is told: %s", text)
	}
}

// sessionTimeZone: init_connect counts for all but the powerful.
func sessionTimeZone(t *testing.T, root, s *site) {
	root.Exec("SET GLOBAL init_connect = \"SET time_zone = '+05:00'\"")
	t.Cleanup(func() { root.Exec("SET GLOBAL init_connect = ''") })
	facts := s.reopen(nil).examine(finding{`Sessions of the user "moserver" have the time zone +05:00, but the server's is SYSTEM`, "default_time_zone", true})
	if facts.Server.TimeZone != "+05:00" || facts.Server.UTCOffsetSeconds != 5*3600 || facts.Server.SummerTime {
		t.Errorf("%+v", facts.Server)
	}
}

func lazyFlush(t *testing.T, root, s *site) {
	root.Exec("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
	t.Cleanup(func() { root.Exec("SET GLOBAL innodb_flush_log_at_trx_commit = 1") })
	s.examine(finding{"innodb_flush_log_at_trx_commit=2", "SET GLOBAL innodb_flush_log_at_trx_commit=1", true})
}

func fewConnections(t *testing.T, root, s *site) {
	root.Exec("SET GLOBAL max_connections = 20")
	t.Cleanup(func() { root.Exec("SET GLOBAL max_connections = 151") })
	s.examine(finding{"db_max_connections is 16 of the 20 connections", "db_max_connections to 10", true})
	root.Exec("ALTER USER moserver@localhost WITH MAX_USER_CONNECTIONS 8")
	s.DB.Close()
	s.reopen(nil).examine(finding{"db_max_connections is 16, but the account may have 8", "db_max_connections to 8", true})
	s.reopen(func(c *wpdb.Config) { c.MaxConnections = 8 }).examine()
}

// isMariaDB reports whether the tests run on MariaDB and not on MySQL.
func isMariaDB(s *site) bool {
	s.T.Helper()
	return strings.Contains(s.Strings("SELECT VERSION()")[0], "MariaDB")
}

// keylessCluster: a server that is set up for a cluster and alone works, so that
// the looks can be tried on it.
func keylessCluster(t *testing.T, root, _ *site) {
	if isMariaDB(root) {
		galeraNode(t)
	} else {
		groupMember(t)
	}
}

const keylessTables = "{}moos_oauth_authorization_codes, {}moos_oauth_access_tokens, {}moos_oauth_refresh_tokens"

func galeraNode(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true, Args: []string{"--wsrep-on=ON", "--wsrep-certify-nonPK=OFF", "--binlog-format=ROW"}})
	root, s := wellSite(t, server)
	refused := expectation{"primary key (wsrep_certify_nonPK=OFF): " + keylessTables, "SET GLOBAL wsrep_certify_nonPK=ON", true}
	s.check(refused)
	if facts := s.examine(finding{refused.problem, refused.remedy, false}); !facts.Server.Galera {
		t.Errorf("%+v", facts.Server)
	}
	root.Exec("SET GLOBAL wsrep_certify_nonPK = ON")
	s.check()
	s.examine()
}

func groupMember(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true, Args: []string{"--plugin-load-add=group_replication.so",
		"--loose-group-replication-group-name=5eed5eed-5eed-5eed-5eed-5eed5eed5eed"}})
	root, s := wellSite(t, server)
	refused := expectation{"Group replication, where it runs, refuses every write to tables without a primary key: " + keylessTables, "moos_oauth_access_tokens` ADD COLUMN moserver_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY;\n", false}
	s.check(refused)
	if facts := s.examine(finding{refused.problem, refused.remedy, false}); !facts.Server.GroupReplication {
		t.Errorf("%+v", facts.Server)
	}
	for table := range strings.SplitSeq(keylessTables, ", ") {
		root.Exec("ALTER TABLE " + table + " ADD COLUMN moserver_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY")
	}
	s.check()
	s.examine()
}
