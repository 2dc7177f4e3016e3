//go:build galera

package robustness_test

import (
	"fmt"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/load"
	"moserver-sidecar/e2e/robustness/model"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// lag is how late a node may show what others have written: it is stopped for two
// seconds at most.
const lag = 4 * time.Second

// TestGalera plays on a cluster of three nodes, with a server at each of two and PHP at
// the third; nodes are killed and join again.
func TestGalera(t *testing.T) {
	d := time.Duration(*minutes * float64(time.Minute))
	for flush := range 3 {
		t.Run(fmt.Sprintf("innodb_flush_log_at_trx_commit=%d", flush), func(t *testing.T) {
			c := randomCell(chosenSeed() + uint64(flush))
			c.Lag, c.Skewed = lag, false
			if c.Recorded == model.Sometimes {
				c.Recorded = model.Always // what changes tables stops a cluster
			}
			fmt.Printf("seed %d: %s\n", c.Seed, c)
			nodes := sandboxtest.StartGalera(t, 3, fmt.Sprintf("--innodb-flush-log-at-trx-commit=%d", flush))
			report(t, c, playOn(t, newStandOn(t, c, nodes, binary, binary), d))
		})
	}
}

// TestCodesOnGalera has codes redeemed at two nodes at the same moment, and nothing else,
// until there were enough, and looks first whether that finds a program with a mistake.
func TestCodesOnGalera(t *testing.T) {
	c := randomCell(chosenSeed())
	c.Lag, c.Skewed, c.Recorded = lag, false, model.Always
	fmt.Printf("seed %d: %s\n", c.Seed, c)
	t.Run("mutant", func(t *testing.T) {
		m := mutants()[0]
		v := playCodes(t, c, buildOther(t, m.file, m.old, m.new), 100)
		fmt.Printf("%d violations, as there should be: %s\n", len(v.Violations), m.name)
		if len(v.Violations) == 0 {
			t.Error("the mistake was not found")
		}
	})
	t.Run("program", func(t *testing.T) { report(t, c, playCodes(t, c, binary, *codes)) })
}

// playCodes plays on a cluster until so many codes were contended.
func playCodes(t *testing.T, c cell, program string, codes int) model.Verdict {
	t.Helper()
	s := newStandOn(t, c, sandboxtest.StartGalera(t, 3, "--innodb-flush-log-at-trx-commit=0"), program, program)
	s.codes, s.trouble = codes, append(s.trouble, s.trouble[1:]...) // the first, a node killed, takes long
	v := playOn(t, s, time.Duration(codes)*time.Second)
	won := load.Contended(s.history.Ops())
	all := won[0] + won[1] + won[2]
	fmt.Printf("%d contended codes (%d won at node 1, %d at node 2, %d by an answer that was lost), ", all, won[1], won[2], won[0])
	if all < codes {
		t.Errorf("want %d contended codes", codes)
	}
	return v
}
