package oauth

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"
)

// Policy is where this server leaves a choice to the operator.
type Policy struct {
	// RotateAll replaces the refresh token of confidential clients too at each
	// use. Those of public clients are always replaced (RFC 9700, 4.14.2).
	RotateAll bool

	// OfflineAccess gives a code with openid in its scope a refresh token only
	// if offline_access is in the scope too, as the plugin does.
	OfflineAccess bool

	// RevokeAccessTokens is which access tokens end when a refresh token is revoked
	// (RFC 7009, 2.1) or replayed.
	RevokeAccessTokens Reach

	// RotationGrace is how long a refresh token that was replaced may be
	// presented again by a client that has not heard of it, in the store's whole
	// seconds. 0: not at all.
	RotationGrace time.Duration
}

// Server answers requests to the token endpoint.
type Server struct {
	Store  Store
	Policy Policy
	Now    func() time.Time // the clock that expiry is judged by
	Random io.Reader        // cryptographically secure, for new tokens
	Seals  *Seals           // of authorization codes; nil: they go to clients as the plugin makes them

	keys  keyring
	scans scans
}

// exchange is one request on its way through the server. Facts is filled from the
// store on the way; everything else that is found out is returned.
type exchange struct {
	*Server
	request   Request
	grant     GrantType // empty: none that the server knows
	kinds     []Kind    // what the client may have presented, most likely first
	presented Presented // as the first of them; of a sealed code, the code inside
	seal      *seal     // nil: what was presented has none
	later     bool      // what was presented is looked for after the client has authenticated
	now       time.Time // whole seconds, as the tables keep time
	facts     Facts
}

// Token judges a request and carries it out. The order of the checks is the
// plugin's: clients tell a wrong secret from a wrong code by it. An error that
// is neither an Error nor wraps ErrUnavailable or ErrSwitchedOff is a fault of
// the server.
func (s *Server) Token(ctx context.Context, r Request) (Answer, error) {
	grant, known := r.Grant()
	switch {
	case !known:
		return s.newExchange(r, "", "").answer(ctx)
	case grant == GrantAuthorizationCode:
		x := s.newExchange(r, grant, r.Code, AuthorizationCode)
		x.openSeal()
		return x.answer(ctx)
	case grant == GrantRefreshToken:
		return s.newExchange(r, grant, r.RefreshToken, RefreshToken).answer(ctx)
	}
	return s.Revoke(ctx, r)
}

// Revoke judges a request to the revocation endpoint (RFC 7009), which is a
// revocation whatever grant_type it names. Its errors are those of Token.
func (s *Server) Revoke(ctx context.Context, r Request) (Answer, error) {
	return s.newExchange(r, GrantRevoke, r.presentedToken(), r.hintedKinds()...).answer(ctx)
}

// newExchange begins a request that presents value, which may be of any of the kinds.
//
// Where looking for it would read a whole table, it has to wait until the client has
// authenticated: else anybody could keep the database busy.
func (s *Server) newExchange(r Request, grant GrantType, value string, kinds ...Kind) *exchange {
	x := &exchange{Server: s, request: r, grant: grant, kinds: kinds, now: s.Now().Truncate(time.Second)}
	if len(kinds) > 0 {
		x.presented = Presented{kinds[0], value}
	}
	x.later = slices.ContainsFunc(kinds, s.Store.Scans)
	return x
}

// openSeal goes on with the code inside of a sealed one. A code without a seal
// is looked for unchanged: its refusal must not come sooner.
func (x *exchange) openSeal() {
	if x.Seals == nil {
		return
	}
	if x.seal = x.Seals.open(x.presented.Value); x.seal != nil {
		x.presented.Value = x.seal.code
	}
}

func (x *exchange) answer(ctx context.Context) (Answer, error) {
	err := x.admit(ctx, x.checkGrantType)
	refused := Answer{Client: x.facts.Client, Authenticated: err == nil}
	if err != nil {
		return refused, err
	}
	leave, err := x.lookUp(ctx)
	if err != nil {
		return refused, err
	}
	defer leave()
	answer, err := x.carryOut(ctx)
	answer.Client, answer.Authenticated = x.facts.Client, true
	if err != nil {
		answer.Tokens = nil
	}
	return answer, err
}

// carryOut judges the grant itself, which is the last step, and gives what it asks for.
func (x *exchange) carryOut(ctx context.Context) (Answer, error) {
	switch x.grant {
	case GrantAuthorizationCode:
		return x.redeemCode(ctx)
	case GrantRefreshToken:
		return x.refresh(ctx)
	}
	return Answer{}, x.revoke(ctx)
}

// admit is what all requests share for which a client authenticates. After an
// error x.facts.Client is the client that was named, if there is one.
func (x *exchange) admit(ctx context.Context, checkRequest func() error) error {
	// 1. Read everything the request is judged by, the administrator's switch first.
	if err := x.find(ctx); err != nil {
		return err
	}
	if err := x.facts.Site.closed(); err != nil {
		return err
	}

	// 2. The grant is named and known.
	if err := checkRequest(); err != nil {
		return err
	}

	// 3. The client is who it says (RFC 6749, 3.2.1), before anything is said
	// of its code or token.
	return authenticate(x.facts.Client, x.request.Credentials)
}

// find reads the facts of the request. A second reading of the credentials is
// looked up only if the first names no client.
func (x *exchange) find(ctx context.Context) (err error) {
	presented := x.presented
	if x.later {
		presented = Presented{}
	}
	for _, id := range x.request.clientIDs() {
		if x.facts, err = x.Store.Find(ctx, id, presented); err != nil || x.facts.Client != nil {
			return err
		}
	}
	return nil
}

// clientIDs are the ids that the client may mean, most likely first. Without
// any the facts of the site are wanted all the same.
func (r Request) clientIDs() []string {
	var ids []string
	for _, c := range r.Credentials {
		if !slices.Contains(ids, c.ClientID) {
			ids = append(ids, c.ClientID)
		}
	}
	if len(ids) == 0 {
		return []string{""}
	}
	return ids
}

func (x *exchange) checkGrantType() error {
	switch {
	case x.grant != "":
		return nil
	case x.request.GrantType == "":
		return errGrantMissing
	}
	return errGrantUnknown
}

// checkGrant holds for the stored code or token what both grants have in
// common: it is the client's, the client may use the grant, the user still is there.
func (x *exchange) checkGrant(foreign Error) error {
	client, grant := x.facts.Client, x.facts.Grant
	switch {
	case grant.ClientID != client.ID:
		return foreign
	case client.GrantTypes != nil && !slices.Contains(client.GrantTypes, string(x.grant)):
		return errGrantForbidden
	case !grant.UserExists:
		return errUserGone
	case grant.UserLeft: // the plugin's login asks for the same
		return errUserLeft
	}
	return nil
}

// redeem puts tokens in the place of what was presented. That is the gate:
// a request that loses it has stored nothing, and is answered as one that comes
// too late.
func (x *exchange) redeem(ctx context.Context, gone Error, tokens ...Token) error {
	err := x.Store.Redeem(ctx, x.presented, tokens...)
	if errors.Is(err, ErrNotFound) {
		return gone
	}
	return err
}

func (x *exchange) expired() bool { return x.facts.Grant.expired(x.now) }

// expired reports whether a grant is over. Its last second still counts, as it does
// for the plugin.
func (g *Grant) expired(now time.Time) bool {
	return !g.Expires.IsZero() && g.Expires.Before(now)
}
