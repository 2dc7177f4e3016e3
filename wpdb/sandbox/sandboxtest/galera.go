package sandboxtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"moserver-sidecar/wpdb/sandbox"
)

// galeraTransfer is the script that a node calls to get the data of another, and
// the other to give it. There is nothing to copy, since all nodes begin with the
// same data, and what was written since comes in the way of all writes.
const galeraTransfer = `#!/bin/sh
case "$*" in
*joiner*)
	echo "ready nothing"
	echo 00000000-0000-0000-0000-000000000000:-1
	;;
*)
	cat >/dev/null # the password, which is not needed
	while [ "$1" != --gtid ]; do shift; done
	echo "done $2"
	;;
esac
`

// StartGalera starts a Galera cluster of so many nodes, which ends with the test. Each
// gets more arguments.
func StartGalera(t T, nodes int, more ...string) []*sandbox.Server {
	t.Helper()
	scripts := t.TempDir()
	NoError(t, os.WriteFile(filepath.Join(scripts, "wsrep_sst_nothing"), []byte(galeraTransfer), 0o700))
	t.Setenv("PATH", scripts+":"+os.Getenv("PATH"))
	var addresses []string
	for range 2 * nodes {
		addresses = append(addresses, FreeAddress(t))
	}
	first := galeraNode(t, addresses, 0)
	seed := Start(t, first)
	seed.Halt()
	var servers []*sandbox.Server
	for i := range nodes {
		node := galeraNode(t, addresses, i)
		node.Args = append(node.Args, more...)
		node.Data = seed.DataDir()
		servers = append(servers, Start(t, node))
	}
	return servers
}

// galeraNode is node i of a cluster, of which the first founds it.
func galeraNode(t T, addresses []string, i int) sandbox.Options {
	t.Helper()
	nodes := len(addresses) / 2
	args := []string{
		"--wsrep-on=ON", "--wsrep-provider=" + galeraLibrary(t), "--wsrep-cluster-name=" + addresses[0],
		"--wsrep-cluster-address=gcomm://" + strings.Join(addresses[:nodes], ","),
		"--wsrep-node-address=" + addresses[i], "--wsrep-sst-method=nothing",
		fmt.Sprintf("--wsrep-provider-options=gmcast.listen_addr=tcp://%s;ist.recv_addr=%s;gcache.size=32M",
			addresses[i], addresses[nodes+i]),
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
	}
	if i == 0 {
		args = append(args, "--wsrep-new-cluster")
	}
	return sandbox.Options{Accounts: true, Args: args} // accounts come with the tables that the cluster needs
}

// galeraLibrary is the path of Galera that belongs to the server.
func galeraLibrary(t T) string {
	t.Helper()
	path := "/usr/lib/galera/libgalera_smm.so"
	if server := os.Getenv("MOSERVER_TEST_SERVER"); server != "" {
		path = filepath.Join(filepath.Dir(server), "../lib/galera/libgalera_smm.so")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("Galera is not there; on Debian: apt-get install galera-4: ", err)
	}
	return path
}
