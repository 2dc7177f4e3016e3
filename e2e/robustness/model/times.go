package model

import (
	"slices"
	"time"

	"moserver-sidecar/e2e/robustness/history"
)

// unwritten is how long before its death a database may have shown what it then forgets.
const unwritten = time.Second

// unsure takes back what was heard of a database that died right then: a COMMIT is shown
// before the disk has it. What was given is safe, because that was a COMMIT later; but
// what was called dead may be alive again.
func unsure(ops, crashes []history.Op) (sure []history.Op) {
	for _, op := range ops {
		soon := slices.ContainsFunc(crashes, func(c history.Op) bool {
			return op.Call <= c.Call && c.Call-int64(unwritten) <= op.Return
		})
		switch {
		case !soon || op.Kind == history.Stored:
		case inactive(op), op.Kind == history.PHPSees && !op.Alive, op.Kind == history.Resource && op.Reason == history.NoToken:
			continue
		case op.Reason == history.NoToken:
			op.Outcome, op.Reason, op.Return = history.Unknown, "", history.Forever
		}
		sure = append(sure, op)
	}
	return sure
}

// governed reports whether an administrator changes something during an operation.
func (b *book) governed(op history.Op) bool {
	return slices.ContainsFunc(b.ops, func(e history.Op) bool {
		return changes(e) && e.Call <= op.Return && b.earliest(op) <= e.Return
	})
}

// changes reports whether an operation is an administrator's that decides who is admitted.
func changes(op history.Op) bool {
	switch op.Kind {
	case history.CloseSite, history.OpenSite, history.DropClient, history.PutClient, history.DropUser, history.PutUser:
		return true
	}
	return false
}

// asks reports whether an operation is a client's that needs to be admitted.
func asks(op history.Op) bool {
	switch op.Kind {
	case history.Introspect, history.Resource, history.Redeem, history.Refresh:
		return true
	}
	return false
}

// earliest is when an operation may have read what it was judged by: before its call on a
// node that did not have the last changes yet.
func (b *book) earliest(op history.Op) int64 {
	early := op.Call - int64(b.rules.Lag)
	if !asks(op) || op.Reason == history.NoToken || inactive(op) || op.Outcome == history.Unknown {
		return op.Call
	}
	late := slices.ContainsFunc(b.ops, func(e history.Op) bool {
		takes := ends(e) || changes(e) || e.Kind == history.Redeem || e.Kind == history.PHPTakes || e.Kind == history.Refresh && e.Rotates
		return takes && early <= e.Return && e.Return < op.Call
	})
	if late {
		return early
	}
	return op.Call
}

// inactive reports whether that is what introspection has said.
func inactive(op history.Op) bool {
	return op.Kind == history.Introspect && op.Outcome == history.OK && !op.Alive
}
