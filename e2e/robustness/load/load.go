// Package load is random clients of a site, PHP beside the server, and an administrator.
// All that they do and what comes of it goes into a history.
package load

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
)

// Site is what PHP and an administrator can do. Each method is safe for concurrent use,
// and after an error may have been done or not. To do the same once more does no harm,
// except to Issue.
type Site interface {
	// Issue stores a code or token.
	Issue(t oauth.Token) error
	// Sees looks for a code or token.
	Sees(p oauth.Presented) (bool, error)
	// Takes deletes a code, whoever has it by now.
	Takes(code string) error

	// SetUser adds or deletes a user.
	SetUser(id int64, there bool) error
	// SetClient adds or deletes a client.
	SetClient(c stage.Client, there bool) error
	// SetOpen activates or deactivates the plugin.
	SetOpen(open bool) error
	// SetLifetime sets that of access tokens.
	SetLifetime(d time.Duration) error
	// Revoke is the command "tokens revoke --user".
	Revoke(user int64) error

	// Stored is all codes and tokens that are stored, by user.
	Stored() (map[int64][]oauth.Presented, error)
}

// Door is a way to a server.
type Door struct {
	Send      func(*http.Request) (stage.Answer, error)
	Server    int  // where it leads, from 1
	TokenOnly bool // to its token endpoint alone
}

// Load is what plays.
type Load struct {
	Site      Site
	Doors     []Door
	Clients   []stage.Client // one without a secret is public
	RotateAll bool
	KeepUsers bool // the administrator deletes none
	Workers   int
	Codes     int // nothing is done but to redeem codes, until so many were contended; 0: all is done, until time is up
	Seed      uint64
	Pause     time.Duration                                               // at most, between two operations of a worker
	Seal      func(code string, c stage.Client) (sealed, verifier string) // nil: codes are not sealed
	History   *history.Recorder

	mu     sync.Mutex
	grants []*grant // in use
	number int
	used   []*grant

	contended int // of used
}

// grant is a login: its code or its first refresh token are PHP's. It has a user of its
// own.
type grant struct {
	number int
	client stage.Client
	user   int64
	began  time.Time

	mu      sync.Mutex
	code    string // empty: it begins with a refresh token
	refresh []string
	access  []string
	ops     int
	unknown int
	refused int // because something was not there
}

// The limits of a grant: what is judged as one must be small, and shorter than any
// time that the policy knows.
const (
	maxOps     = 22
	maxUnknown = 3
	maxRefused = 8
	maxAge     = 30 * time.Second
	firstUser  = 1000 // added to a grant's number
)

// Run plays until ctx ends, or there were enough contended codes.
func (l *Load) Run(ctx context.Context) {
	var running sync.WaitGroup
	for i := range l.Workers {
		w := &worker{Load: l, number: 1 + i*10, random: rand.New(rand.NewPCG(l.Seed, uint64(i)))}
		running.Go(func() { w.work(ctx) })
	}
	if l.Codes == 0 {
		a := &admin{Load: l, random: rand.New(rand.NewPCG(l.Seed, 1<<32))}
		running.Go(func() { a.work(ctx) })
	}
	running.Wait()
}

// Audit looks at what is stored when all is over: no server runs any more.
func (l *Load) Audit() error {
	call := l.History.Now()
	stored, err := l.Site.Stored()
	if err != nil {
		return err
	}
	for _, g := range append(l.used, l.grants...) {
		var values []oauth.Presented
		for _, p := range stored[g.user] {
			if p.Kind == oauth.RefreshToken || slices.Contains(g.access, p.Value) || p.Value == g.code {
				values = append(values, p)
			}
		}
		l.History.Add(history.Op{Grant: g.number, Client: g.client.ID, Kind: history.Stored, Call: call, Outcome: history.OK, Values: values})
	}
	return nil
}

// rotates reports whether the policy replaces the client's refresh tokens.
func (l *Load) rotates(c stage.Client) bool { return l.RotateAll || c.Secret == "" }

// take returns a grant to do something with, nil if a new one could not be made.
func (l *Load) take(w *worker) *grant {
	l.mu.Lock()
	i := w.random.IntN(max(2, l.Workers))
	if i < len(l.grants) {
		g := l.grants[i]
		if g.fresh() {
			l.mu.Unlock()
			return g
		}
		l.grants = slices.Delete(l.grants, i, i+1)
		l.used = append(l.used, g)
	}
	l.mu.Unlock()
	g := l.newGrant(w.random)
	if !w.begin(g) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grants = append(l.grants, g)
	return g
}

// newGrant is one that has not begun.
func (l *Load) newGrant(random *rand.Rand) *grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.number++
	return &grant{number: l.number, user: int64(firstUser + l.number), began: time.Now(), client: l.Clients[random.IntN(len(l.Clients))]}
}

// fresh counts an operation, and reports whether there may be one more.
func (g *grant) fresh() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ops++
	return g.ops <= maxOps && g.unknown <= maxUnknown && g.refused <= maxRefused && time.Since(g.began) < maxAge
}

// any is a grant in use, nil if there is none.
func (l *Load) any(random *rand.Rand) *grant {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.grants) == 0 {
		return nil
	}
	return l.grants[random.IntN(len(l.grants))]
}

// token makes a code or token as PHP does, with so many digits.
func token(random *rand.Rand, digits int) string {
	b := make([]byte, digits/2)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return hex.EncodeToString(b)
}

// rest waits for a while that is random, or until ctx ends.
func rest(ctx context.Context, random *rand.Rand, most time.Duration) {
	if most <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(random.Int64N(int64(most)))):
	}
}
