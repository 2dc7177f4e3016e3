package store_test

import (
	"slices"
	"testing"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// A node of a cluster is told to read nothing stale, and one that does not know how is
// used too. (This server has no cluster; it only says so.)
func TestDirtyReads(t *testing.T) {
	program, err := sandbox.Find()
	if err != nil {
		t.Fatal(err)
	}
	server := sandboxtest.Start(t, sandbox.Options{Program: program, Args: []string{"--wsrep-on=ON", "--binlog-format=ROW"}})
	root := newSite(t, server)
	for lacks, told := range map[string]bool{"": true, "wsrep_dirty_reads": false} {
		p := newProxy(t, server)
		p.Lacks = lacks
		s := root.through(p)
		sent := p.Sent(func() { s.find(clientID, oauth.Presented{}) })
		if !s.DB.Galera() || slices.Contains(sent, "SET SESSION wsrep_dirty_reads = OFF") != told {
			t.Errorf("without %q: a node %v, sent %q", lacks, s.DB.Galera(), sent)
		}
	}
}
