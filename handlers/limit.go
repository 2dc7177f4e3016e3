package handlers

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"moserver-sidecar/oauth"
)

// maxLimited bounds the memory that failed authentications can take. When it
// is full the older half is forgotten.
const maxLimited = 20_000

// limiter slows down the guessing of client secrets (RFC 6749, 2.3.1). It
// counts failures only, by address and client together: neither a busy client
// nor a guesser somewhere else locks anybody out.
type limiter struct {
	perMinute int

	mu            sync.Mutex
	recent, older map[limited]*rate.Limiter
}

// limited is who is counted. Of the client's id, which the client may have made
// as long as it likes, only a digest is kept.
type limited struct {
	address  string
	clientID [sha256.Size]byte
}

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, recent: map[limited]*rate.Limiter{}}
}

// key says who is counted; nobody is where the address is not known, or is only
// a trusted proxy's, such as 127.0.0.1 behind nginx on a unix socket: to count
// all clients behind a proxy as one would let anybody lock out everybody.
//
// The last reading of the credentials names the client: in the first one the
// same id could be written in ever other ways, each with failures of its own.
func (l *limiter) key(address string, r oauth.Request) (key limited, counts bool) {
	if l.perMinute == 0 || address == "" || len(r.Credentials) == 0 {
		return limited{}, false
	}
	last := r.Credentials[len(r.Credentials)-1]
	return limited{address, sha256.Sum256([]byte(last.ClientID))}, true
}

// allow returns an error if there were too many failures.
func (l *limiter) allow(address string, r oauth.Request) error {
	key, counts := l.key(address, r)
	if !counts {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if bucket := l.find(key); bucket != nil && bucket.Tokens() < 1 {
		return unavailable{
			status: http.StatusTooManyRequests, code: "too_many_failed_authentications",
			message:    "Too many requests with wrong client credentials.",
			retryAfter: time.Minute / time.Duration(l.perMinute),
		}
	}
	return nil
}

// failed counts a failure.
func (l *limiter) failed(address string, r oauth.Request) {
	key, counts := l.key(address, r)
	if !counts {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.find(key)
	if bucket == nil {
		if len(l.recent) >= maxLimited/2 {
			l.recent, l.older = map[limited]*rate.Limiter{}, l.recent
		}
		bucket = rate.NewLimiter(rate.Limit(float64(l.perMinute)/60), l.perMinute)
		l.recent[key] = bucket
	}
	bucket.Allow()
}

func (l *limiter) find(key limited) *rate.Limiter {
	if bucket := l.recent[key]; bucket != nil {
		return bucket
	}
	return l.older[key]
}
