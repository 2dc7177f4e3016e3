package store_test

import (
	"errors"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// newProxy starts a proxy before the server.
func newProxy(t sandboxtest.T, server *sandbox.Server) *sandboxtest.Proxy {
	t.Helper()
	p := sandboxtest.NewProxy(t, server)
	p.Failed = func(err error) { t.Errorf("a statement has not reached the server: %v", err) }
	return p
}

// through opens a store that reaches the server through a proxy.
func (s *site) through(p *sandboxtest.Proxy) *site {
	return s.reopen(func(c *wpdb.Config) { c.Address = p.Path })
}

// throughSingle opens a store that reaches the server through a proxy which lets through
// no more than one statement at a time, as the store knows already.
func (s *site) throughSingle(p *sandboxtest.Proxy) *site {
	s.T.Helper()
	p.Single = true
	s = s.through(p)
	if err := s.Redeem(within(s.T, patience), refreshToken("?")); !errors.Is(err, oauth.ErrNotFound) {
		s.T.Fatal(err)
	}
	return s
}

// trips runs work, and returns the first words of the statements of each packet that goes
// through the proxy meanwhile.
func trips(p *sandboxtest.Proxy, work func()) (trips []string) {
	for _, packet := range p.Sent(work) {
		var words []string
		for statement := range strings.SplitSeq(packet, "; ") {
			words = append(words, strings.Fields(statement)[0])
		}
		trips = append(trips, strings.Join(words, " "))
	}
	return trips
}
