package load

import (
	"context"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// contend has two to four clients redeem a new code at the same moment, at different
// servers, and sometimes another one a little later.
func (w *worker) contend(ctx context.Context) {
	g := w.newGrant(w.random)
	if !w.begin(g) {
		rest(ctx, w.random, retry)
		return
	}
	code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: g.code}
	ops := make([]history.Op, 2+w.random.IntN(3))
	first := w.random.IntN(2)
	w.atOnce(len(ops), func(i int, one *worker) {
		door := one.door(history.Redeem)
		if i < 2 {
			door = w.Doors[(first+i)%2]
		}
		ops[i] = one.askAt(door, g, history.Redeem, code)
	})
	if w.random.IntN(4) == 0 {
		rest(ctx, w.random, 50*time.Millisecond)
		w.ask(g, history.Redeem, code)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = append(w.used, g)
	if contended(ops) {
		w.contended++
	}
}

// enough reports whether there were as many contended codes as there should be.
func (l *Load) enough() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Codes > 0 && l.contended >= l.Codes
}

// Contended counts the codes that were redeemed at different servers at the same moment,
// by the server that won; 0: its answer was lost.
func Contended(ops []history.Op) map[int]int {
	codes := map[string][]history.Op{}
	for _, op := range ops {
		if op.Kind == history.Redeem {
			codes[op.Token.Value] = append(codes[op.Token.Value], op)
		}
	}
	won := map[int]int{}
	for _, ops := range codes {
		if !contended(ops) {
			continue
		}
		winner := 0
		for _, op := range ops {
			if op.Outcome == history.OK {
				winner = op.Server
			}
		}
		won[winner]++
	}
	return won
}

// contended reports whether two redemptions of a code overlap that servers have decided,
// each another one.
func contended(ops []history.Op) bool {
	for _, a := range ops {
		for _, b := range ops {
			if decided(a) && decided(b) && a.Server < b.Server && a.Call < b.Return && b.Call < a.Return {
				return true
			}
		}
	}
	return false
}

// decided: what is unknown may never have reached the database.
func decided(op history.Op) bool { return op.Outcome == history.OK || op.Reason == history.NoToken }
