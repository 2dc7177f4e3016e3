// Package robustness_test lets random clients, PHP and an administrator play on two
// servers and a database, breaks things at random, and judges what came of it.
package robustness_test

import (
	"flag"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

var (
	minutes  = flag.Float64("minutes", 0.3, "how long a run plays")
	seed     = flag.Uint64("seed", 0, "of everything that is random; 0: another one each time")
	codes    = flag.Int("codes", 200, "how many codes are contended on a cluster")
	all      = flag.Bool("all", false, "a run for each cell of the matrix")
	mistakes = flag.Bool("mutants", false, "also look whether runs find the mistakes of other programs")
	judged   = flag.String("history", "", "a `file` that a run has kept, to be judged once more")
)

// binary is moserver-sidecar, fast the same with a clock that is a minute fast.
var binary, fast string

func TestMain(m *testing.M) { sandboxtest.Main(m, 1, setUp) }

func setUp(t stage.T) {
	sandboxtest.NoError(t, stage.Require("mariadb-install-db", "mariadbd", "nginx"))
	var err error
	binary, err = stage.Build(t.TempDir())
	sandboxtest.NoError(t, err)
	fast = buildOther(t, "main.go", "time.Now,", "func() time.Time { return time.Now().Add(time.Minute) },")
}

// buildOther builds the program with old replaced by new in one of its files.
func buildOther(t stage.T, file, old, new string) string {
	t.Helper()
	built, err := stage.Build(t.TempDir(), stage.Replace(t, file, old, new))
	sandboxtest.NoError(t, err)
	return built
}
