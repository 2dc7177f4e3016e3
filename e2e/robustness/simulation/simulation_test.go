// Package simulation_test plays the protocol on a store in memory, in virtual time. A seed
// decides all that happens, so what it finds happens again.
package simulation_test

import (
	"cmp"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/robustness/model"
	"moserver-sidecar/e2e/robustness/wrong"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
)

var (
	seed    = flag.Uint64("seed", 0, "of the one story to play; 0: a new one each time")
	minutes = flag.Float64("minutes", 0.05, "how long to play new ones")
)

// site is a store, two servers and the clients of some grants.
type site struct {
	*world
	rules     model.Rules
	rotateAll bool
	memory    *memory.Store
	settings  oauth.Site
	servers   []*oauth.Server
	history   *history.Recorder
}

// codeLifetime is PHP's here.
const codeLifetime = 10 * time.Minute

// newSite makes the site of a seed. spoil names the wrong store that it has; empty: a right one.
func newSite(seed uint64, spoil string) *site {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	w := &world{random: rand.New(rand.NewChaCha8(key)), wakes: map[int64]bool{}}
	r := model.Rules{
		Seed: seed, Reach: oauth.Reach(w.number(3)), Recorded: model.Always, Steady: true, Skewed: w.rarely(4),
		Grace:           []time.Duration{0, 5 * time.Second, time.Minute}[w.number(3)],
		RefreshLifetime: []time.Duration{0, time.Minute, time.Hour}[w.number(3)],
	}
	s := &site{world: w, rules: r, rotateAll: w.rarely(2), memory: memory.New(), history: history.New()}
	for _, c := range clients {
		s.memory.PutClient(c)
	}
	s.memory.SetOpenID("https://site.example", false)
	s.settings = oauth.Site{
		AccessTokenLifetime:  []time.Duration{10 * time.Second, 2 * time.Minute, time.Hour}[w.number(3)],
		RefreshTokenLifetime: r.RefreshLifetime, TokenLength: 32,
	}
	s.memory.SetSite(s.settings)
	var used oauth.Store = store{s.memory, w, 20 + w.number(200)}
	if spoil != "" {
		used = wrong.Stores(w.rarely)[spoil](used)
	}
	policy := oauth.Policy{RotateAll: s.rotateAll, RevokeAccessTokens: r.Reach, RotationGrace: r.Grace}
	for i := range time.Duration(2) {
		now := time.Now
		if r.Skewed {
			now = func() time.Time { return time.Now().Add(i * time.Minute) }
		}
		key[31] = byte(1 + i)
		s.servers = append(s.servers, &oauth.Server{Store: used, Policy: policy, Now: now, Random: rand.NewChaCha8(key)})
	}
	return s
}

// begin is a login, with a client or several at once.
func (s *site) begin(number int) *grant {
	g := &grant{
		site: s, number: number, openID: s.rarely(2), client: clients[s.number(2)],
		code: oauth.Presented{Kind: oauth.AuthorizationCode, Value: fmt.Sprintf("%040x", s.random.Uint64())},
	}
	id := g.client.ID
	s.memory.PutUser(int64(number))
	scope := oauth.ParseScope("profile")
	if g.openID {
		scope = append(scope, "openid")
	}
	s.memory.PutGrant(g.code, oauth.Grant{ClientID: id, UserID: int64(number), Expires: time.Now().Add(codeLifetime), Scope: scope})
	s.history.Add(history.Op{Grant: number, Client: id, Kind: history.PHPIssues, Token: g.code, Call: s.history.Now(),
		Outcome: history.OK, Expires: int64(codeLifetime / time.Second)})
	for i := range 1 + s.number(4) {
		c := client{g, number*10 + i, rand.New(rand.NewPCG(s.random.Uint64(), 0))}
		s.later(time.Second, c.play)
	}
	return g
}

// administer takes a user, a client or the plugin away for a while, a few times.
func (s *site) administer(grants []*grant) {
	change := func(op history.Op, do func()) {
		op.Call, op.Outcome = s.history.Now(), history.OK
		do()
		s.history.Add(op)
		s.sleep(s.upTo(20 * time.Second))
	}
	for range s.number(4) {
		g := grants[s.number(len(grants))]
		user, settings := int64(g.number), s.settings
		settings.Deactivated = true
		switch s.number(3) {
		case 0:
			op := history.Op{Grant: g.number, Client: g.client.ID}
			op.Kind = history.DropUser
			change(op, func() { s.memory.DeleteUser(user) })
			op.Kind = history.PutUser
			change(op, func() { s.memory.PutUser(user) })
		case 1:
			change(history.Op{Client: g.client.ID, Kind: history.DropClient}, func() { s.memory.DeleteClient(g.client.ID) })
			change(history.Op{Client: g.client.ID, Kind: history.PutClient}, func() { s.memory.PutClient(g.client) })
		case 2:
			change(history.Op{Kind: history.CloseSite}, func() { s.memory.SetSite(settings) })
			change(history.Op{Kind: history.OpenSite}, func() { s.memory.SetSite(s.settings) })
		}
	}
}

// audit looks at what is stored of a grant when all is over.
func (s *site) audit(g *grant) {
	op := history.Op{Grant: g.number, Client: g.client.ID, Kind: history.Stored, Call: s.history.Now(), Outcome: history.OK}
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.RefreshToken, oauth.AccessToken} {
		for _, t := range s.memory.Tokens(kind) {
			if t.UserID == int64(g.number) && (kind != oauth.AccessToken || slices.Contains(g.access, t.Value)) {
				op.Values = append(op.Values, oauth.Presented{Kind: kind, Value: t.Value})
			}
		}
	}
	slices.SortFunc(op.Values, func(a, b oauth.Presented) int { return cmp.Compare(a.Value, b.Value) })
	s.history.Add(op)
}

// play is the story of a seed.
func play(t *testing.T, seed uint64, spoil string) (s *site) {
	synctest.Test(t, func(t *testing.T) {
		s = newSite(seed, spoil)
		var grants []*grant
		for i := range []int{1, 4, 8, 50}[s.number(4)] {
			grants = append(grants, s.begin(1+i))
		}
		s.later(time.Minute, func() { s.administer(grants) })
		s.running.Wait()
		s.calm = true
		for _, g := range grants {
			c, before := client{g, 0, s.random}, g.unknown
			if c.ask(c.choose()); g.unknown > before {
				t.Errorf("%s %d\nnothing fails any more, and there is no answer", again, seed)
			}
			s.audit(g)
		}
	})
	return s
}

// again is how to play a story once more.
const again = "again: go test ./e2e/robustness/simulation -run Simulation -seed"

// TestSimulation plays new stories for some time, or one once more, and judges them.
func TestSimulation(t *testing.T) {
	first, once := *seed, *seed != 0
	if !once {
		first = uint64(rand.Uint32())
	}
	operations, steps, undecided := 0, 0, 0
	start := time.Now()
	for n := first; n == first || !once && time.Since(start).Minutes() < *minutes; n++ {
		s := play(t, n, "")
		v := model.Judge(s.rules, s.history.Ops())
		operations, steps, undecided = operations+v.Operations, steps+s.steps, undecided+v.Undecided
		for _, ops := range v.Violations {
			t.Errorf("%s %d\n%+v\n%s", again, n, s.rules, model.Tell(s.rules, model.Minimise(s.rules, ops)))
		}
		if t.Failed() {
			return
		}
	}
	took := time.Since(start)
	fmt.Printf("from seed %d: %d operations in %d steps judged, %.0f and %.0f a minute, %d grants undecided\n",
		first, operations, steps, float64(operations)/took.Minutes(), float64(steps)/took.Minutes(), undecided)
}

// TestAgain: a seed tells the same story twice.
func TestAgain(t *testing.T) {
	for n := range uint64(50) {
		if one, two := play(t, n, ""), play(t, n, ""); !reflect.DeepEqual(one.history.Ops(), two.history.Ops()) {
			t.Errorf("the stories of seed %d differ", n)
		}
	}
}

// TestWrongStores: each store that breaks its promise is found out.
func TestWrongStores(t *testing.T) {
	for name := range wrong.Stores(nil) {
		t.Run(name, func(t *testing.T) {
			for n := range uint64(500) {
				s := play(t, n, name)
				if v := model.Judge(s.rules, s.history.Ops()); len(v.Violations) > 0 {
					t.Logf("seed %d:\n%s", n, model.Tell(s.rules, model.Minimise(s.rules, v.Violations[0])))
					return
				}
			}
			t.Error("500 stories, and nothing was found")
		})
	}
}
