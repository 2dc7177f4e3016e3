package load

import (
	"context"
	"math/rand/v2"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// admin changes things in wp-admin, one after another, and takes most of it back.
type admin struct {
	*Load
	random *rand.Rand
}

func (a *admin) work(ctx context.Context) {
	for ctx.Err() == nil {
		rest(ctx, a.random, 600*time.Millisecond)
		switch a.random.IntN(8) {
		case 0, 1:
			if g := a.any(a.random); g != nil && !a.KeepUsers {
				a.forAWhile(ctx, history.Op{Grant: g.number, Client: g.client.ID, Kind: history.DropUser}, history.PutUser,
					func(there bool) error { return a.Site.SetUser(g.user, there) })
			}
		case 2, 3:
			if g := a.any(a.random); g != nil {
				a.revoke(g)
			}
		case 4:
			c := a.Clients[a.random.IntN(len(a.Clients))]
			a.forAWhile(ctx, history.Op{Client: c.ID, Kind: history.DropClient}, history.PutClient,
				func(there bool) error { return a.Site.SetClient(c, there) })
		case 5:
			a.forAWhile(ctx, history.Op{Kind: history.CloseSite}, history.OpenSite, a.Site.SetOpen)
		case 6, 7:
			lifetime := time.Hour
			if a.random.IntN(3) == 0 {
				lifetime = 3 * time.Second
			}
			_ = a.Site.SetLifetime(lifetime) // each answer says what counted
		}
	}
}

// forAWhile takes something away and, after a short time, gives it back.
func (a *admin) forAWhile(ctx context.Context, op history.Op, back history.Kind, set func(there bool) error) {
	a.until(op, func() error { return set(false) })
	rest(ctx, a.random, 200*time.Millisecond)
	op.Kind = back
	a.until(op, func() error { return set(true) })
}

// until repeats a change until it has been made: an administrator sees whether it was.
func (a *admin) until(op history.Op, change func() error) {
	op.Call = a.History.Now()
	for change() != nil {
		time.Sleep(20 * time.Millisecond)
	}
	op.Outcome = history.OK
	a.History.Add(op)
}

// revoke logs a grant's user out by the command. It looks twice, kind by kind.
func (a *admin) revoke(g *grant) {
	call := a.History.Now()
	outcome := history.OK
	if a.Site.Revoke(g.user) != nil {
		outcome = history.Unknown
		g.learn(history.Op{Outcome: history.Unknown})
	}
	for range 2 {
		for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken} {
			a.History.Add(history.Op{Grant: g.number, Client: g.client.ID, Kind: history.EndAll, Call: call,
				Token: oauth.Presented{Kind: kind}, Outcome: outcome})
		}
	}
}
