package model

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// patience is how long one grant is judged at most.
const patience = 10 * time.Second

// Verdict is what a history was found to be.
type Verdict struct {
	Grants, Operations int
	Undecided          int            // grants that took too long
	Violations         [][]history.Op // of each grant that no order of its operations explains, all of them
	Outcomes           map[string]int // operations by kind and outcome
}

// Judge judges each grant of a history for itself.
func Judge(r Rules, ops []history.Op) Verdict {
	v := Verdict{Operations: len(ops), Outcomes: map[string]int{}}
	for _, op := range ops {
		v.Outcomes[string(op.Kind)+": "+string(op.Outcome)+" "+string(op.Reason)]++
	}
	grants := byGrant(ops)
	v.Grants = len(grants)
	var mu sync.Mutex
	var running sync.WaitGroup
	next := make(chan []history.Op)
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for ops := range next {
				result := check(r, ops)
				mu.Lock()
				switch result {
				case porcupine.Illegal:
					v.Violations = append(v.Violations, ops)
				case porcupine.Unknown:
					v.Undecided++
				}
				mu.Unlock()
			}
		})
	}
	for _, ops := range grants {
		next <- ops
	}
	close(next)
	running.Wait()
	slices.SortFunc(v.Violations, func(a, b []history.Op) int { return cmp.Compare(len(a), len(b)) })
	return v
}

// byGrant are the operations that concern each grant: its own, and what an administrator
// did to its client and to all while it was used. What was so before it is told by the
// last change of each before, as if it were made at its beginning.
func byGrant(ops []history.Op) [][]history.Op {
	own := map[int][]history.Op{}
	var common, crashes []history.Op
	for _, op := range ops {
		switch {
		case op.Kind == history.Crash:
			crashes = append(crashes, op)
		case op.Grant == 0:
			common = append(common, op)
		default:
			own[op.Grant] = append(own[op.Grant], op)
		}
	}
	slices.SortFunc(common, func(a, b history.Op) int { return cmp.Compare(a.Call, b.Call) })
	var grants [][]history.Op
	for _, ops := range own {
		slices.SortFunc(ops, func(a, b history.Op) int { return cmp.Compare(a.Call, b.Call) })
		first, last := ops[0].Call, int64(0)
		for _, op := range ops {
			if op.Kind != history.Stored && op.Return != history.Forever {
				last = max(last, op.Return)
			}
			if op.Kind != history.Stored {
				last = max(last, op.Call)
			}
		}
		before := map[string]history.Op{}
		var all []history.Op
		for _, op := range common {
			switch {
			case op.Client != "" && op.Client != ops[0].Client || op.Call > last:
			case op.Return < first:
				op.Call, op.Return = -1, -1
				before[op.Client] = op
			default:
				all = append(all, op)
			}
		}
		for _, op := range before {
			all = append(all, op)
		}
		all = append(all, unsure(ops, crashes)...)
		slices.SortStableFunc(all, func(a, b history.Op) int { return cmp.Compare(a.Call, b.Call) })
		grants = append(grants, all)
	}
	return grants
}

// check judges a grant.
func check(r Rules, ops []history.Op) porcupine.CheckResult {
	m, operations, ok := r.porcupine(ops)
	if !ok {
		return porcupine.Unknown
	}
	return porcupine.CheckOperationsTimeout(m, operations, patience)
}

// porcupine is the model and the operations of a grant; it is not ok if it has too many
// tokens.
func (r Rules) porcupine(ops []history.Op) (m porcupine.Model, operations []porcupine.Operation, ok bool) {
	b := newBook(r, ops)
	if len(b.values) > MaxTokens {
		return m, nil, false
	}
	begin := state{}
	for _, op := range ops {
		if op.Token.Kind == oauth.AuthorizationCode {
			begin.live |= b.set(op.Token.Value) // PHP has stored it before the first
		}
		in := b.input(op)
		add := func() {
			operations = append(operations, porcupine.Operation{ClientId: op.Worker, Input: in, Call: b.earliest(op), Return: op.Return})
		}
		if op.Outcome == history.OK && asks(op) && !inactive(op) && b.governed(op) {
			in.admission = true
			add()
			in.admission, in.apart = false, true
		}
		add()
	}
	return porcupine.Model{
		Init: func() any { return begin },
		Step: func(s, in, _ any) (bool, any) {
			ok, next := r.step(s.(state), in.(input))
			return ok, next
		},
		Hash: func(s any) uint64 {
			x := s.(state)
			return uint64(x.live)*31 ^ uint64(x.maybe)*17 ^ uint64(x.replaced)
		},
		DescribeOperation: func(in, _ any) string { return b.describe(in.(input)) },
		DescribeState:     func(s any) string { return b.describeState(s.(state)) },
	}, operations, true
}
