package store_test

import (
	"errors"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// through opens a store that reaches the server through a proxy.
func (s *site) through(p *proxy) *site {
	return s.reopen(func(c *wpdb.Config) { c.Address = p.path })
}

// throughSingle opens a store that reaches the server through a proxy which lets through
// no more than one statement at a time, as the store knows already.
func (s *site) throughSingle(p *proxy) *site {
	s.T.Helper()
	p.single = true
	s = s.through(p)
	if err := s.Redeem(within(s.T, patience), refreshToken("?")); !errors.Is(err, oauth.ErrNotFound) {
		s.T.Fatal(err)
	}
	return s
}

// trips runs work, and returns the first words of the statements of each packet that the
// store sends meanwhile.
func (p *proxy) trips(work func()) (trips []string) {
	p.mu.Lock()
	p.sent = nil
	p.mu.Unlock()
	work()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, packet := range p.sent {
		var words []string
		for statement := range strings.SplitSeq(packet, "; ") {
			words = append(words, strings.Fields(statement)[0])
		}
		trips = append(trips, strings.Join(words, " "))
	}
	return trips
}
