package model

import (
	"slices"

	"github.com/anishathalye/porcupine"

	"moserver-sidecar/e2e/robustness/history"
)

// Minimise leaves out what a violation does not need: first the end, then, one at a time,
// operations that change nothing, or give only tokens that no other one mentions.
func Minimise(r Rules, ops []history.Op) []history.Op {
	fails := func(ops []history.Op) bool { return check(r, ops) == porcupine.Illegal }
	ops = slices.Clone(ops)
	for n := len(ops) - 1; n > 0 && fails(ops[:n]); n-- { // they are in the order of their calls
		ops = ops[:n]
	}
	for again := true; again; {
		again = false
		for i := len(ops) - 1; i >= 0; i-- {
			fewer := slices.Delete(slices.Clone(ops), i, i+1)
			if droppable(ops[i], fewer) && fails(fewer) {
				ops, again = fewer, true
			}
		}
	}
	return ops
}

// droppable reports whether the others mean the same without op.
func droppable(op history.Op, others []history.Op) bool {
	switch op.Kind {
	case history.Introspect, history.Resource, history.PHPSees, history.Stored:
		return true
	case history.Redeem, history.Refresh, history.PHPIssues:
		if ends(op) || op.Kind == history.Refresh && op.Rotates {
			return false
		}
		return !slices.ContainsFunc(others, func(o history.Op) bool { return mentions(o, op.Access) || mentions(o, op.Refresh) })
	case history.Revoke:
		return op.Outcome == history.Refused
	}
	return false
}

func mentions(op history.Op, value string) bool {
	return value != "" && (op.Token.Value == value || op.Access == value || op.Refresh == value)
}
