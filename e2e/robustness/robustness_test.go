package robustness_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/robustness/model"
)

// workers is how many clients there are at a time.
const workers = 12

// TestRobustness plays on a random cell of the matrix, or on each of them, and judges
// what every client heard.
func TestRobustness(t *testing.T) {
	if *judged != "" {
		judgeFile(t, *judged)
		return
	}
	d := time.Duration(*minutes * float64(time.Minute))
	if !*all {
		c := randomCell(chosenSeed())
		run(t, c, d)
		return
	}
	operations, violations := 0, 0
	for i, c := range matrix() {
		c.Seed = chosenSeed() + uint64(i)
		c.Skewed = i%4 == 3
		t.Run(fmt.Sprint("seed ", c.Seed), func(t *testing.T) { // at whose end its database ends
			v := run(t, c, d)
			operations, violations = operations+v.Operations, violations+len(v.Violations)
		})
	}
	fmt.Printf("in all: %d operations judged, %d violations\n", operations, violations)
}

// chosenSeed is the one that the command line names, or a new one.
func chosenSeed() uint64 {
	if *seed == 0 {
		*seed = uint64(1 + rand.IntN(1_000_000))
	}
	return *seed
}

// run plays on a cell for some time.
func run(t *testing.T, c cell, d time.Duration) model.Verdict {
	t.Helper()
	second := binary
	if c.Skewed {
		second = fast
	}
	fmt.Printf("seed %d: %s\n", c.Seed, c)
	v := playOn(t, newStand(t, c, binary, second), d)
	report(t, c, v)
	return v
}

// report keeps what a run has found, and tells it.
func report(t *testing.T, c cell, v model.Verdict) {
	t.Helper()
	for i, ops := range v.Violations[:min(len(v.Violations), 5)] {
		keep(t, c, ops, i+1)
	}
	fmt.Printf("%d operations judged, %d violations\n", v.Operations, len(v.Violations))
	if v.Undecided > 0 {
		fmt.Printf("%d of %d grants took too long to judge\n", v.Undecided, v.Grants)
	}
	if v.Undecided*10 > v.Grants {
		t.Errorf("seed %d: %d of %d grants could not be judged", c.Seed, v.Undecided, v.Grants)
	}
}

// playOn lets the clients of a stand play while it is disturbed, and judges that.
func playOn(t *testing.T, s *stand, d time.Duration) model.Verdict {
	t.Helper()
	l := s.load(workers)
	s.began, s.history = time.Now(), l.History
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer cancel()
		l.Run(ctx)
	}()
	faults := s.disturb(ctx)
	<-over
	played := time.Since(s.began)
	s.stop()
	if err := l.Audit(); err != nil {
		t.Fatal(err)
	}
	judging := time.Now()
	v := model.Judge(s.cell.Rules, l.History.Ops())
	t.Logf("%d grants in %.0f s, judged in %.0f s", v.Grants, played.Seconds(), time.Since(judging).Seconds())
	for _, name := range slices.Sorted(maps.Keys(v.Outcomes)) {
		t.Logf("%6d %s", v.Outcomes[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Logf("%6d times %s", faults[name], name)
	}
	return v
}

// keep writes a violation's history and its picture into files, and tells it.
func keep(t *testing.T, c cell, ops []history.Op, number int) {
	t.Helper()
	small := model.Minimise(c.Rules, ops)
	if err := os.MkdirAll("found", 0o755); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("found", fmt.Sprintf("seed-%d-%d", c.Seed, number))
	for suffix, some := range map[string][]history.Op{"": small, "-whole": ops} {
		if err := history.Save(name+suffix+".jsonl", c.Rules, some); err != nil {
			t.Error(err)
		}
		if err := model.Draw(c.Rules, some, name+suffix+".html"); err != nil {
			t.Error(err)
		}
	}
	t.Errorf("seed %d breaks the promise (again: make robustness SEED=%[1]d; e2e/robustness/%s.html):\n%s", c.Seed, name, model.Tell(c.Rules, small))
}

// judgeFile judges what keep has kept.
func judgeFile(t *testing.T, path string) {
	t.Helper()
	var r model.Rules
	ops, err := history.Load(path, &r)
	if err != nil {
		t.Fatal(err)
	}
	v := model.Judge(r, ops)
	t.Log(model.Tell(r, ops))
	if len(v.Violations) > 0 {
		t.Errorf("%d violations", len(v.Violations))
	}
}
