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
		"innodb_flush_log_at_trx_commit", "max_connections", "max_user_connections")
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
	if flush := values["innodb_flush_log_at_trx_commit"]; flush != "1" && flush != "" && !f.Galera {
		e.advise(wpdb.KindFlush, "Set innodb_flush_log_at_trx_commit=1 in the server's configuration, and until it restarts run: SET GLOBAL innodb_flush_log_at_trx_commit=1;",
			"With innodb_flush_log_at_trx_commit=%s a crash of the database may lose the tokens of the last second, which clients already have.", flush)
	}
	e.connections(values)
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

// cluster looks for clusters that refuse writes to tables without a primary key.
func (d *diagnosis) cluster() error {
	values, err := wpdb.ServerVariables(d.ctx, d.SQL, "wsrep_on", "wsrep_certify_nonPK", "group_replication_group_name")
	if err != nil {
		return err
	}
	galera := values["wsrep_on"] == "ON" && values["wsrep_certify_nonpk"] == "OFF"
	group := values["group_replication_group_name"] != ""
	if !galera && !group {
		return nil
	}
	keyless, err := d.keyless()
	if err != nil || len(keyless) == 0 {
		return err
	}
	tables := strings.Join(keyless, ", ")
	if galera {
		d.add(wpdb.KindPrimaryKeys, true, "Run on each node, and set it in the configuration: SET GLOBAL wsrep_certify_nonPK=ON;",
			"The Galera cluster refuses every write to tables without a primary key (wsrep_certify_nonPK=OFF): %s.", tables)
	}
	if group {
		remedy := "While they are empty run:\n"
		for _, table := range keyless {
			remedy += "ALTER TABLE " + d.FullName(table) + " ADD COLUMN moserver_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY;\n"
		}
		// Group replication may be configured and not running, and then the server works.
		d.add(wpdb.KindPrimaryKeys, false, remedy+"A table that has rows must not get one, because each server would number them in another order.",
			"Group replication, where it runs, refuses every write to tables without a primary key: %s.", tables)
	}
	return nil
}

// keyless are the tables that the server writes to and that have no primary key.
func (d *diagnosis) keyless() (tables []string, err error) {
	for _, n := range d.present() {
		if !n.Written() {
			continue
		}
		var keys int
		schema, name := d.Config.Split(n.Table)
		err := d.SQL.GetContext(d.ctx, &keys, "SELECT COUNT(*) FROM information_schema.STATISTICS "+
			"WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND INDEX_NAME = 'PRIMARY'", schema, name)
		if err != nil {
			return nil, err
		}
		if keys == 0 {
			tables = append(tables, n.Table)
		}
	}
	return tables, nil
}
