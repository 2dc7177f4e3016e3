package load_test

import (
	"maps"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/robustness/load"
	"moserver-sidecar/e2e/robustness/wrong"
	"moserver-sidecar/oauth"
)

// TestCodes: where nothing is done but to redeem codes, a right store is found right, and
// one with two winners is not.
func TestCodes(t *testing.T) {
	const codes = 200
	twoWinners := wrong.Stores(rarely)["two winners"]
	for _, wrong := range []bool{false, true} {
		_, v, err := play(1, time.Minute, codes, func(s oauth.Store) oauth.Store {
			if wrong {
				return twoWinners(slow{s})
			}
			return slow{s}
		})
		if err != nil || v.Grants < codes || v.Undecided > 0 || wrong != (len(v.Violations) > 0) {
			t.Errorf("wrong %v: %d grants, %d undecided, %d violations, %v", wrong, v.Grants, v.Undecided, len(v.Violations), err)
		}
	}
}

// TestContended: a code is contended if two servers have answered at the same moment.
func TestContended(t *testing.T) {
	redeem := func(code string, server int, call, end int64, outcome history.Outcome) history.Op {
		op := history.Op{Kind: history.Redeem, Token: oauth.Presented{Value: code}, Server: server, Call: call, Return: end, Outcome: outcome}
		if outcome == history.Refused {
			op.Reason = history.NoToken
		}
		return op
	}
	won := load.Contended([]history.Op{
		redeem("contended", 1, 10, 20, history.Refused), redeem("contended", 2, 15, 30, history.OK),
		redeem("lost", 1, 10, 20, history.Refused), redeem("lost", 2, 15, 30, history.Refused), redeem("lost", 2, 15, history.Forever, history.Unknown),
		redeem("later", 1, 10, 20, history.OK), redeem("later", 2, 25, 30, history.Refused),
		redeem("one server", 1, 10, 20, history.OK), redeem("one server", 1, 15, 30, history.Refused),
		redeem("unknown", 1, 10, 20, history.OK), redeem("unknown", 2, 15, history.Forever, history.Unknown),
	})
	if want := map[int]int{2: 1, 0: 1}; !maps.Equal(won, want) {
		t.Errorf("%v, want %v", won, want)
	}
}
