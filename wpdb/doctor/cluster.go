package doctor

import (
	"strings"

	"moserver-sidecar/wpdb"
)

// cluster looks for clusters that refuse to write to the plugin's tables, which
// have no primary key.
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
		// It may be set up and not run, and then the server works.
		d.add(wpdb.KindPrimaryKeys, false, "While they are empty run: "+d.Command("migrate --primary-key")+"\nA table that has rows must not get one, because each server would number them in another order.",
			"Group replication, where it runs, refuses every write to tables without a primary key: %s.", tables)
	}
	return nil
}

// keyless are the tables without a primary key that the server writes to.
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
