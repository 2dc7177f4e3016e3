package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// workers is how many clients there are at once.
const workers = 16

// timed is an answer and when it came.
type timed struct {
	stage.Answer
	at time.Time
}

// TestDatabaseKilled kills the database under load, for four seconds. Nothing
// that a client was told may be lost, and no client may be told that its token
// is over.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		environment []string
		unavailable bool // the outage is longer than requests wait
	}{
		{"requests outlast it", nil, false},
		{"requests give up", []string{"MOSERVER_REQUEST_TIMEOUT=1s"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, sandboxtest.Start(t, sandbox.Options{}))
			s.Flush()
			server := s.ServeWith(c.environment)
			var back time.Time
			answers := refreshLoad(s, server, func() {
				time.Sleep(time.Second)
				s.Server.Kill()
				time.Sleep(4 * time.Second)
				if err := s.Server.Run(context.Background()); err != nil {
					t.Error(err)
				}
				back = time.Now()
				time.Sleep(3 * time.Second)
			})
			judgeOutage(t, s, answers, back, c.unavailable)
		})
	}
}

// refreshLoad lets each worker refresh a token of its own, one request after
// the other, for as long as during takes. It returns all answers.
func refreshLoad(s *site, server *stage.Sidecar, during func()) []timed {
	var (
		mu        sync.Mutex
		answers   []timed
		running   sync.WaitGroup
		ctx, stop = context.WithCancel(context.Background())
	)
	for worker := range workers {
		s.Put("refresh", fmt.Sprintf("worker %d", worker), s.app, stage.Row{})
	}
	for worker := range workers {
		running.Go(func() {
			for ctx.Err() == nil {
				a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, fmt.Sprintf("worker %d", worker))...))
				if err != nil {
					s.t.Errorf("a request got no answer: %v", err)
				}
				mu.Lock()
				answers = append(answers, timed{a, time.Now()})
				mu.Unlock()
				time.Sleep(20 * time.Millisecond) // a load, not a benchmark
			}
		})
	}
	func() {
		defer running.Wait()
		defer stop() // also where during ends the test
		during()
	}()
	return answers
}

func judgeOutage(t *testing.T, s *site, answers []timed, back time.Time, wantUnavailable bool) {
	stored := s.accessTokens()
	before, refused, after := 0, 0, time.Duration(-1)
	for _, a := range answers {
		switch {
		case a.Status == http.StatusOK:
			if !stored[a.Member("access_token")] {
				t.Errorf("a token that a client has is not in the table: %s", a)
			}
			if a.at.Before(back) {
				before++
			} else if waited := a.at.Sub(back); after < 0 || waited < after {
				after = waited
			}
		case a.UnavailableFault() != "":
			t.Errorf("%s: %s", a.UnavailableFault(), a)
		default:
			refused++
		}
	}
	if before == 0 {
		t.Error("there were no tokens before the outage")
	}
	if after < 0 || after > 3*time.Second {
		t.Errorf("the first tokens came %s after the database was back", after)
	}
	if (refused > 0) != wantUnavailable {
		t.Errorf("503: want some %v, got %d", wantUnavailable, refused)
	}
	t.Logf("%d tokens before, %d answers of 503, tokens again after %s", before, refused, after)
}

// TestSidecarKilled kills the server itself while codes are exchanged. Each
// exchange has happened wholly or not at all, whatever its client has heard.
func TestSidecarKilled(t *testing.T) {
	t.Parallel()
	const codes = 600
	s := newSite(t, database)
	for i := range codes {
		// A user for each code, to know its tokens by.
		s.Exec("INSERT INTO {}users (ID, user_login) VALUES (?, ?)", 100+i, fmt.Sprintf("user %d", i))
		s.Put("code", fmt.Sprintf("code-%d", i), s.app, stage.Row{User: 100 + i})
	}
	server := s.Serve()
	answered := redeemUntilKilled(s, server, codes)

	next := s.Serve()
	whole := 0
	for i := range codes {
		code := fmt.Sprintf("code-%d", i)
		access := s.tokensOf("access", 100+i)
		refresh := s.tokensOf("refresh", 100+i)
		a, wasAnswered := answered[i]
		switch there := s.Has("code", code); {
		case there && (wasAnswered || len(access)+len(refresh) > 0):
			t.Errorf("%s is still there, beside tokens: answered %v, %d access and %d refresh tokens", code, wasAnswered, len(access), len(refresh))
		case there:
			next.Redeem(s.app, code).WantTokens(t, "profile email")
		case len(access) != 1 || len(refresh) != 1:
			t.Errorf("%s is used, but there are %d access and %d refresh tokens", code, len(access), len(refresh))
		case wasAnswered && (access[0] != a.Member("access_token") || refresh[0] != a.Member("refresh_token")):
			t.Errorf("%s: the tokens in the tables are not those of the answer", code)
		default:
			whole++
		}
	}
	if len(answered) == 0 || whole == codes {
		t.Errorf("the server was not killed in the middle: %d answers, %d of %d codes used", len(answered), whole, codes)
	}
	t.Logf("%d codes answered, %d used, of %d", len(answered), whole, codes)
}

func (s *site) tokensOf(kind string, user int) []string {
	name, column := stage.Table(kind)
	return s.Strings("SELECT "+column+" FROM "+name+" WHERE user_id = ?", user)
}

// redeemUntilKilled exchanges codes and kills the server after some. It
// returns the answers by the number of the code.
func redeemUntilKilled(s *site, server *stage.Sidecar, codes int) map[int]stage.Answer {
	var (
		mu       sync.Mutex
		answered = map[int]stage.Answer{}
		running  sync.WaitGroup
		next     = make(chan int, codes)
	)
	for i := range codes {
		next <- i
	}
	close(next)
	for range workers {
		running.Go(func() {
			for i := range next {
				a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.CodeForm(s.app, fmt.Sprintf("code-%d", i))...))
				if err != nil {
					return // the server is gone, and the rest of its codes with it
				}
				if a.Status != http.StatusOK {
					s.t.Errorf("code-%d: %s", i, a)
				}
				mu.Lock()
				answered[i] = a
				enough := len(answered) == codes/4
				mu.Unlock()
				if enough {
					go server.Kill()
				}
			}
		})
	}
	running.Wait()
	server.Kill()
	return answered
}
