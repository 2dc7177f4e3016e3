package handlers

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"moserver-sidecar/oauth"
)

const (
	// maxLimited bounds the memory that failures and successes can take, each.
	// When it is full the older half is forgotten.
	maxLimited = 20_000

	// trustedFor is how long a success counts, and trustedFactor how many more
	// failures there may be meanwhile: the address may be that of a NAT or a CDN,
	// and must not be lost to a client for the sake of one guesser behind it.
	trustedFor    = time.Hour
	trustedFactor = 10
)

// limiter slows down the guessing of client secrets (RFC 6749, 2.3.1). It
// counts failures only, by address and client together: neither a busy client
// nor a guesser somewhere else locks anybody out.
//
// An attempt is reserved before its secret is looked at and given back if it was
// no failure, so that no burst gets more guesses than the limit. Over the limit
// a right secret is refused like a wrong one: else it would be no limit.
type limiter struct {
	now func() time.Time

	mu              sync.Mutex
	perMinute       int // 0: no limit
	failed, trusted generations
}

// limited is who is counted. Of the client's id, which the client may have made
// as long as it likes, only a digest is kept.
type limited struct {
	network  netip.Addr
	clientID [sha256.Size]byte
}

// attempts are those of one client at one address.
type attempts struct {
	failures  float64       // those that still count
	at        time.Time     // when failures was right
	pending   int           // reserved and not decided
	passed    int           // the same, with WordPress
	decided   chan struct{} // closed when one of pending is decided; nil: nobody waits
	succeeded time.Time     // when a secret was right last; the zero time: never
}

// attempt is a reserved one; nil is one that is not counted.
type attempt struct {
	limiter *limiter
	key     limited
	held    *int // one of those of attempts that count it
	*attempts
}

// verdict is what an attempt tells of a secret.
type verdict int

const (
	unjudged verdict = iota // nothing was learned of a secret
	right
	wrong
)

// judge finds out what an answer tells of a secret. A client that is not
// registered or public has none that could be guessed.
func judge(answer oauth.Answer, err error) verdict {
	var refused oauth.Error
	switch {
	case answer.Client == nil || !answer.Client.Confidential:
		return unjudged
	case answer.Authenticated:
		return right
	case errors.As(err, &refused) && refused.Code == oauth.InvalidClient:
		return wrong
	}
	return unjudged
}

func newLimiter(perMinute int) *limiter { return &limiter{perMinute: perMinute, now: time.Now} }

// allow changes how many failures there may be.
func (l *limiter) allow(perMinute int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.perMinute = perMinute
}

// key says who is counted; nobody is where the address is not known, or is only
// a trusted proxy's, such as 127.0.0.1 behind nginx on a unix socket: to count
// all clients behind a proxy as one would let anybody lock out everybody. Of IPv6
// a /64 is counted: a single machine has all its addresses.
//
// The last reading of the credentials names the client: in the first one the
// same id could be written in ever more ways, each with failures of its own.
func (l *limiter) key(address string, r oauth.Request) (key limited, counts bool) {
	network, err := netip.ParseAddr(address)
	if err != nil || len(r.Credentials) == 0 {
		return limited{}, false
	}
	if network.Is6() {
		network = netip.PrefixFrom(network, 64).Masked().Addr()
	}
	last := r.Credentials[len(r.Credentials)-1]
	return limited{network, sha256.Sum256([]byte(last.ClientID))}, true
}

// reserve takes one of the failures that a client may have, or returns an error
// if there were too many. While it depends on others that are with the database
// it waits for them. What is passed on waits for what is passed on too; nothing else
// does, or a WordPress that hangs would keep refreshes waiting.
func (l *limiter) reserve(ctx context.Context, address string, r oauth.Request, passed bool) (*attempt, error) {
	key, counts := l.key(address, r)
	if !counts {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.perMinute > 0 {
		a := l.find(key)
		perMinute := float64(l.perMinute)
		now := l.now()
		if now.Sub(a.succeeded) < trustedFor {
			perMinute *= trustedFactor
		}
		a.failures = max(0, a.failures-now.Sub(a.at).Minutes()*perMinute)
		a.at = now
		undecided, held := a.pending, &a.pending
		if passed {
			undecided, held = a.pending+a.passed, &a.passed
		}
		if a.failures+float64(undecided)+1 <= perMinute {
			*held++
			return &attempt{l, key, held, a}, nil
		}
		if undecided == 0 {
			return nil, tooMany((a.failures + 1 - perMinute) / perMinute)
		}
		if err := l.wait(ctx, a); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func tooMany(minutes float64) error {
	return unavailable{
		status: http.StatusTooManyRequests, code: "too_many_failed_authentications",
		message:    "Too many requests with wrong client credentials.",
		retryAfter: time.Duration(minutes * float64(time.Minute)),
	}
}

// wait lets go of the lock until a pending attempt is decided.
func (l *limiter) wait(ctx context.Context, a *attempts) error {
	if a.decided == nil {
		a.decided = make(chan struct{})
	}
	decided := a.decided
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-decided:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: requests of the same client wait for it: %w", oauth.ErrUnavailable, ctx.Err())
	}
}

// find returns the attempts of key, which it adds if there are none.
func (l *limiter) find(key limited) *attempts {
	if a := l.trusted.find(key); a != nil {
		return a
	}
	a := l.failed.find(key)
	if a == nil {
		a = &attempts{}
		l.failed.put(key, a)
	}
	return a
}

// done decides an attempt.
func (a *attempt) done(v verdict) {
	if a == nil {
		return
	}
	l := a.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	*a.held--
	if a.decided != nil {
		close(a.decided)
		a.decided = nil
	}
	switch v {
	case wrong:
		a.failures++
	case right:
		a.succeeded = l.now()
		l.trusted.put(a.key, a.attempts)
	}
	if a.pending+a.passed == 0 && a.failures == 0 {
		l.failed.remove(a.key)
	}
}

// generations are attempts of which the older half is forgotten when there are
// maxLimited. Failures and successes have their own: nobody without a secret can
// have a success forgotten.
type generations struct{ recent, older map[limited]*attempts }

func (g *generations) find(key limited) *attempts {
	if a := g.recent[key]; a != nil {
		return a
	}
	return g.older[key]
}

func (g *generations) put(key limited, a *attempts) {
	if g.recent == nil || len(g.recent) >= maxLimited/2 && g.recent[key] == nil {
		g.recent, g.older = map[limited]*attempts{}, g.recent
	}
	g.recent[key] = a
}

func (g *generations) remove(key limited) {
	delete(g.recent, key)
	delete(g.older, key)
}
