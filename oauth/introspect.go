package oauth

import (
	"context"
	"time"
)

// Introspection is what a client learns of one of its own tokens (RFC 7662,
// 2.2). Of any other token it learns only that it is not active, and not why.
type Introspection struct {
	Active   bool
	Kind     Kind // AccessToken or RefreshToken
	ClientID string
	UserID   int64
	Scope    Scope
	Expires  time.Time // the zero time: never
}

// Introspect judges a request to the introspection endpoint (RFC 7662). The
// caller must authenticate with a secret, so public clients are refused: anybody
// who knows such a client's id could ask. The errors are those of Token.
func (s *Server) Introspect(ctx context.Context, r Request) (Introspection, Answer, error) {
	x := s.newExchange(r, "", r.presentedToken(), r.hintedKinds()...)
	err := x.admit(ctx, func() error { return nil })
	answer := Answer{Client: x.facts.Client, Authenticated: err == nil}
	if err == nil && !answer.Client.Confidential {
		err = errSecretMissing.because(ReasonClientPublic)
	}
	if err != nil {
		return Introspection{}, answer, err
	}
	if x.presented.Value == "" {
		return Introspection{}, answer, errTokenMissing
	}
	leave, err := x.lookUp(ctx)
	if err != nil {
		return Introspection{}, answer, err
	}
	defer leave()
	kind, err := x.searchKinds(ctx)
	if err != nil {
		return Introspection{}, answer, err
	}
	return x.introspection(kind), answer, nil
}

// introspection: active is what this server would honour now. The access token
// of a user who has left the client's site is good until it ends, as it is for
// the plugin.
func (x *exchange) introspection(kind Kind) Introspection {
	grant := x.facts.Grant
	if grant == nil || grant.ClientID != x.facts.Client.ID || x.expired() || !grant.UserExists {
		return Introspection{}
	}
	if grant.UserLeft && kind != AccessToken {
		return Introspection{}
	}
	return Introspection{
		Active:   true,
		Kind:     kind,
		ClientID: grant.ClientID,
		UserID:   grant.UserID,
		Scope:    grant.Scope,
		Expires:  grant.Expires,
	}
}
