package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Every token issued here is its grant's family, 16 hex digits and 4 more by which this
// form is recognised, and then its random part. So the tables tell what came of one
// grant, without a column for it.
const (
	familyBytes = 8
	checkBytes  = 2
	// FamilyDigits is how long a family is, and how much longer tokens are for it.
	FamilyDigits = 2 * (familyBytes + checkBytes)
	// minRandom is how many random digits a token has at least.
	minRandom = 32
)

// When a second use of a code ends what the first has issued: before that it is a
// reload or a retry, and after it a browser that restores its tabs.
const (
	reloadTime  = 10 * time.Second
	restoreTime = 10 * time.Minute
)

// Reach is which access tokens end with a refresh token.
type Reach int

// The reaches of an end.
const (
	ReachGrant Reach = iota // those that were issued here for the same grant
	ReachAll                // all that the client has for the user
	ReachNone
)

// Family is what a store still has of a grant's tokens.
type Family struct {
	Token  Presented // its refresh token, or if there is none one of its access tokens
	UserID int64
	Oldest time.Time // when its oldest access token expires; the zero time: there is none
}

// Replay is a second use of what is good for one.
type Replay struct {
	Kind   Kind // AuthorizationCode, or RefreshToken for one that was replaced
	UserID int64
	Age    time.Duration // since the first use, in whole seconds; negative: unknown
	Ended  bool          // what came of the first use was ended: one of the two who had it may be a thief
}

// FamilyOf is what the tokens that are issued for p begin with: as p itself, if that is a
// token of ours. Any other code or refresh token begins a family, and an access token has
// none. One value begins different families as a code and as a refresh token: a refresh
// token that is sent as a code must not end its own grant.
func FamilyOf(p Presented) string {
	switch {
	case p.Kind != AuthorizationCode && ours(p.Value):
		return p.Value[:FamilyDigits]
	case p.Kind == AuthorizationCode:
		return newFamily("code:" + p.Value)
	case p.Kind == RefreshToken:
		return newFamily("refresh:" + p.Value)
	}
	return ""
}

// newFamily is the family that begins with a grant.
func newFamily(grant string) string {
	sum := sha256.Sum256([]byte(grant))
	name := hex.EncodeToString(sum[:familyBytes])
	return name + checkOf(name)
}

// ours reports whether a token has the form of those issued here. Every 65,536th of PHP's
// that is as long has it too, and is then a family of its own.
func ours(token string) bool {
	const name = 2 * familyBytes
	return len(token) >= FamilyDigits+minRandom && strings.Trim(token, "0123456789abcdef") == "" &&
		token[name:FamilyDigits] == checkOf(token[:name])
}

// checkOf is the digits behind the name of a family.
func checkOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:checkBytes])
}

// replayedCode judges a code that is not there, refused as such: it may be one that has
// been used. The client has proved who it is, and its seal and verifier are right; so if
// one of the two uses was a thief's, the tokens must not outlive its discovery (RFC 6749,
// 4.1.2).
func (x *exchange) replayedCode(ctx context.Context, refused error) (Answer, error) {
	leave, err := x.searchTokens(ctx)
	if err != nil {
		return Answer{}, err
	}
	defer leave()
	family, err := x.Store.FindFamily(ctx, x.facts.Client.ID, FamilyOf(x.presented))
	if err != nil {
		return Answer{}, err
	}
	if family == nil {
		return Answer{}, refused
	}
	replay := &Replay{Kind: AuthorizationCode, UserID: family.UserID, Age: x.age(family)}
	if replay.Age >= reloadTime && replay.Age <= restoreTime {
		if replay.Ended, err = x.endFamily(ctx, family); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Replay: replay}, errCodeUnknown.because(ReasonCodeReplayed)
}

// endFamily ends all that is left of a grant, and reports whether something was. Where
// no rotations are on record its refresh token may be replaced before it is ended, and
// is then looked for again.
func (x *exchange) endFamily(ctx context.Context, family *Family) (ended bool, err error) {
	for tries := 0; family != nil && tries < 5; tries++ {
		ended, err = x.Store.Revoke(ctx, Revocation{
			Presented: family.Token, ClientID: x.facts.Client.ID, UserID: family.UserID, AccessTokens: ReachGrant,
		})
		if ended || err != nil {
			return ended, err
		}
		if family, err = x.Store.FindFamily(ctx, x.facts.Client.ID, FamilyOf(x.presented)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// age is how long ago a family began, told by its oldest access token as long as the
// site's lifetime is the same; negative if it is not known.
func (x *exchange) age(f *Family) time.Duration {
	if f.Oldest.IsZero() || !f.Oldest.Before(LastExpiry()) {
		return -1
	}
	return x.now.Sub(f.Oldest.Add(-x.facts.Site.AccessTokenLifetime))
}
