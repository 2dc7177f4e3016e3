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
	for n := range uint32(3 * maxLimited) {
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

// TestReserveWaits: an attempt that may be one too many waits until those before
// it are decided, and no longer than its request.
func TestReserveWaits(t *testing.T) {
	l := newLimitTest(t, 1)
	r := oauth.Request{Credentials: []oauth.Credential{{ClientID: "a"}}}
	first, err := l.reserve(context.Background(), "192.0.2.1", r, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.reserve(ctx, "192.0.2.1", r, false); err == nil || outcome(err) != "client_gone" {
		t.Errorf("a request that is over: %v", err)
	}
	second := make(chan error)
	go func() {
		_, err := l.reserve(context.Background(), "192.0.2.1", r, false)
		second <- err
	}()
	select {
	case err := <-second:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	first.done(right)
	if err := <-second; err != nil {
		t.Error(err)
	}
}
