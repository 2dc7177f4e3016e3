//go:build galera

package store_test

import (
	"errors"
	"testing"
	"time"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// The connection breaks after the COMMIT was done, and the next one leads to
// another node, which has not got the tokens yet.
func commitAnsweredByNobody(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	p := newProxy(t, nodes[0])
	through := s[0].through(p)
	through.find(clientID, oauth.Presented{})
	code := s[0].putCode("c1")
	s[1].awaitRows("authorization_codes", 1)
	p.Between = func() { p.FailOver(nodes[1]) }
	resume := s[1].pause()
	p.CutAt("COMMIT", sandboxtest.AfterStatement, 1)
	outcome := through.redeemAside(code)
	s[1].awaitLook("a1")
	resume()
	if err := <-outcome; err != nil {
		t.Errorf("Redeem returned %v", err)
	}
	s[1].checkPair("1")
}

// A node that has lost its cluster answers everything with error 1047, on
// connections that are open too.
func nodeRefuses(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	p := newProxy(t, nodes[0])
	through := s[0].through(p)
	code := s[0].putCode("c1")
	s[1].awaitRows("authorization_codes", 1)
	through.find(clientID, code)
	s[0].Exec("SET GLOBAL wsrep_reject_queries = ALL")
	defer s[0].Exec("SET GLOBAL wsrep_reject_queries = NONE")
	outcome := make(chan error, 1)
	go func() {
		_, err := through.Find(within(t, patience), clientID, code)
		outcome <- err
	}()
	time.Sleep(300 * time.Millisecond) // it is told no
	p.FailOver(nodes[1])
	if err := <-outcome; err != nil {
		t.Errorf("Find returned %v", err)
	}
}

// A node without the majority neither redeems what the others redeem, nor reads what it
// has, even if it may.
func cutOff(t *testing.T, nodes []*sandbox.Server) {
	root := sandboxtest.SiteOn(t, nodes[0], "")
	root.Exec("SET GLOBAL wsrep_dirty_reads = ON")
	s := onNodes(t, nodes)
	code := s[0].putCode("c1")
	s[1].awaitRows("authorization_codes", 1)
	s[0].Exec("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
	if err := s[1].Redeem(within(t, patience), code, pair("1")...); err != nil {
		t.Errorf("among the others Redeem returned %v", err)
	}
	eventually(t, "the node knows that it is alone", func() bool { return s[0].Status("wsrep_cluster_size") == 1 })
	if err := s[0].Redeem(within(t, 2*time.Second), code, pair("2")...); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("alone Redeem returned %v", err)
	}
	if facts, err := s[0].Find(within(t, 2*time.Second), clientID, code); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("alone Find returned %+v, %v", facts, err)
	}
	s[0].Exec("SET GLOBAL wsrep_dirty_reads = OFF")
	s[0].Exec("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
	eventually(t, "the node is back", func() bool {
		_, err := s[0].Root.Exec(s[0].SQL("DELETE FROM {}options WHERE option_id = 0"))
		return err == nil && s[2].Status("wsrep_cluster_size") == len(nodes)
	})
}

// What a caller was told is on the other nodes when its own dies.
func nodeDies(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	p := newProxy(t, nodes[0])
	through := s[0].through(p)
	ledger, wait := through.load(within(t, 2*patience), 60)
	eventually(t, "some codes are taken", func() bool { return s[1].Count("authorization_codes") < 300 })
	nodes[0].Kill()
	died := time.Now()
	p.FailOver(nodes[1])
	wait()
	t.Logf("%d acknowledged, %d errors; all was done %s after the node's death",
		len(ledger.acknowledged), len(ledger.errors), time.Since(died).Round(time.Millisecond))
	s[2].awaitRows("authorization_codes", 0)
	s[2].checkLedger(ledger, 0)
	for _, err := range ledger.errors {
		t.Errorf("a caller had time and was told: %v", err)
	}
}
