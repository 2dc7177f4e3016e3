package commands

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"moserver-sidecar/wpdb/tokens"
	"time"
)

// purgeTimer deletes what has expired now and then, while the server runs.
type purgeTimer struct {
	purge func(context.Context, tokens.PurgeOptions) ([]tokens.Purged, error)
	after time.Duration // see the setting purge_after; 0: never
	log   *slog.Logger

	first time.Duration // until the first time: a server that has just started has better things to do
	every time.Duration

	told map[string]bool // problems that are in the log already
}

func newPurgeTimer(purge func(context.Context, tokens.PurgeOptions) ([]tokens.Purged, error), after time.Duration, log *slog.Logger) *purgeTimer {
	return &purgeTimer{purge: purge, after: after, log: log, first: 5 * time.Minute, every: time.Hour, told: map[string]bool{}}
}

// run purges until ctx ends. The times are random to a degree, so that servers
// which were started together do not purge together.
func (p *purgeTimer) run(ctx context.Context) {
	if p.after == 0 {
		return
	}
	for pause := p.first; ; pause = p.every {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause/2 + rand.N(pause)):
		}
		p.once(ctx)
	}
}

// once purges, and logs what comes of it.
func (p *purgeTimer) once(ctx context.Context) {
	began := time.Now()
	purged, err := p.purge(ctx, tokens.PurgeOptions{After: p.after})
	for _, t := range purged {
		if t.Rows > 0 {
			p.log.Info("expired rows deleted", "table", t.Table, "rows", t.Rows, "duration_ms", time.Since(began).Milliseconds())
		}
		if t.Finding != nil && !p.told[t.Finding.Problem] {
			p.told[t.Finding.Problem] = true
			p.log.Info(t.Finding.Problem, "remedy", t.Finding.Remedy)
		}
	}
	if err != nil && ctx.Err() == nil {
		p.log.Warn("could not delete all expired rows; will try again in an hour", "error", err)
	}
}
