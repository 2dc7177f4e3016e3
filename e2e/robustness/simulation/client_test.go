package simulation_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// grant is a login and what its clients have heard of it.
type grant struct {
	*site
	number  int
	client  oauth.Client
	openID  bool
	code    oauth.Presented
	refresh []string
	access  []string
	unknown int
}

// clients are those of the grants, and a stranger that has none.
var clients = []oauth.Client{
	{ID: "app", Confidential: true, Secret: "secret of app"},
	{ID: "public"},
	{ID: "stranger", Confidential: true, Secret: "secret of stranger"},
}

// maxUnknown is how many answers of a grant may be lost, for the judge's sake.
const maxUnknown = 3

// client does random things with a grant that it shares with others. Its choices are its
// own, so that a turn that it waits for in the server changes none.
type client struct {
	*grant
	number int
	random *rand.Rand
}

// play asks some times, mostly soon after one another, but sometimes not before something
// is over: the ten seconds in which a code may be sent again, the rotation's grace,
// lifetimes.
func (c client) play() {
	for range 2 + c.random.IntN(8) {
		pauses := []time.Duration{time.Second, time.Second, 3 * time.Second, 3 * time.Second, 20 * time.Second, 2 * time.Minute, 20 * time.Minute}
		n := min(c.random.IntN(len(pauses)), c.random.IntN(len(pauses)))
		c.sleep(time.Duration(c.random.Int64N(int64(pauses[n]))))
		if c.unknown < maxUnknown {
			c.ask(c.choose())
		}
	}
}

// choose decides what to do, mostly with the newest tokens.
func (c client) choose() (history.Kind, oauth.Presented) {
	if len(c.access) == 0 || c.random.IntN(15) == 0 {
		return history.Redeem, c.code
	}
	access := oauth.Presented{Kind: oauth.AccessToken, Value: c.access[c.random.IntN(len(c.access))]}
	refresh := oauth.Presented{Kind: oauth.RefreshToken, Value: c.refresh[len(c.refresh)-1]}
	if c.random.IntN(4) == 0 {
		refresh.Value = c.refresh[c.random.IntN(len(c.refresh))]
	}
	either := access
	if c.random.IntN(2) == 0 {
		either = refresh
	}
	switch n := c.random.IntN(20); {
	case n < 10:
		return history.Refresh, refresh
	case n < 14 && c.client.Confidential:
		return history.Introspect, either
	case n < 18:
		return history.Resource, access
	}
	return history.Revoke, either
}

// ask sends a request to one of the servers, and takes down what comes of it.
func (c client) ask(kind history.Kind, p oauth.Presented) {
	op := history.Op{Grant: c.grant.number, Client: c.client.ID, Worker: c.number, Kind: kind, Token: p,
		Rotates: c.rotateAll || !c.client.Confidential, Call: c.history.Now()}
	who, server, ctx := c.client, c.servers[c.random.IntN(len(c.servers))], context.Background()
	thief := c.random.IntN(30) == 0
	if thief {
		who = clients[2]
	}
	r := oauth.Request{Credentials: []oauth.Credential{{ClientID: who.ID, ClientSecret: who.Secret}}}
	if c.random.IntN(2) == 0 {
		r.TokenTypeHint = string(p.Kind)
	}
	var answer oauth.Answer
	var err error
	switch kind {
	case history.Redeem:
		r.GrantType, r.Code = string(oauth.GrantAuthorizationCode), p.Value
		answer, err = server.Token(ctx, r)
	case history.Refresh:
		r.GrantType, r.RefreshToken = string(oauth.GrantRefreshToken), p.Value
		answer, err = server.Token(ctx, r)
	case history.Revoke:
		r.Token = p.Value
		answer, err = server.Token(ctx, r)
	case history.Introspect:
		var found oauth.Introspection
		r.Token = p.Value
		found, _, err = server.Introspect(ctx, r)
		op.Alive = found.Active
	case history.Resource:
		thief = false // no client is asked for
		_, _, err = server.UserInfo(ctx, p.Value)
	}
	c.step() // it may have waited in the server
	switch {
	case thief && answer.Tokens == nil && !op.Alive:
		return
	case thief:
		err = errors.New("a stranger was told something")
	case answer.Tokens != nil && c.openID && who.Confidential && answer.Tokens.IDToken == "":
		err = errors.New("there is no ID token")
	}
	c.hear(op, answer.Tokens, err)
}

// hear takes down an answer. One that tells nothing and has changed nothing is left out.
func (c client) hear(op history.Op, tokens *oauth.Tokens, err error) {
	if op.Outcome, op.Reason = outcome(err); op.Outcome == history.Unknown {
		if op.Kind == history.Introspect || op.Kind == history.Resource {
			return
		}
		c.unknown++
	}
	if tokens != nil {
		op.Access, op.Refresh, op.Expires = tokens.AccessToken, tokens.RefreshToken, tokens.ExpiresIn
		c.access = append(c.access, op.Access)
		if op.Refresh != op.Token.Value {
			c.refresh = append(c.refresh, op.Refresh)
		}
	}
	c.history.Add(op)
}

// reasons are what clients understand of a refusal. Any other is one that none should get,
// and the model knows it not.
var reasons = map[oauth.Reason]history.Reason{
	oauth.ReasonCodeUnknown: history.NoToken, oauth.ReasonCodeTaken: history.NoToken, oauth.ReasonCodeReplayed: history.NoToken,
	oauth.ReasonRefreshUnknown: history.NoToken, oauth.ReasonRefreshTaken: history.NoToken, oauth.ReasonRefreshReplaced: history.NoToken,
	oauth.ReasonAccessUnknown: history.NoToken,
	oauth.ReasonCodeExpired:   history.Expired, oauth.ReasonRefreshExpired: history.Expired, oauth.ReasonAccessExpired: history.Expired,
	oauth.ReasonUserGone: history.NoUser, oauth.ReasonClientUnknown: history.NoClient,
}

// outcome is what an error means.
func outcome(err error) (history.Outcome, history.Reason) {
	var refused oauth.Error
	switch {
	case err == nil:
		return history.OK, ""
	case errors.Is(err, oauth.ErrUnavailable), errors.Is(err, oauth.ErrBusy):
		return history.Unknown, ""
	case errors.Is(err, oauth.ErrSwitchedOff):
		return history.Refused, history.Closed
	case errors.As(err, &refused) && reasons[refused.Reason] != "":
		return history.Refused, reasons[refused.Reason]
	}
	return history.Refused, history.Reason(err.Error())
}
