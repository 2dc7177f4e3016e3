//go:build galera

package store_test

import (
	"errors"
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"sync"
	"testing"
	"time"
)

// Tests of a real cluster of three nodes. A node that is told to pause applies
// nothing of what the others write, as a busy one does for a moment.
func TestGalera(t *testing.T) {
	nodes := sandboxtest.StartGalera(t, 3, "--loose-plugin-wsrep-provider=OFF") // which hides gmcast.isolate
	for _, test := range []struct {
		name string
		run  func(*testing.T, []*sandbox.Server)
	}{
		{"what a node has not got yet is found", lateOnNode},
		{"the same where reads need not be clean", lateOnDirtyNode},
		{"a code is taken on a node that has not got it yet", lateRedeem},
		{"a revocation on a node that has not got the token yet", lateRevoke},
		{"what is nowhere is not found", nowhere},
		{"a cluster that demands primary keys", demandsPrimaryKeys},
		{"two nodes, one code", twoNodes},
		{"two nodes, the same refresh tokens in one transaction each", twoNodesTogether},
		{"a COMMIT without an answer, and another node", commitAnsweredByNobody},
		{"a node that takes no work is left", nodeRefuses},
		{"a node is cut off", cutOff},
		{"a node dies under load", nodeDies}, // the last one
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, nodes) })
	}
}

// onNodes makes a site and opens a store on each node.
func onNodes(t *testing.T, nodes []*sandbox.Server) (stores []*site) {
	t.Helper()
	first := newSite(t, nodes[0])
	first.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret) VALUES ('c', ?, 's')", clientID)
	for _, node := range nodes {
		s := openSite(t, node, wpdb.Config{Prefix: first.Prefix})
		eventually(t, "the node has the client", func() bool {
			facts, err := s.Find(within(t, patience), clientID, oauth.Presented{})
			return err == nil && facts.Client != nil
		})
		stores = append(stores, s)
	}
	return stores
}

// pause keeps the node of s from applying what others write.
func (s *site) pause() (resume func()) {
	s.T.Helper()
	conn := s.Session()
	s.On(conn, "FLUSH TABLES WITH READ LOCK")
	return func() { s.T.Helper(); s.On(conn, "UNLOCK TABLES") }
}

// awaitLook waits until a statement with a word waits at the node of s.
func (s *site) awaitLook(word string) {
	s.T.Helper()
	eventually(s.T, "a statement waits for the other nodes", func() bool {
		return len(s.Ints("SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() "+
			"AND INFO LIKE ? AND TIME_MS > 50", "%"+word+"%")) > 0
	})
}

func lateOnNode(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: "c1"}
	for name, found := range map[string]func() (bool, error){
		"Find": func() (bool, error) {
			facts, err := s[0].Find(within(t, patience), clientID, code)
			return facts.Grant != nil, err
		},
		"Find of a client": func() (bool, error) {
			facts, err := s[0].Find(within(t, patience), "new", oauth.Presented{})
			return facts.Client != nil, err
		},
		"FindBearer": func() (bool, error) {
			bearer, err := s[0].FindBearer(within(t, patience), "a1")
			return bearer.Grant != nil, err
		},
		"Identify": func() (bool, error) {
			identity, err := s[0].Identify(within(t, patience), oauth.IdentityQuery{ClientID: clientID, UserID: alice, Code: "c1"})
			return identity.Stored.Current == "stored", err
		},
		"FindFamily": func() (bool, error) {
			family, err := s[0].FindFamily(within(t, patience), clientID, familyOf("c1"))
			return family != nil, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, table := range []string{"authorization_codes", "access_tokens"} {
				s[0].Exec("DELETE FROM {}moos_oauth_" + table)
			}
			s[0].Exec("DELETE FROM {}moos_oauth_clients WHERE client_id = 'new'")
			s[0].PutOption("mo_oauth_server_current_id_token", "stored")
			resume := s[0].pause()
			s[1].putCode("c1")
			s[1].Exec("INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, user_id) VALUES ('a1', ?, 2), (?, ?, 2)", clientID, familyOf("c1")+"1", clientID)
			s[1].Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id) VALUES ('n', 'new')")
			if s[0].Count("authorization_codes") != 0 {
				t.Error("the node has got the code; this test tests nothing")
			}
			time.AfterFunc(300*time.Millisecond, resume)
			if ok, err := found(); !ok || err != nil {
				t.Errorf("found %v, error %v", ok, err)
			}
		})
	}
}

// With wsrep_dirty_reads no SELECT waits, whatever wsrep_sync_wait says.
func lateOnDirtyNode(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	s[0].Exec("SET GLOBAL wsrep_dirty_reads = ON")
	defer s[0].Exec("SET GLOBAL wsrep_dirty_reads = OFF")
	lateOnNode(t, nodes)
}

func lateRedeem(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	resume := s[0].pause()
	code := s[1].putCode("c1")
	outcome := s[0].redeemAside(code)
	s[0].awaitLook("c1")
	resume()
	if err := <-outcome; err != nil {
		t.Errorf("Redeem returned %v", err)
	}
	s[0].checkPair("1")
}

func lateRevoke(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	for i := range 200 {
		value := fmt.Sprint("r", i)
		s[1].Exec("INSERT INTO {}moos_oauth_refresh_tokens (refresh_token, client_id, user_id) VALUES (?, ?, 2)", value, clientID)
		r := oauth.Revocation{Presented: refreshToken(value), ClientID: clientID, UserID: alice}
		if ended, err := s[0].Revoke(within(t, patience), r); !ended || err != nil {
			t.Fatal(ended, err)
		}
	}
	s[2].awaitRows("refresh_tokens", 0)
}

func nowhere(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: "nowhere"}
	facts, err := s[0].Find(within(t, patience), "nobody", code)
	if facts.Client != nil || facts.Grant != nil || err != nil {
		t.Errorf("Find returned %+v, %v", facts, err)
	}
	if err := s[0].Redeem(within(t, patience), code, pair("1")...); !errors.Is(err, oauth.ErrNotFound) {
		t.Errorf("Redeem returned %v", err)
	}
	if n := s[0].Count("access_tokens"); n != 0 {
		t.Errorf("%d tokens are stored", n)
	}
}

// Every write then fails with 1213, over and over.
func demandsPrimaryKeys(t *testing.T, nodes []*sandbox.Server) {
	s := onNodes(t, nodes)
	diagnose := func(want ...wpdb.Kind) {
		t.Helper()
		findings, err := doctor.Diagnose(within(t, patience), s[0].DB)
		if err != nil || len(findings) != len(want) || len(want) == 1 && (findings[0].Kind != want[0] || !findings[0].Fatal) {
			t.Errorf("Diagnose: %v, %v; want %v", findings, err, want)
		}
	}
	diagnose()
	s[0].Exec("SET GLOBAL wsrep_certify_nonPK = OFF")
	defer s[0].Exec("SET GLOBAL wsrep_certify_nonPK = ON")
	diagnose(wpdb.KindPrimaryKeys)
	if err := s[0].Issue(within(t, patience), newToken(oauth.AccessToken, "a1")); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("Issue returned %v", err)
	}
}

// The one node learns at COMMIT that the other was sooner, after each has seen
// that it deleted the code.
func twoNodes(t *testing.T, nodes []*sandbox.Server) {
	const codes = 200
	s := onNodes(t, nodes)
	before := s[0].conflicts() + s[1].conflicts()
	winners := [2]int{}
	for code := range codes {
		p := s[2].putCode(fmt.Sprint("c", code))
		var errs [2]error
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { errs[i] = s[i].Redeem(within(t, patience), p, pair(fmt.Sprint(code))...) })
		}
		group.Wait()
		for i, err := range errs {
			if err == nil {
				winners[i]++
			} else if !errors.Is(err, oauth.ErrNotFound) {
				t.Errorf("code %d: %v", code, err)
			}
		}
	}
	if winners[0]+winners[1] != codes {
		t.Errorf("%v winners for %d codes", winners, codes)
	}
	s[2].awaitRows("access_tokens", codes)
	s[2].awaitRows("refresh_tokens", codes)
	conflicts := s[0].conflicts() + s[1].conflicts() - before
	t.Logf("%d codes, winners %v, %d transactions ended by the cluster", codes, winners, conflicts)
	if conflicts == 0 {
		t.Error("no transaction met its rival")
	}
}

// conflicts is how many transactions of a node the cluster has ended.
func (s *site) conflicts() int {
	s.T.Helper()
	return s.Status("wsrep_local_cert_failures") + s.Status("wsrep_local_bf_aborts")
}

// awaitRows waits until the node has what the cluster has, and counts.
func (s *site) awaitRows(table string, want int) {
	s.T.Helper()
	session := s.Session()
	s.On(session, "SET SESSION wsrep_sync_wait = 1")
	var n int
	if err := session.QueryRowContext(within(s.T, patience), s.SQL("SELECT COUNT(*) FROM {}moos_oauth_"+table)).Scan(&n); err != nil || n != want {
		s.T.Errorf("%d rows in %s, want %d (%v)", n, table, want, err)
	}
}
