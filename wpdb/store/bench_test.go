package store_test

import (
	"fmt"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"strings"
	"sync/atomic"
	"testing"
)

// newBenchmark is a site with a client, and with an index on each column that
// has codes or tokens: without one a benchmark would measure the size of the
// table.
func newBenchmark(b *testing.B) *site {
	s := newSite(b, database)
	for kind, table := range sandboxtest.GrantTables() {
		s.Exec(fmt.Sprintf("ALTER TABLE {}moos_oauth_%s ADD INDEX (%s(64))", table, kind))
	}
	s.PutClient(oauth.Client{ID: clientID, Confidential: true, Secret: "secret", RedirectURIs: []string{"https://a.example.com/cb"}})
	b.ReportAllocs()
	return s
}

// putCodes stores n codes, c1 to cn.
func (s *site) putCodes(n int) {
	s.T.Helper()
	const row, rows = "('c%d', '" + clientID + "', 2, '2037-01-01 00:00:00', 'email')", 1000
	for first := 1; first <= n; first += rows {
		var values []string
		for i := first; i < first+rows && i <= n; i++ {
			values = append(values, fmt.Sprintf(row, i))
		}
		s.Exec("INSERT INTO {}moos_oauth_authorization_codes (authorization_code, client_id, user_id, expires, scope) VALUES " +
			strings.Join(values, ", "))
	}
}

// benchmark runs work in parallel, each time with another number from 1 on.
func benchmark(b *testing.B, work func(n int64) error) {
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := work(n.Add(1)); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	s := newBenchmark(b)
	code := s.putCode("c1")
	benchmark(b, func(int64) error {
		facts, err := s.Find(b.Context(), clientID, code)
		if err == nil && facts.Grant == nil {
			return oauth.ErrNotFound
		}
		return err
	})
}

func BenchmarkIssue(b *testing.B) {
	s := newBenchmark(b)
	benchmark(b, func(n int64) error {
		return s.Issue(b.Context(), newToken(oauth.AccessToken, fmt.Sprint("a", n)))
	})
}

func BenchmarkRedeem(b *testing.B) {
	s := newBenchmark(b)
	s.putCodes(b.N)
	benchmark(b, func(n int64) error {
		code := oauth.Presented{Kind: oauth.AuthorizationCode, Value: fmt.Sprint("c", n)}
		return s.Redeem(b.Context(), code, pair(fmt.Sprint(n))...)
	})
}

func BenchmarkFindBearer(b *testing.B) {
	s := newBenchmark(b)
	if err := s.Issue(b.Context(), newToken(oauth.AccessToken, "a1")); err != nil {
		b.Fatal(err)
	}
	benchmark(b, func(int64) error {
		bearer, err := s.FindBearer(b.Context(), "a1")
		if err == nil && bearer.Grant == nil {
			return oauth.ErrNotFound
		}
		return err
	})
}
