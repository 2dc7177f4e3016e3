package handlers

import (
	"context"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"moserver-sidecar/oauth"
)

// limitTest is a limiter with a clock of its own.
type limitTest struct {
	*limiter
	t     *testing.T
	clock time.Time
}

func newLimitTest(t *testing.T, perMinute int) *limitTest {
	l := &limitTest{newLimiter(perMinute), t, time.Now()}
	l.now = func() time.Time { return l.clock }
	return l
}

// try makes attempts with one outcome until one is refused, at most 1000.
func (l *limitTest) try(client, address string, v verdict) int {
	l.t.Helper()
	for n := range 1000 {
		a, err := l.reserve(context.Background(), address, oauth.Request{Credentials: []oauth.Credential{{ClientID: client}}}, false)
		if err != nil {
			return n
		}
		a.done(v)
	}
	return 1000
}

// TestTrusted: a success gives ten times the failures, for an hour.
func TestTrusted(t *testing.T) {
	l := newLimitTest(t, 6)
	want := func(what string, want int) {
		t.Helper()
		if got := l.try("a", "192.0.2.1", wrong); got != want {
			t.Errorf("%s: %d failures, want %d", what, got, want)
		}
	}
	want("unknown", 6)
	if n := l.try("a", "192.0.2.1", right); n != 0 {
		t.Errorf("%d right secrets over the limit", n)
	}
	l.clock = l.clock.Add(20 * time.Second)
	want("a third of a minute later", 2)
	l.clock = l.clock.Add(10 * time.Second)
	if n := l.try("a", "192.0.2.1", right); n != 1000 {
		t.Errorf("%d right secrets", n)
	}
	want("trusted", 60-5)
	l.clock = l.clock.Add(6 * time.Second)
	want("6 seconds later", 6)
	l.clock = l.clock.Add(59 * time.Minute)
	want("nearly an hour later", 60)
	l.clock = l.clock.Add(10 * time.Minute)
	want("more than an hour later", 6)
	if n := l.try("a", "192.0.2.2", wrong) + l.try("b", "192.0.2.1", wrong); n != 12 {
		t.Errorf("%d failures of another address and another client, want 12", n)
	}
	if n := l.try("c", "192.0.2.1", unjudged); n != 1000 {
		t.Errorf("%d attempts that were not judged", n)
	}
}

// TestLimiterMemory: neither failures nor successes at many addresses take more
// than their bound, and failures let no success be forgotten.
func TestLimiterMemory(t *testing.T) {
	l := newLimitTest(t, 1)
	l.try("honest", "192.0.2.1", right)
	l.try("guesser", "192.0.2.1", wrong)
	for n := range uint32(3 * maxLimited) {
		if n == maxLimited/2 && l.try("guesser", "192.0.2.1", wrong) > 0 {
			t.Error("a failure is forgotten, though there are not too many")
		}
		var v4 [4]byte
		binary.BigEndian.PutUint32(v4[:], 0x0a000000+n)
		l.try("a", netip.AddrFrom4(v4).String(), wrong)
	}
	if n := len(l.failed.recent) + len(l.failed.older); n > maxLimited || n < maxLimited/2 {
		t.Errorf("%d failures are kept", n)
	}
	if n := l.try("honest", "192.0.2.1", wrong); n != 10 {
		t.Errorf("the success was forgotten: %d failures, want 10", n)
	}
	l.try("gone", "192.0.2.1", unjudged)
	if key, _ := l.key("192.0.2.1", oauth.Request{Credentials: []oauth.Credential{{ClientID: "gone"}}}); l.failed.find(key) != nil {
		t.Error("an attempt that was not judged is kept")
	}
}

// attempt reserves one of the client a.
func (l *limitTest) attempt(ctx context.Context, passed bool) (*attempt, error) {
	return l.reserve(ctx, "192.0.2.1", oauth.Request{Credentials: []oauth.Credential{{ClientID: "a"}}}, passed)
}

// over is the context of a request that is over, and so waits for nothing.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestReserveWaits: attempts that may be too many wait until those before them are
// decided, and no longer than their requests.
func TestReserveWaits(t *testing.T) {
	for _, v := range []verdict{right, wrong} {
		l := newLimitTest(t, 1)
		first, err := l.attempt(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.attempt(over(), false); err == nil || outcome(err) != "client_gone" {
			t.Errorf("a request that is over: %v", err)
		}
		type outcome struct {
			*attempt
			err error
		}
		others := make(chan outcome)
		for range 2 {
			go func() {
				a, err := l.attempt(context.Background(), false)
				others <- outcome{a, err}
			}()
		}
		select {
		case other := <-others:
			t.Fatalf("it did not wait: %v", other.err)
		case <-time.After(50 * time.Millisecond):
		}
		first.done(v)
		for range 2 {
			if other := <-others; (other.err == nil) != (v == right) || (other.attempt != nil) != (v == right) {
				t.Errorf("after a secret that was right (%v) or wrong (%v): %+v", right, v, other)
			} else {
				other.done(right)
			}
		}
	}
}

// TestReserveBurst: one that was not judged gives back itself alone.
func TestReserveBurst(t *testing.T) {
	l := newLimitTest(t, 2)
	for n := range 3 {
		a, err := l.attempt(over(), false)
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			a.done(unjudged)
		}
	}
	if _, err := l.attempt(over(), false); err == nil {
		t.Error("three are undecided, of two that may fail")
	}
}

// TestReservePassed: what WordPress has to decide keeps only its like waiting.
func TestReservePassed(t *testing.T) {
	l := newLimitTest(t, 1)
	passed, err := l.attempt(context.Background(), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.attempt(over(), true); err == nil {
		t.Error("a second one that is passed on did not wait")
	}
	here, err := l.attempt(over(), false)
	if err != nil {
		t.Fatalf("one that is decided here: %v", err)
	}
	passed.done(unjudged)
	if _, err := l.attempt(over(), true); err == nil {
		t.Error("one that is passed on did not wait for one that is decided here")
	}
	here.done(unjudged)
	if _, err := l.attempt(over(), true); err != nil {
		t.Errorf("after both: %v", err)
	}
}

// TestVerdict: only the secret of a confidential client can be guessed, and only an
// answer about it counts.
func TestVerdict(t *testing.T) {
	confidential, public := &oauth.Client{Confidential: true}, &oauth.Client{}
	invalid, missing := oauth.Error{Code: oauth.InvalidClient}, oauth.Error{Code: oauth.InvalidRequest}
	for name, test := range map[string]struct {
		answer oauth.Answer
		err    error
		want   verdict
	}{
		"unknown client":    {oauth.Answer{}, invalid, unjudged},
		"right":             {oauth.Answer{Client: confidential, Authenticated: true}, nil, right},
		"right, bad token":  {oauth.Answer{Client: confidential, Authenticated: true}, oauth.Error{Code: oauth.InvalidGrant}, right},
		"wrong":             {oauth.Answer{Client: confidential}, invalid, wrong},
		"not looked at":     {oauth.Answer{Client: confidential}, missing, unjudged},
		"database away":     {oauth.Answer{Client: confidential}, oauth.ErrUnavailable, unjudged},
		"public":            {oauth.Answer{Client: public, Authenticated: true}, nil, unjudged},
		"public, refused":   {oauth.Answer{Client: public}, invalid, unjudged},
		"nothing was asked": {oauth.Answer{}, nil, unjudged},
	} {
		if got := judge(test.answer, test.err); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestWhoIsCounted: by address, of IPv6 a /64, and client.
func TestWhoIsCounted(t *testing.T) {
	l := newLimitTest(t, 1)
	of := func(address string, ids ...string) (limited, bool) {
		var r oauth.Request
		for _, id := range ids {
			r.Credentials = append(r.Credentials, oauth.Credential{ClientID: id})
		}
		return l.key(address, r)
	}
	for address, ids := range map[string][]string{"": {"a"}, "unix": {"a"}, "192.0.2.1": nil} {
		if key, counts := of(address, ids...); counts {
			t.Errorf("%q with the ids %v is counted as %v", address, ids, key)
		}
	}
	first, _ := of("2001:db8:0:1::1", "a")
	for address, same := range map[string]bool{
		"2001:db8:0:1:ffff:ffff:ffff:ffff": true, "2001:db8:0:1:8000::1": true, "2001:db8:0:0:ffff::1": false, "2001:db8:0:2::1": false, "192.0.2.1": false,
	} {
		if key, counts := of(address, "x", "a"); !counts || (key == first) != same {
			t.Errorf("%s is counted with 2001:db8:0:1::1: %v, want %v", address, key == first, same)
		}
	}
	if key, _ := of("2001:db8:0:1::1", "a", "x"); key == first {
		t.Error("another client at one address is counted with the first")
	}
}
