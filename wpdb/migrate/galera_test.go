//go:build galera

package migrate_test

import (
	"testing"

	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestGalera: with wsrep_OSU_method=RSU a change would stay on one node, and the first
// row in a table that the others lack would put it out of the cluster.
func TestGalera(t *testing.T) {
	nodes := sandboxtest.StartGalera(t, 2)
	s := newSite(t, nodes[0])
	s.Exec("SET GLOBAL wsrep_OSU_method = RSU")
	s.migrate(migrate.Options{Galera: true})
	other := sandboxtest.SiteOn(t, nodes[1], s.Prefix)
	eventually(t, "the other node has the table", func() bool {
		return len(other.Strings("SHOW TABLES LIKE '"+s.DB.Tables.Rotated+"'")) == 1
	})
}
