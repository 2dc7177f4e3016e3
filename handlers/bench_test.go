package handlers_test

import (
	"testing"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// BenchmarkRefresh is a refresh without openid, from the request's bytes to the
// answer's, but without a network before the server.
func BenchmarkRefresh(b *testing.B) {
	b.Run("MariaDB", func(b *testing.B) {
		n := startNamespace(b, handlers.Options{}, wpdb.Config{})
		n.exec("ALTER TABLE wp_moos_oauth_refresh_tokens ADD INDEX (refresh_token(64))")
		n.put(oauth.RefreshToken, "plain", rsID, 2, "profile email")
		n.exec("UPDATE wp_moos_oauth_refresh_tokens SET expires = NULL")
		benchmarkRefresh(b, n)
	})
	b.Run("memory", func(b *testing.B) { benchmarkRefresh(b, startInMemory(b)) })
}

func benchmarkRefresh(b *testing.B, n *namespace) {
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.refresh(b, "plain")
		}
	})
}
