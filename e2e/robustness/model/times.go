package model

import (
	"slices"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
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

// expires: a code or token was made between two moments, and that is told by now.
func (b *book) expires(value string, from, to int64, lifetime time.Duration) {
	ends := [2]int64{from + int64(lifetime-second), to + int64(lifetime+second)}
	if before, there := b.expiry[value]; there {
		ends = [2]int64{min(before[0], ends[0]), min(before[1], ends[1])}
	}
	b.expiry[value] = ends
}

// expired reports whether a code or token may, and must, be expired for an operation.
func (b *book) expired(op history.Op, value string) (may, must bool) {
	ends, expires := b.expiry[value]
	if !expires {
		return false, false
	}
	slack := int64(2 * second)
	if b.rules.Skewed {
		slack += int64(time.Minute)
	}
	return op.Return > ends[0]-slack, op.Call > ends[1]+slack
}

// firstUse is when a code or refresh token was presented first to be exchanged.
func (b *book) firstUse(p oauth.Presented) int64 {
	first := int64(history.Forever)
	for _, op := range b.ops {
		if (op.Kind == history.Redeem || op.Kind == history.Refresh) && op.Token == p {
			first = min(first, op.Call)
		}
	}
	return first
}

// oldest is the access token of a code's first use, which tells when that was, and whether
// it is so long ago that a second use ends what it has given; empty: that is not sure.
func (b *book) oldest(again history.Op) (access string, ends bool) {
	if !b.rules.Steady || b.rules.Skewed || again.Reason != history.NoToken {
		return "", false
	}
	for _, op := range b.ops {
		if op.Kind != history.Redeem || op.Outcome != history.OK || op.Return >= again.Call {
			continue
		}
		switch age := time.Duration(again.Call - op.Call); {
		case age > restore+2*second:
			return op.Access, false
		case age > reload+2*second && age < restore-2*second:
			return op.Access, true
		}
	}
	return "", false
}

// grace reports whether the time in which a replaced refresh token is answered again may
// not be over, and whether it may be. It was replaced before anybody was told so, and
// ages in whole seconds.
func (b *book) grace(op history.Op) (in, past bool) {
	first, told := int64(history.Forever), int64(history.Forever)
	for _, e := range b.ops {
		if e.Kind != history.Refresh || e.Token != op.Token || e.Call == op.Call && e.Worker == op.Worker {
			continue
		}
		first = min(first, e.Call)
		if e.Outcome == history.OK {
			told = min(told, e.Return)
		}
	}
	grace := int64(b.rules.Grace)
	return grace > 0 && op.Call-told < grace+int64(2*second), grace == 0 || op.Return-first > grace-int64(second)
}
