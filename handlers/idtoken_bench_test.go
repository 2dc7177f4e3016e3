package handlers_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
	"moserver-sidecar/wpdb"
)

// BenchmarkOpenIDShare measures what an ID token costs: refreshes per second
// with openid in the scope, as a share of the smaller of refreshes per second
// without it and RSA-2048 signatures per second on all cores. All take turns, so
// that a busy machine is as busy for each.
//
// "one user" refreshes the same grant over and over; with "many users" no two ID
// tokens are alike, so each is signed. MariaDB, where it is used, runs on the
// same cores: there each signature takes time from the database, and even
// signing that costs nothing more than a signature stays below both.
func BenchmarkOpenIDShare(b *testing.B) {
	b.Run("MariaDB", func(b *testing.B) {
		n := startNamespace(b, handlers.Options{}, wpdb.Config{})
		n.put(oauth.RefreshToken, "plain", rsID, 2, "profile email")
		n.put(oauth.RefreshToken, "openid", rsID, 2, "openid profile email")
		n.exec("UPDATE wp_moos_oauth_refresh_tokens SET expires = NULL")
		measureShare(b, n)
	})
	b.Run("memory", func(b *testing.B) { measureShare(b, startInMemory(b)) })
}

// startInMemory is the namespace without a database.
func startInMemory(b *testing.B) *namespace {
	n := &namespace{t: b, key: newKey(b), clock: time.Now}
	store := memory.New()
	store.SetSite(oauth.Site{AccessTokenLifetime: time.Hour, TokenLength: 32})
	store.SetOpenID("https://example.com/wp-json/moserver", false)
	store.PutUser(2)
	store.PutClient(oauth.Client{ID: rsID, Confidential: true, Secret: rsSecret})
	store.PutKey(rsID, oauth.SigningKey{Algorithm: oauth.RS256, PrivateKey: privatePEM(b, n.key)})
	for token, scope := range map[string]oauth.Scope{"plain": {"profile"}, "openid": {"openid", "profile"}} {
		store.PutGrant(oauth.Presented{Kind: oauth.RefreshToken, Value: token}, oauth.Grant{ClientID: rsID, UserID: 2, Scope: scope})
	}
	server := &oauth.Server{Store: store, Now: func() time.Time { return n.clock() }, Random: rand.Reader}
	options := handlers.Options{RequestTimeout: time.Minute, MaxBodyBytes: 1 << 16}
	n.Server = &httptest.Server{Config: &http.Server{Handler: handlers.New(server, store.Ready, options, slog.New(slog.DiscardHandler))}}
	return n
}

func measureShare(b *testing.B, n *namespace) {
	digest := sha256.Sum256([]byte("what is signed"))
	start, requests := time.Now(), atomic.Int64{}
	later := func() time.Time { return start.Add(time.Duration(requests.Add(1)) * time.Second) }
	measured := []struct {
		name    string
		workers int
		clock   func() time.Time
		once    func()
		rate    float64
	}{
		{"plain/s", 32, time.Now, func() { n.refresh(b, "plain") }, 0},
		{"signatures/s", runtime.GOMAXPROCS(0), time.Now, func() {
			if _, err := rsa.SignPKCS1v15(nil, n.key, crypto.SHA256, digest[:]); err != nil {
				b.Error(err)
			}
		}, 0},
		{"one-user/s", 32, time.Now, func() { n.refresh(b, "openid") }, 0},
		{"many-users/s", 32, later, func() { n.refresh(b, "openid") }, 0},
	}
	rounds := 0.0
	for b.Loop() {
		rounds++
		for i, m := range measured {
			n.clock = m.clock
			measured[i].rate += rate(m.workers, time.Second, m.once)
		}
	}
	for _, m := range measured {
		b.ReportMetric(m.rate/rounds, m.name)
	}
	bound := min(measured[0].rate, measured[1].rate)
	b.ReportMetric(100*measured[2].rate/bound, "%one-user")
	b.ReportMetric(100*measured[3].rate/bound, "%many-users")
	b.ReportMetric(0, "ns/op")
}

// refresh sends a refresh to the handler, without a network between.
func (n *namespace) refresh(t testing.TB, token string) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {rsID}, "client_secret": {rsSecret}}
	request := httptest.NewRequest(http.MethodPost, "/wp-json/moserver/token", strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	n.Config.Handler.ServeHTTP(recorder, request)
	if body, _ := io.ReadAll(recorder.Body); recorder.Code != http.StatusOK || strings.Contains(string(body), "id_token") != (token == "openid") {
		t.Errorf("%d %s", recorder.Code, body)
	}
}

// rate is how often a second workers together do once.
func rate(workers int, d time.Duration, once func()) float64 {
	var count atomic.Int64
	var group sync.WaitGroup
	end := time.Now().Add(d)
	for range workers {
		group.Go(func() {
			for time.Now().Before(end) {
				once()
				count.Add(1)
			}
		})
	}
	start := time.Now()
	group.Wait()
	return float64(count.Load()) / time.Since(start).Seconds()
}
