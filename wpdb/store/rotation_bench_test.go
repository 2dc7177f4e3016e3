package store_test

import (
	"fmt"
	"moserver-sidecar/oauth"
	"testing"
)

// BenchmarkRotate replaces refresh tokens with and without a record of it.
func BenchmarkRotate(b *testing.B) {
	for name, record := range map[string]bool{"with record": true, "without": false} {
		b.Run(name, func(b *testing.B) {
			s := newBenchmark(b)
			if record {
				s.CreateRotations()
			}
			for n := range b.N {
				if err := s.Issue(b.Context(), newToken(oauth.RefreshToken, fmt.Sprint("old", n+1))); err != nil {
					b.Fatal(err)
				}
			}
			benchmark(b, func(n int64) error {
				return s.Redeem(b.Context(), refreshToken(fmt.Sprint("old", n)), pair(fmt.Sprint(n))...)
			})
		})
	}
}

// BenchmarkUnknownRefreshToken is what a guesser costs: a look for the token, and
// one for its record.
func BenchmarkUnknownRefreshToken(b *testing.B) {
	s := newBenchmark(b)
	s.CreateRotations()
	benchmark(b, func(n int64) error {
		unknown := fmt.Sprint("unknown", n)
		if _, err := s.Find(b.Context(), clientID, refreshToken(unknown)); err != nil {
			return err
		}
		_, err := s.FindRotation(b.Context(), unknown)
		return err
	})
}
