package handlers

import (
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxRefusalLines is how many lines of one reason the log has at first; then it
	// has one a second, and one that says how many there were besides.
	maxRefusalLines = 10

	refusalPause = time.Second
)

// refusals bounds the lines of the log that anybody can cause. There are not many
// reasons, and a flood of one does not hide another.
type refusals struct {
	log *slog.Logger

	mu       sync.Mutex
	byReason map[string]*refusal
}

type refusal struct {
	lines   *rate.Limiter
	outcome string
	omitted int
}

func newRefusals(log *slog.Logger) *refusals {
	return &refusals{log: log, byReason: map[string]*refusal{}}
}

// admit is whether a refusal gets a line of its own. One that does not is counted.
func (r *refusals) admit(err error) bool {
	reason := reasonOf(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := r.byReason[reason]
	if kind == nil {
		kind = &refusal{lines: rate.NewLimiter(rate.Every(refusalPause), maxRefusalLines), outcome: outcome(err)}
		r.byReason[reason] = kind
	}
	if kind.lines.Allow() {
		return true
	}
	if kind.omitted++; kind.omitted == 1 {
		time.AfterFunc(refusalPause, func() { r.tell(reason, kind) })
	}
	return false
}

// tell logs how many refusals had no line of their own.
func (r *refusals) tell(reason string, kind *refusal) {
	r.mu.Lock()
	omitted := kind.omitted
	kind.omitted = 0
	r.mu.Unlock()
	r.log.Info("more refusals", "reason", reason, "outcome", kind.outcome, "count", omitted)
}
