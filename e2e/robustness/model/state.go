package model

import (
	"math/bits"

	"moserver-sidecar/e2e/robustness/history"
)

// set is a set of the codes and tokens of one grant, a bit each.
type set uint64

// state is what the store holds of one grant.
type state struct {
	live     set // there
	maybe    set // there or not: nothing has told yet
	replaced set // refresh tokens that gave way to another
	loose    set // access tokens that a revocation at the same moment may miss

	closed, noClient, noUser bool
}

// sees: whoever looks for t finds it if it is alive, and not if it is not.
func (s *state) sees(t set, alive bool) bool {
	if alive && (s.live|s.maybe)&t == 0 || !alive && s.live&t != 0 {
		return false
	}
	s.maybe &^= t
	if alive {
		s.live |= t
	}
	return true
}

// replace puts tokens in the place of one.
func (s *state) replace(t, by set) {
	if s.maybe&t != 0 {
		s.maybe |= by
	} else {
		s.live |= by
	}
	s.live, s.maybe = s.live&^t, s.maybe&^t
}

// issue adds an access token whose refresh token was looked at before. What ends at
// the same moment may miss it.
func (s *state) issue(in input) {
	s.live |= in.access
	if in.races {
		s.loose |= in.access
	}
}

// end takes tokens away.
func (s *state) end(t set) {
	missed := (s.live | s.maybe) & s.loose & t
	s.live, s.maybe = s.live&^t, s.maybe&^t|missed
}

// mayEnd: tokens were taken away, or not.
func (s *state) mayEnd(t set) { s.live, s.maybe = s.live&^t, s.maybe|s.live&t }

// endGrant takes the refresh tokens t away that are there, and with one the access
// tokens in reach. certain: it has been done.
func (s *state) endGrant(t, access set, certain bool) {
	there, certainly := (s.live|s.maybe)&t, s.live&t != 0
	if there == 0 {
		return
	}
	if certain && certainly {
		s.end(t | access)
	} else if s.mayEnd(access); certain {
		s.end(t)
	} else {
		s.mayEnd(t)
	}
}

// endCrowded: a refresh token was replaced and the answer to the COMMIT lost; before the
// server could look whether it had been carried out, somebody has ended what came of it.
// So nobody was given it, and the client is told that its token is over, as it is.
func (s *state) endCrowded(in input) {
	s.end(in.token)
	s.replaced |= in.token
	s.mayEnd(in.reach)
}

// admits: an administrator's change counts for the next request.
func (s *state) admits(in input) bool {
	return in.apart || !s.closed && !s.noUser && (!s.noClient || in.Kind == history.Resource)
}

// explains: a refusal needs a reason.
func (s *state) explains(in input) bool {
	switch in.Reason {
	case history.NoToken:
		return s.sees(in.token, false)
	case history.Expired:
		return in.mayExpire
	case history.NoUser:
		return s.noUser
	case history.NoClient:
		return s.noClient
	case history.Closed:
		return s.closed
	}
	return false
}

// holds: at the end each token that was given is in the tables unless something has ended
// it, and of refresh tokens that nobody was given, those of answers that were lost.
func (s *state) holds(in input) bool {
	for t := in.known; t != 0; t &= t - 1 {
		one := t & -t
		if !s.sees(one, in.stored&one != 0) {
			return false
		}
	}
	live, maybe := bits.OnesCount64(uint64(s.live&^in.known)), bits.OnesCount64(uint64(s.maybe&^in.known))
	return live <= in.strangers && in.strangers <= live+maybe
}
