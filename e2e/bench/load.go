package main

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is what a generator is to do.
type load struct {
	Connections int
	Duration    time.Duration
	// Rate is how many requests a second are sent, whether or not earlier ones
	// have been answered. 0: each connection sends the next one when it has the
	// answer to the last.
	Rate float64
	// FromSending counts latencies from when a request was sent instead of from
	// when it was due: for a server that is asked for more than it can do on
	// purpose, the wait for a free connection says nothing.
	FromSending bool
}

// result is what came of a load.
type result struct {
	Elapsed   time.Duration // until the last answer
	Latencies []uint32      // microseconds, of the requests that were carried out
	Shed      []uint32      // of those that were refused with 503
	Offered   int           // requests that were due
	Lost      int           // requests that were sent and not answered
}

// worker carries out one request after another, each time do is called. It is
// used by one goroutine at a time.
type worker interface {
	do() error
	close()
}

// rate is requests carried out a second.
func (r result) rate() float64 { return float64(len(r.Latencies)) / r.Elapsed.Seconds() }

// add puts the figures of another run to those of r.
func (r *result) add(other result) {
	r.Elapsed += other.Elapsed
	r.Latencies = append(r.Latencies, other.Latencies...)
	r.Shed = append(r.Shed, other.Shed...)
	r.Offered += other.Offered
	r.Lost += other.Lost
}

// run lets the workers do what the load says. The first error ends it, except
// errShed and errNoAnswer, which are counted.
func run(workers []worker, l load) (result, error) {
	r := &running{load: l, start: time.Now(), due: make(chan time.Time, 1<<16)}
	results := make([]result, len(workers))
	var group sync.WaitGroup
	for i, w := range workers {
		group.Go(func() { r.work(w, &results[i]) })
	}
	offered := 0
	if l.Rate > 0 {
		offered = r.pace()
	}
	close(r.due)
	group.Wait()
	total := result{}
	last := l.Duration
	for _, r := range results {
		total.add(r)
		last = max(last, r.Elapsed)
	}
	total.Elapsed = last
	total.Offered = max(offered, len(total.Latencies)+len(total.Shed)+total.Lost)
	if err := r.failure.Load(); err != nil {
		return total, *err
	}
	return total, nil
}

// running is a load that is being carried out.
type running struct {
	load
	start   time.Time
	due     chan time.Time // one for each request, with Rate
	failure atomic.Pointer[error]
}

// over reports whether no further request should be sent.
func (r *running) over() bool {
	return time.Since(r.start) >= r.Duration || r.failure.Load() != nil
}

// work carries out requests as they fall due. Latency counts from the moment
// when a request was due, not from when a connection was free for it: else a
// server that stalls would seem to stall one request a connection only. What
// still waits for a connection at the end counts as offered, and no more.
func (r *running) work(w worker, to *result) {
	for !r.over() {
		at := time.Now()
		if r.Rate > 0 {
			var ok bool
			if at, ok = <-r.due; !ok {
				return
			}
		}
		if r.FromSending {
			at = time.Now()
		}
		err := w.do()
		took := uint32(time.Since(at).Microseconds())
		if !errors.Is(err, errNoAnswer) {
			to.Elapsed = time.Since(r.start)
		}
		switch {
		case err == nil:
			to.Latencies = append(to.Latencies, took)
		case errors.Is(err, errShed):
			to.Shed = append(to.Shed, took)
		case errors.Is(err, errNoAnswer):
			to.Lost++
		default:
			r.failure.CompareAndSwap(nil, &err)
		}
	}
}

// pace says when requests are due, and returns how many there were.
func (r *running) pace() int {
	for n := 0; ; n++ {
		after := time.Duration(float64(n) / r.Rate * float64(time.Second))
		if after >= r.Duration || r.failure.Load() != nil {
			return n
		}
		at := r.start.Add(after)
		sleepUntil(at)
		select {
		case r.due <- at:
		default: // as many wait as fit: the server is far behind
		}
	}
}

// quantile is the latency that a share of all is not above; 0 if there is none.
func quantile(latencies []uint32, share float64) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(latencies))
	i := min(int(share*float64(len(sorted))), len(sorted)-1)
	return time.Duration(sorted[i]) * time.Microsecond
}
