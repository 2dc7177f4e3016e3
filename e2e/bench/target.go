package main

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// tokens is how many refresh tokens and access tokens the requests choose from.
const tokens = 10_000

// generator carries out a load.
type generator interface {
	run(load) (result, error)
}

// target is something that is measured.
type target struct {
	name string
	generator
	cost processes // whose processor time it takes
}

// httpTarget sends requests to an address.
type httpTarget struct {
	network   string
	addresses []string // the connections are shared out among them
	next      func() (request, error)
	stock     *consumed   // nil: the same requests can be sent again and again
	tls       *tls.Config // nil: in clear text
	shed      bool        // 503 with Retry-After is an answer like another
}

// run implements generator.
func (h *httpTarget) run(l load) (result, error) {
	if h.stock != nil {
		h.stock.ensure(l)
	}
	workers := make([]worker, l.Connections)
	end := time.Now().Add(l.Duration + lastAnswer)
	for i := range workers {
		w := &httpWorker{network: h.network, address: h.addresses[i%len(h.addresses)], tls: h.tls, next: h.next, shed: h.shed, end: end}
		defer w.close()
		workers[i] = w
	}
	r, err := run(workers, l)
	if err == nil && r.Lost > 0 && !h.shed {
		err = fmt.Errorf("%d requests got no answer", r.Lost)
	}
	return r, err
}

// consumed is a series of which each request uses up one.
type consumed struct {
	stock
	series

	mu   sync.Mutex
	have int
	used atomic.Int64
}

// mostPerSecond is more than any target here can answer.
const mostPerSecond = 20_000

// ensure stores as many as a load can use up.
func (c *consumed) ensure(l load) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rate := l.Rate + 100
	if l.Rate == 0 {
		rate = mostPerSecond
	}
	last := int(c.used.Load()) + int(rate*l.Duration.Seconds())
	if last <= c.have {
		return
	}
	first := c.have + 1
	c.have = last
	c.fill(c.series, first, last)
}

// next is the value of one that has not been used.
func (c *consumed) next() (string, error) {
	n := int(c.used.Add(1))
	if n > c.have {
		return "", fmt.Errorf("the stock of the series %c is used up", c.letter)
	}
	return c.value(n), nil
}

// post is a request to a route with a form, which must need no escaping.
func post(host, path, form, want string) request {
	return request{text: fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", path, host, len(form), form), want: []byte(want)}
}

// credentials are those of the client of a series, in a form.
func (s series) credentials() string {
	if s.client == publicClientID {
		return "&client_id=" + s.client
	}
	return "&client_id=" + s.client + "&client_secret=" + clientSecret
}

const (
	tokenPath    = "/wp-json/moserver/token"
	resourcePath = "/wp-json/moserver/resource"
	phpPath      = "/wp-json/bench/v1/token"
)

// refreshWith uses refresh tokens of a series, the first n.
func refreshWith(host, path string, of series, n int, want string) func() (request, error) {
	return func() (request, error) {
		token := of.value(rand.IntN(n) + 1)
		return post(host, path, "grant_type=refresh_token&refresh_token="+token+of.credentials(), want), nil
	}
}

// rotate uses up a refresh token of the public client.
func rotate(host string, tokens *consumed) func() (request, error) {
	return func() (request, error) {
		token, err := tokens.next()
		return post(host, tokenPath, "grant_type=refresh_token&refresh_token="+token+tokens.credentials(), `"refresh_token"`), err
	}
}

// redeem uses up a code.
func redeem(host string, codes *consumed) func() (request, error) {
	return func() (request, error) {
		code, err := codes.next()
		return post(host, tokenPath, "grant_type=authorization_code&code="+code+codes.credentials(), `"refresh_token"`), err
	}
}

// revoke uses up a refresh token.
func revoke(host string, tokens *consumed) func() (request, error) {
	return func() (request, error) {
		token, err := tokens.next()
		return post(host, tokenPath, "grant_type=revoke_token&token="+token+tokens.credentials(), `"revoked":true`), err
	}
}

// resource shows an access token.
func resource(host string) (request, error) {
	token := allSeries()[resourceName].value(rand.IntN(tokens) + 1)
	return request{text: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", resourcePath, host, token),
		want: []byte(`"email":`)}, nil
}
