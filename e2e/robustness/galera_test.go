//go:build galera

package robustness_test

import (
	"fmt"
	"testing"
	"time"

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
