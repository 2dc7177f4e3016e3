//go:build galera

package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// TestGalera: a cluster of three nodes, and a sidecar at each.
func TestGalera(t *testing.T) {
	nodes := sandboxtest.StartGalera(t, 3)
	sites := []*site{newSite(t, nodes[0])}
	for _, node := range nodes[1:] {
		s, tables := *sites[0], *sites[0].Site
		s.Site = &tables
		tables.Site = sandboxtest.SiteOn(t, node, s.Prefix)
		sites = append(sites, &s)
	}
	var servers []*stage.Sidecar
	for _, s := range sites {
		s.settle()
		s.WPConfig = stage.WriteWPConfig(t, s.Server, s.Prefix, "root", "")
		servers = append(servers, s.ServeWith([]string{"MOSERVER_REQUEST_TIMEOUT=2s"}))
	}
	t.Run("one code at two nodes", func(t *testing.T) { oneCodeTwoNodes(t, sites, servers) })
	t.Run("a code that PHP has just stored elsewhere", func(t *testing.T) { codeFromElsewhere(t, sites, servers) })
	t.Run("a node dies", func(t *testing.T) { nodeDies(t, nodes[0], sites, servers) })
}

// settle waits until the node of s has what the cluster has.
func (s *site) settle() {
	s.t.Helper()
	s.Root.SetMaxOpenConns(1) // so that the session below is the one that reads
	s.Exec("SET SESSION wsrep_sync_wait = 3")
	s.Strings("SELECT 1 FROM {}options LIMIT 1")
}

func oneCodeTwoNodes(t *testing.T, sites []*site, servers []*stage.Sidecar) {
	const codes = 200
	wins := [2]int{}
	for i := range codes {
		code := fmt.Sprintf("code-%d", i)
		sites[2].Put("code", code, sites[0].app, stage.Row{})
		var answers [2]stage.Answer
		var group sync.WaitGroup
		for j := range answers {
			group.Go(func() {
				var err error
				answers[j], err = servers[j].Do(stage.FormRequest(servers[j].Base+stage.TokenPath, stage.CodeForm(sites[0].app, code)...))
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for j, a := range answers {
			if a.Status == http.StatusOK {
				wins[j]++
			} else {
				a.WantError(t, http.StatusBadRequest, "invalid_grant")
			}
		}
	}
	if wins[0]+wins[1] != codes {
		t.Errorf("%d codes gave %v answers with tokens", codes, wins)
	}
	for _, kind := range []string{"access", "refresh"} {
		name, _ := stage.Table(kind)
		if n := len(sites[1].Strings("SELECT 'x' FROM " + name)); n != codes {
			t.Errorf("%d %s tokens for %d codes", n, kind, codes)
		}
	}
	t.Logf("%d codes, won by the sidecars %v", codes, wins)
}

// codeFromElsewhere: a browser brings the code sooner than the cluster.
func codeFromElsewhere(t *testing.T, sites []*site, servers []*stage.Sidecar) {
	plain := sandboxtest.Connect(t, sites[0].Server, "root") // reads as PHP does
	missed := 0
	for i := range 200 {
		code := fmt.Sprintf("elsewhere-%d", i)
		sites[1].Put("code", code, sites[0].app, stage.Row{})
		var n int
		err := plain.QueryRow("SELECT COUNT(*) FROM "+sites[0].Prefix+"moos_oauth_authorization_codes WHERE authorization_code = ?", code).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		missed += 1 - n
		servers[0].Redeem(sites[0].app, code).WantTokens(t, "profile email")
	}
	t.Logf("a plain look missed %d of 200 codes, the sidecar none", missed)
}

// nodeDies: no token that a client has is lost, and no client is told that its
// token is over.
func nodeDies(t *testing.T, node *sandbox.Server, sites []*site, servers []*stage.Sidecar) {
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
	stored := sites[2].accessTokens()
	for i := range servers {
		counts, after := map[int]int{}, 0
		for _, a := range answers[i] {
			counts[a.Status]++
			if a.Status != http.StatusOK {
				if fault := a.UnavailableFault(); fault != "" {
					t.Errorf("%s: %s", fault, a)
				}
				continue
			}
			if !stored[a.Member("access_token")] {
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
