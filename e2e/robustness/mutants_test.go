package robustness_test

import (
	"fmt"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/model"
)

// mutant is a program with a mistake that a run must find.
type mutant struct{ name, file, old, new string }

func mutants() []mutant {
	return []mutant{
		{"the count of the DELETE is ignored", "wpdb/store/redeem.go", "if n == 0 {", "if n < 0 {"},
		{"a write is repeated without a look", "wpdb/transaction.go", "if !w.unsure || len(w.Tokens) == 0 {", "if true {"},
		{"rotations are not recorded", "wpdb/store/rotation.go", "if len(one.args) == 0 || !s.rotations.expected() {", "if true {"},
	}
}

// mutantRuns is how many runs may miss a mistake, and mutantTime how long each plays.
const (
	mutantRuns = 8
	mutantTime = 20 * time.Second
)

// TestMutants: runs find the mistakes of programs that have one. It is slow, and so only
// part of "make robustness".
func TestMutants(t *testing.T) {
	if !*mistakes {
		return
	}
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			program := buildOther(t, m.file, m.old, m.new)
			found := 0
			for i := 0; i < mutantRuns && found == 0; i++ {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					c := cell{Rules: model.Rules{Seed: chosenSeed() + uint64(i), Grace: time.Minute, Recorded: model.Always}}
					s := newStand(t, c, program, program)
					s.trouble = []fault{{"connections cut", (*stand).cut}}
					v := playOn(t, s, mutantTime)
					if found = len(v.Violations); found > 0 {
						t.Logf("such as:\n%s", model.Tell(c.Rules, model.Minimise(c.Rules, v.Violations[0])))
					}
				})
			}
			if found == 0 {
				t.Errorf("%d runs have not found it", mutantRuns)
			}
			fmt.Printf("a program in which %s: %d violations, as there should be\n", m.name, found)
		})
	}
}
