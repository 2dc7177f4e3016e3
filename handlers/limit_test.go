package handlers_test

import (
	"fmt"
	"net/http"
	"testing"

	"moserver-sidecar/handlers"
)

// TestAuthFailures: too many failures of one address for one client are
// answered with 429, also when the secret is right at last; others go on.
func TestAuthFailures(t *testing.T) {
	const limit = 5
	f := newFixture(t, func(o *handlers.Options) { o.AuthFailures = limit })
	try := func(body, address string) *http.Response {
		response, _ := f.send(request("POST", tokenPath, formType, body, "X-Forwarded-For", address))
		return response
	}
	for i := range limit + 2 {
		want := 400
		if i >= limit {
			want = http.StatusTooManyRequests
		}
		if response := try(refreshBody+fmt.Sprint(i), "192.0.2.1"); response.StatusCode != want {
			t.Errorf("failure %d: status %d, want %d", i, response.StatusCode, want)
		}
	}
	response, body := f.send(request("POST", tokenPath, formType, refreshBody, "X-Forwarded-For", "192.0.2.1"))
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
		t.Errorf("right secret: status %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	if body["code"] != "too_many_failed_authentications" || body["message"] == "" || body["error"] != nil { // which clients take for the end of a token
		t.Errorf("right secret: %v", body)
	}
	if response := try(refreshBody, "192.0.2.2"); response.StatusCode != 200 {
		t.Errorf("another address: status %d", response.StatusCode)
	}
	if response := try("grant_type=refresh_token&client_id=other&client_secret=x", "192.0.2.1"); response.StatusCode != 400 {
		t.Errorf("another client: status %d", response.StatusCode)
	}
}

// TestAuthFailuresOfOneID: an id that is url-encoded in one way and another is
// still that of one client.
func TestAuthFailuresOfOneID(t *testing.T) {
	const limit = 5
	f := newFixture(t, func(o *handlers.Options) { o.AuthFailures = limit })
	for i := range limit + 2 {
		id := clientID[:i] + fmt.Sprintf("%%%02X", clientID[i]) + clientID[i+1:]
		r := request("POST", tokenPath, formType, "grant_type=refresh_token&refresh_token=r0", "X-Forwarded-For", "192.0.2.1")
		r.SetBasicAuth(id, "wrong")
		want := http.StatusUnauthorized
		if i >= limit {
			want = http.StatusTooManyRequests
		}
		if response, _ := f.send(r); response.StatusCode != want {
			t.Errorf("failure %d: status %d, want %d", i, response.StatusCode, want)
		}
	}
}

// TestSuccessesAreNotCounted, nor are refused tokens: both are no guesses of a
// secret.
func TestSuccessesAreNotCounted(t *testing.T) {
	f := newFixture(t, func(o *handlers.Options) { o.AuthFailures = 1 })
	for range 10 {
		if response, _ := f.refresh("X-Forwarded-For", "192.0.2.1"); response.StatusCode != 200 {
			t.Fatalf("status %d", response.StatusCode)
		}
		body := "grant_type=refresh_token&refresh_token=nope&client_id=" + clientID + "&client_secret=" + clientSecret
		response, _ := f.send(request("POST", tokenPath, formType, body, "X-Forwarded-For", "192.0.2.1"))
		if response.StatusCode != 400 {
			t.Fatalf("status %d", response.StatusCode)
		}
	}
}

// TestUnknownAddress: behind a proxy that does not say whom it forwards, or says
// that it is another proxy of this machine, nobody can lock out all others.
func TestUnknownAddress(t *testing.T) {
	f := newFixture(t, func(o *handlers.Options) { o.AuthFailures = 1 })
	for range 10 {
		for _, headers := range [][]string{nil, {"X-Forwarded-For", "127.0.0.1"}} {
			if response, _ := f.send(request("POST", tokenPath, formType, refreshBody+"x", headers...)); response.StatusCode != 400 {
				t.Fatalf("status %d", response.StatusCode)
			}
		}
	}
}
