//go:build galera

package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestGalera: a cluster of three nodes, and a sidecar at each.
func TestGalera(t *testing.T) {
	nodes := sandboxtest.StartGalera(t, 3)
	sites := []*site{newSite(t, nodes[0])}
	for _, node := range nodes[1:] {
		s := *sites[0]
		s.server, s.db = node, open(t, node, "root")
		sites = append(sites, &s)
	}
	var servers []*sidecar
	for _, s := range sites {
		s.settle()
		s.wpConfig = writeWPConfig(t, s.server, s.prefix, "root", "")
		servers = append(servers, s.serveWith([]string{"MOSERVER_REQUEST_TIMEOUT=2s"}))
	}
	t.Run("one code at two nodes", func(t *testing.T) { oneCodeTwoNodes(t, sites, servers) })
	t.Run("a code that PHP has just stored elsewhere", func(t *testing.T) { codeFromElsewhere(t, sites, servers) })
	t.Run("a node dies", func(t *testing.T) { nodeDies(t, nodes[0], sites, servers) })
}

// settle waits until the node of s has what the cluster has.
func (s *site) settle() {
	s.t.Helper()
	s.db.SetMaxOpenConns(1) // so that the session below is the one that reads
	s.exec("SET SESSION wsrep_sync_wait = 3")
	s.strings("SELECT 1 FROM {p}options LIMIT 1")
}

func oneCodeTwoNodes(t *testing.T, sites []*site, servers []*sidecar) {
	const codes = 200
	wins := [2]int{}
	for i := range codes {
		code := fmt.Sprintf("code-%d", i)
		sites[2].put("code", code, sites[0].app, row{})
		var answers [2]answer
		var group sync.WaitGroup
		for j := range answers {
			group.Go(func() {
				var err error
				answers[j], err = servers[j].do(formRequest(servers[j].base+tokenPath, codeForm(sites[0].app, code)...))
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for j, a := range answers {
			if a.status == http.StatusOK {
				wins[j]++
			} else {
				a.wantError(t, http.StatusBadRequest, "invalid_grant")
			}
		}
	}
	if wins[0]+wins[1] != codes {
		t.Errorf("%d codes gave %v answers with tokens", codes, wins)
	}
	for _, kind := range []string{"access", "refresh"} {
		name, _ := table(kind)
		if n := len(sites[1].strings("SELECT 'x' FROM " + name)); n != codes {
			t.Errorf("%d %s tokens for %d codes", n, kind, codes)
		}
	}
	t.Logf("%d codes, won by the sidecars %v", codes, wins)
}

// codeFromElsewhere: a browser brings the code sooner than the cluster.
func codeFromElsewhere(t *testing.T, sites []*site, servers []*sidecar) {
	plain := open(t, sites[0].server, "root") // reads as PHP does
	missed := 0
	for i := range 200 {
		code := fmt.Sprintf("elsewhere-%d", i)
		sites[1].put("code", code, sites[0].app, row{})
		var n int
		err := plain.QueryRow("SELECT COUNT(*) FROM "+sites[0].prefix+"moos_oauth_authorization_codes WHERE authorization_code = ?", code).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		missed += 1 - n
		servers[0].redeem(sites[0].app, code).wantTokens(t, "profile email")
	}
	t.Logf("a plain look missed %d of 200 codes, the sidecar none", missed)
}

// nodeDies: no token that a client has is lost, and no client is told that its
// token is over.
func nodeDies(t *testing.T, node *sandbox.Server, sites []*site, servers []*sidecar) {
	var answers [3][]timed
	var died time.Time
	answers[0] = refreshLoad(sites[0], servers[0], func() {
		answers[1] = refreshLoad(sites[1], servers[1], func() {
			answers[2] = refreshLoad(sites[2], servers[2], func() {
				time.Sleep(time.Second)
				node.Kill()
				died = time.Now()
				time.Sleep(10 * time.Second)
			})
		})
	})
	stored := sites[2].strings("SELECT access_token FROM {p}moos_oauth_access_tokens")
	slices.Sort(stored)
	for i := range servers {
		counts, after := map[int]int{}, 0
		for _, a := range answers[i] {
			counts[a.status]++
			if a.status != http.StatusOK {
				if fault := a.unavailableFault(); fault != "" {
					t.Errorf("%s: %d %s", fault, a.status, a.text)
				}
				continue
			}
			if _, ok := slices.BinarySearch(stored, a.member("access_token")); !ok {
				t.Errorf("a token that a client of sidecar %d has is not in the table", i)
			}
			if a.at.After(died) {
				after++
			}
		}
		if counts[http.StatusOK] == 0 || (after == 0) != (i == 0) {
			t.Errorf("sidecar %d gave %d tokens, %d of them after the death", i, counts[http.StatusOK], after)
		}
		t.Logf("sidecar %d: answers by status %v, %d tokens after the death", i, counts, after)
	}
}
