package handlers_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/oauth/memory"
)

const (
	clientID, clientSecret = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU", "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	tokenPath              = "/wp-json/moserver/token"
	formType               = "application/x-www-form-urlencoded"
	alice                  = int64(2)
	refreshBody            = "grant_type=refresh_token&refresh_token=r0&client_id=" + clientID + "&client_secret=" + clientSecret
)

// fixture is a handler on a store in memory, and what it logs.
type fixture struct {
	*testing.T
	handler http.Handler
	store   *memory.Store
	log     *bytes.Buffer
}

func newFixture(t *testing.T, change func(*handlers.Options)) *fixture {
	f := &fixture{T: t, store: memory.New(), log: &bytes.Buffer{}}
	f.store.PutUser(alice)
	f.store.PutClient(oauth.Client{
		ID: clientID, Confidential: true, Secret: clientSecret,
		RedirectURIs: []string{"https://client.example.com/callback", "https://b.example.com:8443/", "myapp://callback"},
	})
	f.store.PutGrant(oauth.Presented{Kind: oauth.RefreshToken, Value: "r0"}, oauth.Grant{ClientID: clientID, UserID: alice})
	server := &oauth.Server{Store: f.store, Now: time.Now, Random: rand.Reader}
	o := options(change)
	if o.Upstream.Address != "" { // as settings have it
		var err error
		if server.Seals, err = oauth.NewSeals([]byte(strings.Repeat("s", oauth.MinSealSecret))); err != nil {
			t.Fatal(err)
		}
	}
	f.handler = handlers.New(server, f.store.Ready, o, slog.New(slog.NewTextHandler(f.log, nil)))
	return f
}

func options(change func(*handlers.Options)) handlers.Options {
	o := handlers.Options{
		RequestTimeout: time.Second, MaxBodyBytes: 4096,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	if change != nil {
		change(&o)
	}
	return o
}

// upstreamAt is where a URL's server listens.
func upstreamAt(url string) handlers.Upstream {
	return handlers.Upstream{Network: "tcp", Address: strings.TrimPrefix(url, "http://")}
}

// request makes a request as it comes from a proxy on this machine.
func request(method, target, contentType, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1234"
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func (f *fixture) send(r *http.Request) (*http.Response, map[string]any) {
	f.Helper()
	recorder := httptest.NewRecorder()
	f.handler.ServeHTTP(recorder, r)
	response := recorder.Result()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.Fatal(err)
	}
	body := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &body); err != nil {
			f.Fatalf("the body is no JSON object: %s", text)
		}
	}
	return response, body
}

func (f *fixture) refresh(headers ...string) (*http.Response, map[string]any) {
	f.Helper()
	return f.send(request("POST", tokenPath, formType, refreshBody, headers...))
}

func TestTokenResponse(t *testing.T) {
	f := newFixture(t, nil)
	response, body := f.refresh()
	if response.StatusCode != 200 {
		t.Fatalf("status %d, body %v", response.StatusCode, body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store", "Pragma": "no-cache",
		"X-Content-Type-Options": "nosniff", "Vary": "Origin", "Access-Control-Allow-Origin": "",
	} {
		if got := response.Header.Get(name); !strings.EqualFold(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	token, _ := body["access_token"].(string)
	want := map[string]any{
		"access_token": token, "expires_in": 3600.0, "token_type": "Bearer", "scope": "profile email", "refresh_token": "r0",
	}
	if diff := cmp.Diff(want, body); diff != "" || len(token) != 52 {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestRoutes(t *testing.T) {
	f := newFixture(t, nil)
	for target, found := range map[string]bool{
		"/wp-json/moserver/token":                                 true,
		"/wp-json/moserver/token/":                                true,
		"/wp-json/MOserver/Token":                                 true,
		"/wptest/wordpress/wp-json/moserver/token":                true,
		"/index.php/wp-json/moserver/token":                       true,
		"/blog/index.php/wp-json/moserver/token/":                 true,
		"/?rest_route=/moserver/token":                            true,
		"/?rest_route=%2Fmoserver%2Ftoken%2F":                     true,
		"/index.php?rest_route=/moserver/token":                   true,
		"/wptest/?rest_route=/moserver/token/&x=y":                true,
		"/wp-content/plugins/miniorange-oauth/web/moserver/token": true,
		"/wp-json/moserver/tokens":                                false,
		"/wp-json/moserver/token/x":                               false,
		"/wp-json/moserver/nope":                                  false,
		"/wp-json/moserver/authorize":                             false,
		"/xwp-json/moserver/token":                                false,
		"/moserver/token":                                         false,
		"/?rest_route=/moserver/token/../authorize":               false,
		"/wp-login.php?rest_route=/moserver/token":                false,
		"/":          false,
		"/healthz/x": false,
		"/wp-content/plugins/a/b/web/moserver/token":                   false,
		"/wp-json/wp/v2/posts?rest_route=/moserver/token":              false,
		"/wp-json/moserver/token%00":                                   false,
		"/wp-json/moserver//token":                                     false,
		"/wp-json//moserver/token/?rest_route=/moserver/token":         false,
		"/" + strings.Repeat("x/", 1000) + "wp-json/moserver/token":    true,
		"/" + strings.Repeat("x/", 1025) + "wp-json/moserver/token":    false,
		"/?rest_route=" + strings.Repeat("/", 2050) + "moserver/token": false,
		"/wp-content/plugins/miniorange/web/moserver/token?rest=none":  true,
	} {
		response, body := f.send(request("POST", target, formType, refreshBody))
		if want := map[bool]int{true: 200, false: 404}[found]; response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, response.StatusCode, want)
		}
		if !found && (body["code"] != "rest_no_route" || body["error"] != nil) {
			t.Errorf("%s: body %v", target, body)
		}
	}
}

func TestMethods(t *testing.T) {
	f := newFixture(t, nil)
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND", "BREW"} {
		response, body := f.send(request(method, tokenPath, formType, refreshBody))
		if response.StatusCode != 405 || response.Header.Get("Allow") != "POST" {
			t.Errorf("%s: status %d, Allow %q", method, response.StatusCode, response.Header.Get("Allow"))
		}
		if method != "HEAD" && body["error"] != "invalid_request" {
			t.Errorf("%s: body %v", method, body)
		}
	}
	if n := len(f.store.Tokens(oauth.AccessToken)); n != 0 {
		t.Errorf("%d tokens were issued", n)
	}
}

func TestErrors(t *testing.T) {
	wrong := strings.Replace(refreshBody, "client_secret=", "client_secret=x", 1)
	basic := "Basic " + "dXNlcjpwYXNz" // user:pass
	for name, test := range map[string]struct {
		body, authorization string
		status              int
		code                string
	}{
		"wrong secret in the body":    {wrong, "", 400, "invalid_client"},
		"wrong secret in the header":  {refreshBody, basic, 401, "invalid_client"},
		"header that cannot be read":  {"grant_type=refresh_token", "Basic !!!", 401, "invalid_client"},
		"no credentials, bearer":      {"grant_type=refresh_token", "Bearer x", 401, "invalid_client"},
		"wrong secret, bearer beside": {wrong, "Bearer x", 400, "invalid_client"},
		"no credentials":              {"grant_type=refresh_token", "", 400, "invalid_client"},
		"unknown token":               {strings.Replace(refreshBody, "r0", "r1", 1), "", 400, "invalid_grant"},
		"unknown grant":               {"grant_type=x", "", 400, "unsupported_grant_type"},
	} {
		for _, always200 := range []bool{false, true} {
			f := newFixture(t, func(o *handlers.Options) { o.ErrorStatus200 = always200 })
			r := request("POST", tokenPath, formType, test.body)
			if test.authorization != "" {
				r.Header.Set("Authorization", test.authorization)
			}
			response, body := f.send(r)
			want := test.status
			if always200 {
				want = 200
			}
			if response.StatusCode != want || body["error"] != test.code || body["error_description"] == "" || len(body) != 2 {
				t.Errorf("%s: status %d, want %d; body %v", name, response.StatusCode, want, body)
			}
			if got := response.Header.Get("WWW-Authenticate"); (want == 401) != strings.HasPrefix(got, "Basic ") {
				t.Errorf("%s: WWW-Authenticate %q", name, got)
			}
			if response.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: no Cache-Control", name)
			}
		}
	}
}

// TestCORS: answers to clients that have authenticated, or that are public, are for
// the pages of their own origins. A preflight names no client.
func TestCORS(t *testing.T) {
	f := newFixture(t, nil)
	f.store.PutClient(oauth.Client{ID: "public", RedirectURIs: []string{"https://client.example.com/callback", "https://b.example.com:8443/"}})
	for origin, allowed := range map[string]bool{
		"https://client.example.com": true, "https://b.example.com:8443": true,
		"https://b.example.com": false, "http://client.example.com": false, "https://elsewhere.example.org": false,
		"null": false, "myapp://callback": false,
	} {
		for body, authenticated := range map[string]bool{
			refreshBody: true, strings.Replace(refreshBody, "r0", "r1", 1): true, "grant_type=x&client_id=" + clientID: false,
			refreshBody + "x": false, strings.Replace(refreshBody, "secret", "x", 1): false,
			"grant_type=refresh_token&client_id=public": true, "grant_type=x&client_id=public": true, "client_id=public&client_secret=x": true,
		} {
			response, _ := f.send(request("POST", tokenPath, formType, body, "Origin", origin))
			want := map[bool]string{true: origin}[allowed && authenticated]
			if got := response.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("origin %s, %s: allowed %q, want %q", origin, body[:20], got, want)
			}
		}
	}
	response, _ := f.send(request("OPTIONS", tokenPath, "", "", "Origin", "https://client.example.com",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"))
	if response.StatusCode != 204 || response.Header.Get("Access-Control-Allow-Origin") != "https://client.example.com" ||
		!strings.Contains(response.Header.Get("Access-Control-Allow-Methods"), "POST") ||
		!strings.Contains(response.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: status %d, headers %v", response.StatusCode, response.Header)
	}
}

// TestLog: one line a request, with nothing in it that the client chose.
func TestLog(t *testing.T) {
	f := newFixture(t, nil)
	f.refresh("X-Forwarded-For", "192.0.2.7")
	line := f.log.String()
	for _, want := range []string{
		"route=token", "grant=refresh_token", "client_id=" + clientID, "outcome=ok", "status=200", "duration_ms=", "remote=192.0.2.7",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in: %s", want, line)
		}
	}
	for _, r := range []*http.Request{
		request("POST", tokenPath+"?token=hunter2", formType, "grant_type=hunter2&client_id=hunter2&client_secret=hunter2"),
		request("POST", "/hunter2", formType, "x"),
		request("HUNTER2", tokenPath, "hunter2", "hunter2", "User-Agent", "hunter2", "Authorization", "Basic hunter2"),
		request("POST", tokenPath, formType, strings.ReplaceAll(refreshBody, clientSecret, "hunter2"), "X-Forwarded-For", "hunter2"),
	} {
		f.log.Reset()
		f.send(r)
		if strings.Count(f.log.String(), "\n") != 1 {
			t.Errorf("not one line: %s", f.log)
		}
		if strings.Contains(strings.ToLower(f.log.String()), "hunter2") || strings.Contains(f.log.String(), clientSecret) {
			t.Errorf("a value of the client's is in the log: %s", f.log)
		}
	}
}
