package doctor

import (
	"regexp"
	"strings"

	"moserver-sidecar/wpdb"
)

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

// ignoring is an option of Galera's that lets a part without the majority go on.
var ignoring = regexp.MustCompile(`(?i)\bpc\.(ignore_sb|ignore_quorum) *= *(?:true|yes|on|1)\b`)

// optionIgnoreSB is one of these options as a variable: MariaDB has them so, unless told
// not to.
const optionIgnoreSB = "wsrep_provider_pc_ignore_sb"

// splitBrain looks for such options: each part of the cluster then redeems the same code.
func (e *examination) splitBrain(values map[string]string) {
	if !e.facts.Server.Galera {
		return
	}
	_, apart := values[optionIgnoreSB]
	var names, statements []string
	for _, option := range ignoring.FindAllStringSubmatch(values["wsrep_provider_options"], -1) {
		statement := "SET GLOBAL wsrep_provider_options='pc." + option[1] + "=false';"
		if apart {
			statement = "SET GLOBAL wsrep_provider_pc_" + option[1] + "=OFF;"
		}
		names, statements = append(names, "pc."+option[1]), append(statements, statement)
	}
	if len(names) > 0 {
		e.advise(wpdb.KindSplitBrain, "Take that out of the configuration of each node, and until it restarts run there: "+strings.Join(statements, " "),
			"Nodes of the Galera cluster that lose each other all go on (%s), so a code can be used once in each part.", strings.Join(names, " and "))
	}
}
