package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// holder is a public client's copy of a login: it replaces its refresh token by
// each one that it hears of, and knows nothing of those that it does not.
type holder struct {
	token  string
	access []string // the access tokens that it has heard of
}

// rotationLoad is holders at work, on a server that may be another one each time.
type rotationLoad struct {
	*site
	server  atomic.Pointer[stage.Sidecar]
	holders []*holder
	heard   atomic.Int64 // how many answers with tokens holders have heard
	missed  atomic.Int64 // how often an answer was lost whose tokens were stored
}

// refreshOnce sends what the holder has. A holder may hear nothing, or that it
// should come back, and must not hear that its login is over.
func (l *rotationLoad) refreshOnce(h *holder) (heard bool) {
	server := l.server.Load()
	a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(l.pub, h.token)...))
	switch {
	case err != nil && !l.Has("refresh", h.token):
		l.missed.Add(1)
	case err != nil || a.UnavailableFault() == "":
	case a.Status == http.StatusOK:
		h.token, h.access = a.Member("refresh_token"), append(h.access, a.Member("access_token"))
		l.heard.Add(1)
		return true
	default:
		l.t.Errorf("a holder is told %s", a)
	}
	return false
}

// run lets the holders refresh for as long as during takes.
func (l *rotationLoad) run(during func()) {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	for i := range workers {
		h := &holder{token: fmt.Sprintf("holder %d", i)}
		l.Put("refresh", h.token, l.pub, stage.Row{})
		l.holders = append(l.holders, h)
	}
	for _, h := range l.holders {
		running.Go(func() {
			for ctx.Err() == nil {
				l.refreshOnce(h)
				time.Sleep(5 * time.Millisecond) // a load, not a benchmark
			}
		})
	}
	during()
}

// awaitAnswers waits until the holders have heard some more answers.
func (l *rotationLoad) awaitAnswers() {
	l.t.Helper()
	enough := l.heard.Load() + workers
	stage.Eventually(l.t, stage.Patience, "holders hear answers", func() bool { return l.heard.Load() >= enough })
}

// judge: each holder's login goes on with the token that it has, there is no
// other of it, and what it was told is in the tables.
func (l *rotationLoad) judge(t *testing.T) {
	t.Helper()
	stored := l.accessTokens()
	for _, h := range l.holders {
		for _, token := range h.access {
			if !stored[token] {
				t.Error("an access token that a holder has is not in the table")
			}
		}
		if !l.refreshOnce(h) {
			t.Error("a holder has lost its login")
		}
		l.WantRow("refresh", h.token, true)
	}
	if n := len(l.Strings("SELECT 1 FROM {}moos_oauth_refresh_tokens")); n != len(l.holders) {
		t.Errorf("%d refresh tokens for %d logins", n, len(l.holders))
	}
	t.Logf("%d answers were heard, %d were lost", l.heard.Load(), l.missed.Load())
}

// TestSidecarKilledWhileRotating kills the server until answers are lost with
// it. No holder loses its login.
func TestSidecarKilledWhileRotating(t *testing.T) {
	t.Parallel()
	l := &rotationLoad{site: newRotatingSite(t, database)}
	l.server.Store(l.Serve("--rotation-grace", "1h"))
	l.run(func() {
		stage.Eventually(t, 2*stage.Patience, "an answer was lost", func() bool {
			l.awaitAnswers()
			l.server.Load().Kill()
			l.server.Store(l.Serve("--rotation-grace", "1h"))
			return l.missed.Load() > 0
		})
	})
	l.judge(t)
}

// TestDatabaseKilledWhileRotating kills the database. Holders wait, or are told
// to come back.
func TestDatabaseKilledWhileRotating(t *testing.T) {
	t.Parallel()
	l := &rotationLoad{site: newRotatingSite(t, sandboxtest.Start(t, sandbox.Options{}))}
	l.Flush()
	l.server.Store(l.Serve("--rotation-grace", "1h", "--request-timeout", "2s"))
	l.run(func() {
		for range 2 {
			l.awaitAnswers()
			l.site.Server.Kill()
			if err := l.site.Server.Run(context.Background()); err != nil {
				t.Error(err)
			}
		}
		l.awaitAnswers()
	})
	l.judge(t)
}
