//go:build galera

package wpdb_test

import (
	"os"
	"path/filepath"
	"testing"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

func TestGaleraX(t *testing.T) {
	nodes := sandboxtest.StartGalera(t, 3)
	for _, n := range nodes {
		text, _ := os.ReadFile(n.Dir + "/server.log")
		os.WriteFile("/tmp/wt/log-"+filepath.Base(n.Dir), text, 0o600)
	}
	s := newSite(t, nodes[0])
	s.exec("INSERT INTO {}moos_oauth_scopes (scope) VALUES ('x')")
	for _, n := range nodes {
		o := openSite(t, n, s.config)
		t.Log(column[string](o, "SELECT CONCAT_WS(' ', VARIABLE_NAME, VARIABLE_VALUE) FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN ('wsrep_cluster_size','wsrep_ready','wsrep_local_state_comment')"))
		t.Log(column[string](o, "SELECT scope FROM {}moos_oauth_scopes"))
		t.Log(column[string](o, "SELECT @@wsrep_on"))
	}
}
