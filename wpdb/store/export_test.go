package store

import "moserver-sidecar/oauth"

// LetWait lets access tokens wait for the next statement that stores some, as those do
// that come in the moment before it is made. Each gets its outcome from there.
func (s *Store) LetWait(values ...string) (outcomes []chan error) {
	q := s.gathering
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, value := range values {
		g := &gathered{oauth.Token{Kind: oauth.AccessToken, Value: value}, make(chan error, 1)}
		q.waiting, outcomes = append(q.waiting, g), append(outcomes, g.outcome)
	}
	return outcomes
}

// Waits says whether access tokens wait for a statement.
func (s *Store) Waits() bool {
	s.gathering.mu.Lock()
	defer s.gathering.mu.Unlock()
	return len(s.gathering.waiting) > 0
}
