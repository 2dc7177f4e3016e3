package model

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/oauth"
)

// input is an operation as the model takes it.
type input struct {
	history.Op
	token, access, refresh set  // what was presented and given
	successor, successors  set  // what replaces the presented refresh token, and what replaces that
	reach                  set  // the access tokens that end with the presented refresh token
	family                 set  // all that came of the presented code
	kin                    bool // what was given is of the presented one's family
	all                    set  // all of the presented kind
	admission              bool // the part in which the server looks whether client, user and site are there
	apart                  bool // that part is an operation of its own
	races                  bool // something may end at the same moment
	crowded                bool // somebody may end at the same moment what this puts in the token's place
	late                   bool // a code's second use may end what its first has given
	oldest                 set  // as long as this is there, that is sure, or that it does not
	ends                   bool // it is sure
	mayExpire, mustExpire  bool
	inGrace, pastGrace     bool // the refresh token may have been replaced so lately, or so long ago

	known     set // all that anybody was given
	stored    set // of these, what is in the tables
	strangers int // how many others are, of refresh tokens
}

// Moments that the model allows for.
const (
	reload  = 9 * time.Second  // a second use of a code before ten seconds ends nothing
	restore = 10 * time.Minute // nor does one after that
	second  = time.Second      // the tables keep whole seconds
)

// MaxTokens is how many codes and tokens a grant may have.
const MaxTokens = 64

// book knows the codes and tokens of a grant.
type book struct {
	rules     Rules
	ops       []history.Op
	values    []oauth.Presented
	number    map[string]int // of values
	known     int            // how many of values somebody was given
	successor map[string]string
	expiry    map[string][2]int64 // of access tokens: the earliest and the latest
}

// lost is the name of the refresh token of an answer that was lost.
const lost = "lost: "

func newBook(r Rules, ops []history.Op) *book {
	b := &book{rules: r, ops: ops, number: map[string]int{}, successor: map[string]string{}, expiry: map[string][2]int64{}}
	for _, op := range ops {
		if op.Token.Value != "" {
			b.add(op.Token)
		}
		b.add(oauth.Presented{Kind: oauth.RefreshToken, Value: op.Refresh})
		b.add(oauth.Presented{Kind: oauth.AccessToken, Value: op.Access})
		if lifetime := time.Duration(op.Expires) * time.Second; lifetime > 0 && op.Return != history.Forever {
			b.expires(cmp.Or(op.Access, op.Token.Value), op.Call, op.Return, lifetime)
		}
		if op.Refresh != "" && op.Token.Value != "" && op.Refresh != op.Token.Value && r.RefreshLifetime > 0 {
			b.expires(op.Refresh, b.firstUse(op.Token), op.Return, r.RefreshLifetime)
		}
		if op.Kind == history.Refresh && op.Outcome == history.OK && op.Refresh != op.Token.Value && b.successor[op.Token.Value] == "" {
			b.successor[op.Token.Value] = op.Refresh
		}
	}
	b.known = len(b.values)
	for _, op := range ops {
		if op.Outcome != history.Unknown || op.Kind != history.Redeem && !(op.Kind == history.Refresh && op.Rotates) {
			continue
		}
		if b.successor[op.Token.Value] == "" {
			b.successor[op.Token.Value] = lost + op.Token.Value
			b.add(oauth.Presented{Kind: oauth.RefreshToken, Value: lost + op.Token.Value})
		}
	}
	return b
}

func (b *book) add(p oauth.Presented) {
	if _, there := b.number[p.Value]; p.Value != "" && !there {
		b.number[p.Value] = len(b.values)
		b.values = append(b.values, p)
	}
}

// set is the set of one value, empty if there is none.
func (b *book) set(value string) set {
	n, there := b.number[value]
	if !there {
		return 0
	}
	return 1 << n
}

// where is the set of the values of which something is so.
func (b *book) where(so func(oauth.Presented) bool) (s set) {
	for i, p := range b.values {
		if so(p) {
			s |= 1 << i
		}
	}
	return s
}

// family is what the tokens begin with that are issued for p.
func family(p oauth.Presented) string {
	for strings.HasPrefix(p.Value, lost) {
		p.Value = strings.TrimPrefix(p.Value, lost)
		if !strings.HasPrefix(p.Value, lost) && len(p.Value) == codeLength {
			p.Kind = oauth.AuthorizationCode
		}
	}
	return oauth.FamilyOf(p)
}

// codeLength tells codes from tokens, as PHP makes them here.
const codeLength = 40

// inReach are the access tokens that end with a refresh token.
func (b *book) inReach(refresh oauth.Presented) set {
	return b.where(func(p oauth.Presented) bool {
		return p.Kind == oauth.AccessToken && (b.rules.Reach == oauth.ReachAll ||
			b.rules.Reach == oauth.ReachGrant && family(p) == family(refresh))
	})
}

// input makes an operation's.
func (b *book) input(op history.Op) input {
	in := input{
		Op: op, token: b.set(op.Token.Value), access: b.set(op.Access), refresh: b.set(op.Refresh),
		successor: b.set(b.successor[op.Token.Value]), known: set(1)<<b.known - 1,
		all: b.where(func(p oauth.Presented) bool { return p.Kind == op.Token.Kind }),
	}
	in.kin = family(op.Token) == family(oauth.Presented{Kind: oauth.AccessToken, Value: op.Access}) &&
		(op.Refresh == "" || op.Refresh == op.Token.Value || strings.HasPrefix(op.Refresh, family(op.Token)))
	if op.Token.Kind == oauth.RefreshToken {
		in.reach = b.inReach(op.Token)
		for next, n := b.successor[op.Token.Value], 0; next != "" && n < MaxTokens; next, n = b.successor[next], n+1 {
			in.successors |= b.set(next)
		}
	}
	if op.Kind == history.Redeem {
		if op.Outcome == history.Unknown {
			in.refresh = in.successor
		}
		in.family = b.where(func(p oauth.Presented) bool {
			return p.Kind != oauth.AuthorizationCode && family(p) == family(op.Token)
		})
		oldest, ends := b.oldest(op)
		in.oldest, in.ends = b.set(oldest), ends
		in.late = b.rules.Skewed || op.Return-b.firstUse(op.Token) >= int64(reload)
	}
	in.mayExpire, in.mustExpire = b.expired(op, op.Token.Value)
	if op.Kind == history.Refresh {
		in.inGrace, in.pastGrace = b.grace(op)
		successor, _ := b.expired(op, b.successor[op.Token.Value])
		in.mayExpire = in.mayExpire || successor
	}
	in.races = op.Kind == history.Refresh && slices.ContainsFunc(b.ops, func(e history.Op) bool {
		return ends(e) && e.Call <= op.Return && b.earliest(op) <= e.Return
	})
	in.crowded = op.Kind == history.Refresh && op.Rotates && op.Reason == history.NoToken && slices.ContainsFunc(b.ops, func(e history.Op) bool {
		return b.endsOthers(e, op.Token) && (e.Call != op.Call || e.Worker != op.Worker) && e.Call <= op.Return && op.Call <= e.Return
	})
	for _, p := range op.Values {
		if s := b.set(p.Value); s != 0 {
			in.stored |= s
		} else if p.Kind == oauth.RefreshToken {
			in.strangers++
		}
	}
	return in
}

// ends reports whether an operation may take tokens away.
func ends(op history.Op) bool {
	switch op.Kind {
	case history.Revoke, history.EndAll:
		return op.Outcome != history.Refused
	case history.Refresh, history.Redeem:
		return op.Outcome == history.Refused && op.Reason == history.NoToken || op.Outcome == history.Unknown
	}
	return false
}

// endsOthers reports whether an operation may end what replaces a refresh token.
func (b *book) endsOthers(op history.Op, token oauth.Presented) bool {
	if op.Kind == history.Refresh && op.Token == token {
		if _, past := b.grace(op); !past {
			return false // it gets the successor
		}
	}
	return ends(op) && op.Kind != history.Redeem
}
