package wordpress_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// workers is how many people log in at once. PHP has as many processes.
const workers = 4

// changeOver has people log in all the time while nginx gives the token endpoint
// to PHP and back, twice. Not one of their requests may fail.
func changeOver(t *testing.T, p *people) {
	var counts tally
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for ctx.Err() == nil {
				if err := p.session(&counts); err != nil {
					counts.fail(err)
				}
			}
		})
	}
	defer running.Wait()
	defer stop()
	for range 2 {
		counts.awaitMore(t, sidecar)
		p.WordPress.RouteToPHP()
		counts.awaitMore(t, php)
		p.WordPress.RouteToSidecar()
	}
	counts.awaitMore(t, sidecar)
	stop()
	running.Wait()
	counts.judge(t)
}

// session is a login and what follows, each step at whichever side has the
// token endpoint at that moment.
func (p *people) session(counts *tally) error {
	var code string
	if err := p.TryPHP("authorize", stage.AuthorizeArgs(p.client, p.alice, "profile email"), &code); err != nil {
		return err
	}
	a, err := p.tokens(counts, append(stage.CodeForm(p.client, code), "redirect_uri", p.client.Redirect)...)
	if err != nil {
		return err
	}
	refreshToken := a.Member("refresh_token")
	for range 3 {
		if _, err := p.tokens(counts, stage.RefreshForm(p.client, refreshToken)...); err != nil {
			return err
		}
	}
	if a, err = p.ask(counts, append(stage.Credentials(p.client), "grant_type", "revoke_token", "token", refreshToken)...); err != nil {
		return err
	}
	if a.Body["revoked"] != true {
		return fmt.Errorf("revocation: %s", a)
	}
	if a, err = p.ask(counts, stage.RefreshForm(p.client, refreshToken)...); err != nil {
		return err
	}
	if a.Member("error") != "invalid_grant" {
		return fmt.Errorf("refresh after the revocation: %s", a)
	}
	return nil
}

// tokens asks for tokens, and at once uses the access token at PHP.
func (p *people) tokens(counts *tally, pairs ...string) (stage.Answer, error) {
	a, err := p.ask(counts, pairs...)
	if err != nil {
		return a, err
	}
	if a.Status != http.StatusOK || a.Member("access_token") == "" || a.Member("refresh_token") == "" {
		return a, fmt.Errorf("want tokens, got %s", a)
	}
	used, err := stage.Do(p.WordPress.Nginx.HTTP, p.ResourceRequest(a.Member("access_token")))
	if err != nil {
		return a, err
	}
	if used.Body["id"] != float64(p.alice) {
		return a, fmt.Errorf("PHP does not take an access token: %s", used)
	}
	return a, nil
}

// ask sends a form to the token endpoint, and counts who answers.
func (p *people) ask(counts *tally, pairs ...string) (stage.Answer, error) {
	a, err := stage.Do(p.WordPress.Nginx.HTTP, stage.FormRequest(p.Route("moserver/token"), pairs...))
	if err == nil {
		counts.add(a)
	}
	return a, err
}

// side is who answers a token request.
type side int

const (
	sidecar side = iota
	php
)

// tally counts the answers of each side, and keeps what failed.
type tally struct {
	mu       sync.Mutex
	answers  [2]int
	failures []string
}

func (c *tally) add(a stage.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who := sidecar
	if strings.Contains(a.Header.Get("Link"), "api.w.org") { // WordPress names its REST API in each answer
		who = php
	}
	c.answers[who]++
}

func (c *tally) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, err.Error())
}

func (c *tally) count(who side) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers[who]
}

// awaitMore waits until a side has answered some more requests.
func (c *tally) awaitMore(t *testing.T, who side) {
	t.Helper()
	enough := c.count(who) + 10*workers
	stage.Eventually(t, stage.Patience, "more token requests are answered", func() bool { return c.count(who) >= enough })
}

func (c *tally) judge(t *testing.T) {
	t.Helper()
	for i, failure := range c.failures {
		if i < 10 {
			t.Error(failure)
		}
	}
	t.Logf("token requests: %d answered by the sidecar, %d by PHP; %d sessions failed", c.answers[sidecar], c.answers[php], len(c.failures))
}

// freshCodes: a code is good from the moment that PHP's INSERT is done. The
// client here knows it before that and asks without a pause; it is told that
// there is no such code, until it gets the tokens, once.
func freshCodes(t *testing.T, p *people) {
	early := 0
	for range 10 {
		code := "code" + strings.ToLower(rand.Text())
		args := stage.AuthorizeArgs(p.client, p.alice, "profile email")
		args["code"] = code
		written := make(chan error, 1)
		go func() { written <- p.TryPHP("authorize", args, nil) }()
		a := p.redeem(p.client, code)
		for ; a.Member("error") == "invalid_grant"; a = p.redeem(p.client, code) {
			early++
		}
		a.WantTokens(t, "profile email")
		p.wantUser(t, a, p.alice)
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d requests came before their code", early)
	if early == 0 {
		t.Error("no request came before its code, and so this test proves nothing")
	}
}
