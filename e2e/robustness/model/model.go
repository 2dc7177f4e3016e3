// Package model is the promise of oauth.Store in code: what may come of an operation on
// a grant, and what the store holds afterwards. It judges histories by it.
package model

import (
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// Rules are the settings that the promise depends on.
type Rules struct {
	Seed     uint64      `json:"seed"`
	Reach    oauth.Reach `json:"reach"`    // which access tokens end with a refresh token
	Recorded Recorded    `json:"recorded"` // whether rotations are on record
	Skewed   bool        `json:"skewed"`   // a server's clock is off by a minute

	Grace           time.Duration `json:"grace"`                      // how long a replaced refresh token is answered again
	RefreshLifetime time.Duration `json:"refresh_lifetime,omitempty"` // of refresh tokens; 0: they never expire

	// Steady: lifetimes stay as they are, and only clients end tokens. So a second use of
	// a code must end what the first has given, when it has to.
	Steady bool `json:"steady,omitempty"`

	// Lag is how late a node of a cluster may show what was written on others: what is
	// granted may be right for that long. What is called dead must be dead.
	Lag time.Duration `json:"lag,omitempty"`
}

// Recorded is whether rotations of refresh tokens are on record.
type Recorded string

// The table of rotations is there, is not, or comes and goes.
const (
	Always    Recorded = "always"
	Never     Recorded = "never"
	Sometimes Recorded = "sometimes"
)

// step is the model: whether an operation may have its outcome, and what is so then.
func (r Rules) step(s state, in input) (ok bool, next state) {
	if in.admission {
		return s.admits(in), s
	}
	switch in.Kind {
	case history.CloseSite, history.OpenSite:
		s.closed = in.Kind == history.CloseSite
	case history.DropClient, history.PutClient:
		s.noClient = in.Kind == history.DropClient
	case history.DropUser, history.PutUser:
		s.noUser = in.Kind == history.DropUser
	case history.EndAll:
		s.end(in.all)
	case history.PHPIssues:
		s.live |= in.access | in.refresh
	case history.PHPTakes:
		s.end(in.token)
	case history.PHPSees:
		return s.sees(in.token, in.Alive), s
	case history.Stored:
		return s.holds(in), s
	case history.Introspect:
		switch {
		case in.Outcome == history.Refused:
			return s.explains(in), s
		case !in.Alive:
			return s.noUser || in.mayExpire || s.sees(in.token, false), s
		}
		return s.admits(in) && !in.mustExpire && s.sees(in.token, true), s
	case history.Resource:
		if in.Outcome == history.Refused {
			return s.explains(in), s
		}
		return s.admits(in) && !in.mustExpire && s.sees(in.token, true), s
	case history.Redeem:
		return r.redeem(s, in)
	case history.Refresh:
		return r.refresh(s, in)
	case history.Revoke:
		return r.revoke(s, in)
	}
	return true, s
}

// redeem: a code is taken once. A second use long after the first ends what came of it.
func (r Rules) redeem(s state, in input) (bool, state) {
	there := (s.live|s.maybe)&in.token != 0
	switch {
	case in.Outcome == history.OK:
		ok := s.admits(in) && !in.mustExpire && in.kin && s.sees(in.token, true)
		s.replace(in.token, in.access|in.refresh)
		return ok, s
	case in.Outcome == history.Unknown && there:
		s.replace(in.token, in.refresh)
		return true, s
	case in.Outcome == history.Refused && !s.explains(in):
		return false, s
	}
	switch certain := in.Outcome == history.Refused && s.live&in.oldest != 0; {
	case certain && in.ends:
		s.end(in.family)
	case certain:
	case in.late && (in.Outcome == history.Unknown || in.Reason == history.NoToken):
		s.mayEnd(in.family)
	}
	return true, s
}

// refresh: a refresh token that is there gives an access token, and where it rotates, its
// successor in its place. One that was replaced gives the same successor while that is
// unused, and otherwise ends it.
func (r Rules) refresh(s state, in input) (bool, state) {
	there := (s.live|s.maybe)&in.token != 0
	switch {
	case in.Outcome == history.Refused:
		if in.crowded && there {
			s.endCrowded(in)
			return true, s
		}
		if !s.explains(in) {
			return false, s
		}
		return in.Reason != history.NoToken || r.replayed(&s, in), s
	case in.Outcome == history.Unknown && !there:
		if in.pastGrace || s.live&in.successor == 0 {
			r.replayed(&s, in)
		}
		return true, s
	case in.Outcome == history.OK && !(s.admits(in) && in.kin):
		return false, s
	case in.Outcome == history.OK && in.refresh == in.token: // it is kept
		ok := !in.Rotates && !in.mustExpire && s.sees(in.token, true)
		s.issue(in)
		return ok, s
	case in.Outcome == history.OK && !there: // it is answered again
		ok := in.inGrace && r.Recorded != Never && s.replaced&in.token != 0 && in.refresh == in.successor && s.sees(in.successor, true)
		s.issue(in)
		return ok, s
	}
	if in.Rotates {
		s.replace(in.token, in.access|in.successor)
		s.replaced |= in.token
	}
	return in.Outcome == history.Unknown || in.Rotates && !in.mustExpire && in.refresh == in.successor, s
}

// replayed: somebody uses a refresh token that has given way to another one.
func (r Rules) replayed(s *state, in input) bool {
	if s.replaced&in.token == 0 || r.Recorded == Never {
		return true
	}
	if r.Recorded == Always && !in.pastGrace && in.Outcome == history.Refused && !s.sees(in.successor, false) {
		return false
	}
	s.endGrant(in.successors, in.reach, r.Recorded == Always)
	return true
}

// revoke ends a token, or the one that has taken its place.
func (r Rules) revoke(s state, in input) (bool, state) {
	switch {
	case in.Outcome == history.Refused:
		return s.explains(in), s
	case in.Token.Kind == oauth.AccessToken:
		s.live, s.maybe = s.live&^in.token, s.maybe&^in.token
	case (s.live|s.maybe)&in.token != 0:
		s.endGrant(in.token, in.reach, true)
	case s.replaced&in.token != 0 && r.Recorded != Never:
		s.endGrant(in.successors, in.reach, r.Recorded == Always)
	}
	return true, s
}
