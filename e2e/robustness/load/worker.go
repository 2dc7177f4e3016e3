package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// worker is one client after another, and PHP.
type worker struct {
	*Load
	number int
	random *rand.Rand
}

func (w *worker) work(ctx context.Context) {
	for ctx.Err() == nil && !w.enough() {
		if w.Codes > 0 {
			w.contend(ctx)
		} else if g := w.take(w); g != nil {
			w.act(g)
		} else {
			rest(ctx, w.random, retry)
		}
		rest(ctx, w.random, w.Pause)
	}
}

// retry is when PHP is asked again at the latest whose database was not there.
const retry = 200 * time.Millisecond

// The lengths of PHP's codes and tokens, which differ for the model's sake.
const (
	codeDigits  = 40
	tokenDigits = 32
)

// begin makes a grant's user and its code, or sometimes its first tokens.
func (w *worker) begin(g *grant) bool {
	if w.Site.SetUser(g.user, true) != nil {
		return false
	}
	if w.Codes > 0 || w.random.IntN(5) > 0 {
		g.code = token(w.random, codeDigits)
		return w.Site.Issue(w.tokenOf(g, oauth.AuthorizationCode, g.code)) == nil
	}
	return w.phpIssues(g, true)
}

func (w *worker) tokenOf(g *grant, kind oauth.Kind, value string) oauth.Token {
	t := oauth.Token{Kind: kind, Value: value, ClientID: g.client.ID, UserID: g.user, Scope: oauth.ParseScope("profile")}
	switch kind {
	case oauth.AuthorizationCode:
		t.Expires = time.Now().Add(10 * time.Minute)
	case oauth.AccessToken:
		t.Expires = time.Now().Add(time.Hour)
	}
	return t
}

// act does one operation, or several at once.
func (w *worker) act(g *grant) {
	do := w.choose(g)
	times := 1
	if w.random.IntN(4) == 0 {
		times += 1 + w.random.IntN(2)
	}
	w.atOnce(times, func(_ int, one *worker) { do(one) })
}

// atOnce does something n times at the same moment, each by another client.
func (w *worker) atOnce(n int, do func(i int, one *worker)) {
	var running sync.WaitGroup
	for i := range n {
		one := &worker{w.Load, w.number + i, rand.New(rand.NewPCG(w.random.Uint64(), 0))}
		running.Go(func() { do(i, one) })
	}
	running.Wait()
}

// choose decides what to do with a grant; all that do it at once use the same token.
func (w *worker) choose(g *grant) func(*worker) {
	g.mu.Lock()
	defer g.mu.Unlock()
	code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: g.code}
	n := w.random.IntN(100)
	if len(g.access) == 0 {
		if n%12 == 0 {
			return func(w *worker) { w.phpRedeems(g) }
		}
		return func(w *worker) { w.ask(g, history.Redeem, code) }
	}
	refresh := oauth.Presented{Kind: oauth.RefreshToken, Value: w.recent(g.refresh)}
	some := oauth.Presented{Kind: oauth.AccessToken, Value: g.access[w.random.IntN(len(g.access))]}
	either := some
	if refresh.Value != "" && w.random.IntN(2) == 0 {
		either = refresh
	}
	switch {
	case n < 5 && g.code != "":
		return func(w *worker) { w.ask(g, history.Redeem, code) }
	case n < 50 && refresh.Value != "":
		return func(w *worker) { w.ask(g, history.Refresh, refresh) }
	case n < 65 && g.client.Secret != "":
		return func(w *worker) { w.ask(g, history.Introspect, either) }
	case n < 82:
		return func(w *worker) { w.ask(g, history.Resource, some) }
	case n < 90:
		return func(w *worker) { w.phpSees(g, either) }
	case n < 94:
		return func(w *worker) { w.phpIssues(g, false) }
	case n < 95 && g.code != "":
		return func(w *worker) { w.phpRedeems(g) }
	}
	return func(w *worker) { w.ask(g, history.Revoke, either) }
}

// recent is mostly the last of the refresh tokens, sometimes an older one.
func (w *worker) recent(tokens []string) string {
	switch n := len(tokens); {
	case n == 0:
		return ""
	case w.random.IntN(6) > 0:
		return tokens[n-1]
	default:
		return tokens[w.random.IntN(n)]
	}
}

// learn remembers what an answer gave.
func (g *grant) learn(op history.Op) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case op.Outcome == history.Unknown:
		g.unknown++
	case op.Reason == history.NoToken:
		g.refused++
	}
	if op.Access != "" {
		g.access = append(g.access, op.Access)
	}
	if op.Refresh != "" && op.Refresh != op.Token.Value {
		g.refresh = append(g.refresh, op.Refresh)
	}
}

// phpIssues stores an access token as PHP does that knows no code, such as for the
// implicit grant, or also a refresh token, a statement each.
func (w *worker) phpIssues(g *grant, both bool) bool {
	access, refresh := w.op(g, history.PHPIssues, oauth.Presented{}), w.op(g, history.PHPIssues, oauth.Presented{})
	access.Access, refresh.Refresh = token(w.random, tokenDigits), token(w.random, tokenDigits)
	return w.phpStores(g, access, w.tokenOf(g, oauth.AccessToken, access.Access)) &&
		(!both || w.phpStores(g, refresh, w.tokenOf(g, oauth.RefreshToken, refresh.Refresh)))
}

// phpStores stores a token. One that may not be stored, nobody gets; only of refresh
// tokens it counts how many there are.
func (w *worker) phpStores(g *grant, op history.Op, t oauth.Token) bool {
	op.Call, op.Outcome = w.History.Now(), history.OK
	if w.Site.Issue(t) != nil {
		op.Outcome = history.Unknown
	}
	if op.Outcome == history.OK || t.Kind == oauth.RefreshToken {
		w.History.Add(op)
	}
	if op.Outcome == history.Unknown {
		op.Refresh, op.Access = "", ""
	}
	g.learn(op)
	return op.Outcome == history.OK
}

// phpSees is PHP's own look for a token, as its /resource takes.
func (w *worker) phpSees(g *grant, p oauth.Presented) (alive bool) {
	op := w.op(g, history.PHPSees, p)
	op.Call = w.History.Now()
	var err error
	if op.Alive, err = w.Site.Sees(p); err != nil {
		return false
	}
	op.Outcome = history.OK
	w.History.Add(op)
	return op.Alive
}

// phpRedeems exchanges the code as PHP does, which is no transaction: it looks for the
// code, stores the tokens, and deletes the code.
func (w *worker) phpRedeems(g *grant) {
	code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: g.code}
	if !w.phpSees(g, code) || !w.phpIssues(g, true) {
		return
	}
	op := w.op(g, history.PHPTakes, code)
	op.Call, op.Outcome = w.History.Now(), history.OK
	if w.Site.Takes(code.Value) != nil {
		op.Outcome = history.Unknown
	}
	w.History.Add(op)
	g.learn(op)
}

// op begins an operation.
func (w *worker) op(g *grant, kind history.Kind, p oauth.Presented) history.Op {
	return history.Op{Grant: g.number, Client: g.client.ID, Worker: w.number, Kind: kind, Token: p, Rotates: w.rotates(g.client)}
}
