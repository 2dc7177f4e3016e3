package wpdb

import "moserver-sidecar/oauth"

// LetWait lets access tokens wait for the next statement that stores some, as those do
// that come in the moment before it is made. Each gets its outcome from there.
func (s *Store) LetWait(tokens ...oauth.Token) (outcomes []<-chan error) {
	s.gathering.mu.Lock()
	defer s.gathering.mu.Unlock()
	for _, token := range tokens {
		g := &gathered{token, make(chan error, 1)}
		s.gathering.waiting = append(s.gathering.waiting, g)
		outcomes = append(outcomes, g.outcome)
	}
	return outcomes
}

// Waiting is how many tokens wait for the next statement.
func (s *Store) Waiting() int {
	s.gathering.mu.Lock()
	defer s.gathering.mu.Unlock()
	return len(s.gathering.waiting)
}
