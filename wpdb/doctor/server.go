package doctor

import (
	"cmp"
	"strconv"
	"strings"

	"moserver-sidecar/wpdb"
)

// server describes the server, and looks for settings that could be better.
func (e *examination) server() error {
	rows, err := e.query("SELECT VERSION() AS version, CURRENT_USER() AS account")
	if err != nil {
		return err
	}
	values, err := wpdb.ServerVariables(e.ctx, e.SQL, "version_comment", "wsrep_on", "group_replication_group_name",
		"innodb_flush_log_at_trx_commit", "max_connections", "max_user_connections", "wsrep_provider_options", optionIgnoreSB)
	if err != nil {
		return err
	}
	e.facts.Account = rows[0].Text("account")
	f := &e.facts.Server
	f.Version = rows[0].Text("version")
	f.Kind = serverKind(f.Version, values["version_comment"])
	f.Galera = values["wsrep_on"] == "ON"
	f.GroupReplication = values["group_replication_group_name"] != ""
	f.MaxConnections, _ = strconv.Atoi(values["max_connections"])
	if flush := values["innodb_flush_log_at_trx_commit"]; flush != "1" && flush != "" {
		crash, where := "a crash of the database", "in the server's configuration"
		if f.Galera {
			crash, where = "a crash of all nodes at once, such as a power cut,", "in the configuration of each node"
		}
		e.advise(wpdb.KindFlush, "Set innodb_flush_log_at_trx_commit=1 "+where+", and until it restarts run: SET GLOBAL innodb_flush_log_at_trx_commit=1;",
			"With innodb_flush_log_at_trx_commit=%s %s may lose the tokens of the last second, which clients already have.", flush, crash)
	}
	e.connections(values)
	e.splitBrain(values)
	return nil
}

func serverKind(version, comment string) string {
	for _, kind := range []string{"MariaDB", "Percona Server"} {
		if strings.Contains(version+comment, kind) {
			return kind
		}
	}
	return "MySQL"
}

// connections: with more connections than the server allows there are errors under load.
func (e *examination) connections(values map[string]string) {
	const shared = 5 // what PHP and administrators need at the least
	ours := e.Config.MaxConnections
	all, _ := strconv.Atoi(values["max_connections"])
	user, _ := strconv.Atoi(values["max_user_connections"]) // 0: no limit
	switch {
	case user > 0 && ours > user:
		e.advise(wpdb.KindConnections, "Lower db_max_connections to "+strconv.Itoa(user)+", or raise max_user_connections.",
			"db_max_connections is %d, but the account may have %d connections at once (max_user_connections).", ours, user)
	case all > 0 && ours+shared > all:
		e.advise(wpdb.KindConnections, "Lower db_max_connections to "+strconv.Itoa(max(1, all/2))+", or raise max_connections.",
			"db_max_connections is %d of the %d connections that the database has (max_connections), which leaves too few to PHP.", ours, all)
	}
}

// versionBefore reports whether a version such as "5.7.44-log" is before another one.
func versionBefore(version string, than ...int) bool {
	parts := strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	for i, want := range than {
		got := 0
		if i < len(parts) {
			got, _ = strconv.Atoi(parts[i])
		}
		if c := cmp.Compare(got, want); c != 0 {
			return c < 0
		}
	}
	return false
}
