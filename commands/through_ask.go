package commands

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"moserver-sidecar/oauth"
)

const (
	// throughTimeout bounds each question of --through, which may go around the world.
	throughTimeout = 10 * time.Second
	// mostRedirects are followed.
	mostRedirects = 5
	// forgedAddress is a client's that there is not (RFC 5737).
	forgedAddress = "192.0.2.53"
	// twice is a body that only this server refuses, whatever the database says: a
	// parameter is given twice.
	twice = "grant_type=refresh_token&grant_type=authorization_code"
)

// seen is an answer, and how it came about.
type seen struct {
	siteAnswer
	method    string
	address   string     // that answered, after redirects
	local     netip.Addr // of this machine, on the connection
	proved    bool       // it is the answer to this challenge
	cached    bool       // it is the answer to another one, or says that it is stored
	redirects []hop
}

// hop is a redirect.
type hop struct {
	status   int
	from, to string
}

// asker asks as clients do. Its proof is nil without the site's settings.
type asker struct{ proof *oauth.Proof }

// follow asks, and again where it is redirected; a POST only where it stays one. forwarded
// is an X-Forwarded-For.
func (k asker) follow(ctx context.Context, method, address, forwarded string) (seen, error) {
	var hops []hop
	for {
		s, err := k.once(ctx, method, address, forwarded)
		s.redirects = hops
		if err != nil || s.status/100 != 3 || len(hops) == mostRedirects {
			return s, err
		}
		to, err := url.Parse(address)
		if err == nil {
			to, err = to.Parse(s.header.Get("Location"))
		}
		if err != nil || s.header.Get("Location") == "" || to.Scheme != "http" && to.Scheme != "https" {
			return s, nil
		}
		hops = append(hops, hop{s.status, address, to.String()})
		if s.redirects = hops; method == http.MethodPost && s.status != http.StatusTemporaryRedirect && s.status != http.StatusPermanentRedirect {
			return s, nil
		}
		address = to.String()
	}
}

// once asks with a new challenge.
func (k asker) once(ctx context.Context, method, address, forwarded string) (s seen, err error) {
	s.method, s.address = method, address
	ctx, cancel := context.WithTimeout(ctx, throughTimeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if local, ok := i.Conn.LocalAddr().(*net.TCPAddr); ok {
			s.local = local.AddrPort().Addr().Unmap()
		}
	}})
	body := ""
	if method == http.MethodPost {
		body = twice
	}
	r, err := newQuestion(ctx, method, address, body)
	if err != nil {
		return s, err
	}
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	want := ""
	if k.proof != nil {
		challenge := k.proof.Challenge()
		r.Header.Set(oauth.HeaderChallenge, challenge)
		want = k.proof.Answer(challenge)
	}
	if s.siteAnswer, err = ask(r, new(http.Transport)); err != nil {
		return s, err
	}
	got := s.header.Get(oauth.HeaderAnswer)
	s.proved = want != "" && got == want
	s.cached = got != want && got != "" || s.saysStored()
	return s, nil
}

// saysStored reports whether a cache says that it had the answer already.
func (a siteAnswer) saysStored() bool {
	if age := a.header.Get("Age"); age != "" && age != "0" {
		return true
	}
	for name, values := range a.header {
		if strings.Contains(strings.ToLower(name), "cache") && strings.HasPrefix(strings.ToUpper(strings.Join(values, " ")), "HIT") {
			return true
		}
	}
	return false
}
