package memory

import (
	"context"
	"time"

	"moserver-sidecar/oauth"
)

// maxRecords is how many rotations are on record; the oldest give way.
const maxRecords = 10_000

// rotation is the record of a refresh token that another one has replaced.
type rotation struct {
	successor oauth.Token
	at        time.Time
}

// AgeRotations lets all rotations have happened earlier by d.
func (s *Store) AgeRotations(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, r := range s.rotations {
		r.at = r.at.Add(-d)
		s.rotations[token] = r
	}
}

// FindRotation implements oauth.Store.
func (s *Store) FindRotation(_ context.Context, refreshToken string) (*oauth.Rotation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rotations[refreshToken]
	if !ok {
		return nil, nil
	}
	return &oauth.Rotation{
		ClientID: r.successor.ClientID, UserID: r.successor.UserID, Successor: r.successor.Value,
		Age: time.Since(r.at).Truncate(time.Second),
	}, nil
}

// record remembers that a refresh token among tokens has replaced p; s.mu is
// held.
func (s *Store) record(p oauth.Presented, tokens []oauth.Token) {
	successor, ok := oauth.SuccessorOf(p, tokens)
	if !ok {
		return
	}
	if _, again := s.rotations[p.Value]; !again {
		s.rotated = append(s.rotated, p.Value)
	}
	s.rotations[p.Value] = rotation{successor, time.Now()}
	if len(s.rotated) > maxRecords {
		delete(s.rotations, s.rotated[0])
		s.rotated = s.rotated[1:]
	}
}

// last is what p stands for: itself, or the refresh token at the end of its
// rotations. It is not known where the end is too far away. s.mu is held.
func (s *Store) last(p oauth.Presented) (last oauth.Presented, known bool) {
	for range oauth.MaxRotations + 1 {
		if _, live := s.rows[p]; live || p.Kind != oauth.RefreshToken {
			return p, true
		}
		next, ok := s.rotations[p.Value]
		if !ok {
			return p, true
		}
		p.Value = next.successor.Value
	}
	return p, false
}
