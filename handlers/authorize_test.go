package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

const (
	authorizePath = "/wp-json/moserver/authorize"
	phpCode       = "0123456789abcdef0123456789abcdef01234567"
	callback      = "https://client.example.com/callback"
	verifier      = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge     = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// redirecting is a door before a WordPress that answers each request with status
// and the address in location, and counts them.
type redirecting struct {
	door
	status   int
	location string
	came     *atomic.Int32
}

func newRedirecting(t *testing.T) *redirecting {
	w := &redirecting{status: http.StatusFound, came: &atomic.Int32{}}
	wordPress := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		w.came.Add(1)
		answer.Header().Set("Location", w.location)
		answer.Header().Set("Set-Cookie", "wordpress=1")
		answer.WriteHeader(w.status)
	}))
	t.Cleanup(wordPress.Close)
	w.door = newDoor(t, wordPress.URL, nil)
	return w
}

// authorize sends an authorization request, and returns the answer.
func (w *redirecting) authorize(query string) *http.Response {
	w.Helper()
	r, err := http.NewRequest(http.MethodGet, w.URL+authorizePath, nil)
	if err != nil {
		w.Fatal(err)
	}
	r.URL.RawQuery = query
	response, err := w.Client().Transport.RoundTrip(r)
	if err != nil {
		w.Fatal(err)
	}
	response.Body.Close()
	return response
}

// TestCodeIsSealedInItsRedirect: of the code's redirect nothing but the code changes,
// and of any other nothing at all.
func TestCodeIsSealedInItsRedirect(t *testing.T) {
	w := newRedirecting(t)
	query := func(redirectURI string) string {
		return url.Values{"client_id": {clientID}, "response_type": {"code"}, "redirect_uri": {redirectURI}, "state": {"a&b=c d"}}.Encode()
	}
	for _, test := range []struct{ redirectURI, location string }{ // § is the code
		{callback, callback + "?code=§&state=a%26b%3Dc+d"},
		{callback, "https://CLIENT.example.com/callback?code=§"},
		{callback + "?x=1", callback + "?x=1&code=§&state=s#_"},
		{callback + "?code=mine", callback + "?code=mine&code=§&state=s"},
		{"myapp://callback", "myapp://callback?code=§"},
		{"com.app:/callback", "com.app:///callback?code=§&state=s"},
		{"http://127.0.0.1:49152/", "http://127.0.0.1:49152/?state=s&code=§"},
		{"", callback + "?code=§&state=s"},
	} {
		w.location = strings.ReplaceAll(test.location, "§", phpCode)
		response := w.authorize(query(test.redirectURI))
		got := response.Header.Get("Location")
		before, after, _ := strings.Cut(test.location, "§")
		if len(got) != len(w.location)+60 || !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || strings.Contains(got, phpCode) {
			t.Errorf("%s became %s", w.location, got)
		}
		if response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Set-Cookie") != "wordpress=1" || response.StatusCode != http.StatusFound {
			t.Errorf("%s: status %d, headers %v", w.location, response.StatusCode, response.Header)
		}
	}
	if text := scrape(w.handler); !strings.Contains(text, "moserver_sealed_codes_total 8\n") {
		t.Errorf("8 codes are sealed, and counted are\n%s", text)
	}
	for _, test := range []struct{ redirectURI, location string }{
		{callback, callback + "?error=access_denied&state=s"},
		{callback, "https://example.com/wp-login.php?redirect_to=" + url.QueryEscape(callback+"?code="+phpCode)},
		{callback, "https://example.com/other?code=" + phpCode},
		{callback, "http://client.example.com/callback?code=" + phpCode},
		{callback, callback + "?state=code%3D1&xcode=1"},
		{callback, callback + "#code=" + phpCode},
		{callback, callback + "?code=&state=s"},
		{callback + "?code=mine", callback + "?code=mine&error=access_denied"},
		{callback, "https://client.example.com/%zz?code=" + phpCode},
		{"", "/wp-json/moserver/authorize?client_id=x&prompt=allow"},
	} {
		w.location = test.location
		if got := w.authorize(query(test.redirectURI)).Header.Get("Location"); got != test.location {
			t.Errorf("%s became %s", test.location, got)
		}
	}
	w.status, w.location = http.StatusOK, callback+"?code="+phpCode
	if response := w.authorize(query(callback)); response.Header.Get("Location") != w.location || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the consent page: %v", response.Header)
	}
	if log := w.wholeLog(); strings.Contains(log, phpCode) || strings.Contains(log, "mine") {
		t.Error(log)
	}
}

// TestSpellings: WordPress must not read in a request what this server does not.
func TestSpellings(t *testing.T) {
	w := newRedirecting(t)
	good := "client_id=" + clientID + "&response_type=code&scope=profile&state=s&nonce=n&code_challenge=" + challenge +
		"&code_challenge_method=S256&redirect_uri=" + url.QueryEscape(callback)
	for _, more := range []string{
		"code_challenge[]=x", "code_challenge%5B%5D=x", "code_challenge[a][b]=x", "code_challenge[=x", "code.challenge=x", "code%2Echallenge=x",
		"code[challenge=x", "code%5Bchallenge=x", "code+challenge=x", "code%20challenge=x", "+code_challenge=x", "%20%20code_challenge=x",
		"code_challenge%00=x", "code_challenge%00abc=x", "code_challenge[" + strings.Repeat("x", 300) + "]=x",
		"code_challenge=" + challenge, "code_challenge=", "code_challenge", "code%5Fchallenge=x",
		"co%0ade_challenge=x", "code_chal%0Dlenge=x", "code_chal%0%0aDlenge=x", "code<_challenge=x", "{code_challenge=x", `code_challenge"=x`,
		"code.challenge.method=plain", "code_challenge_method=plain", "code_challenge_method[]=plain",
		"client.id=x", "client_id=" + clientID, "redirect.uri=x", "redirect_uri[]=x", "response_type=code", "response.type=token",
		"scope=openid", "scope[]=openid", "state=t", "nonce=m", "nonce[]=m", "nonce%00=m", "resource=urn:a&resource=urn:b", "resource[]=urn:a",
		"code=x", "code[]=x", "c%0aode=x", strings.Repeat("x&", 1000) + "x",
	} {
		for _, query := range []string{good + "&" + more, more + "&" + good} {
			if response := w.authorize(query); response.StatusCode != http.StatusBadRequest {
				t.Errorf("%.200s: status %d", more, response.StatusCode)
			}
		}
	}
	for _, query := range []string{
		strings.Replace(good, "S256", "S512", 1), strings.Replace(good, challenge, challenge+"=", 1), strings.Replace(good, "code_challenge=", "x=", 1),
		strings.Replace(good, "nonce=n", "nonce="+strings.Repeat("n", 513), 1), good + "&resource=mcp", good + "&resource=urn:x%23y",
	} {
		if response := w.authorize(query); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", query, response.StatusCode)
		}
	}
	if n := w.came.Load(); n != 0 {
		t.Fatalf("%d of them came to WordPress", n)
	}
	for _, more := range []string{
		"", "prompt=consent&prompt=allow", "utm.source=x&utm[]=1", "x=code_challenge&y=%00", "CODE_CHALLENGE=x", "code_challenges=x", "xcode=1",
		"login_hint=a%0ab", "ui_locales=de&&=&", "resource=" + url.QueryEscape("https://example.com/wp-json/moserver/mcp"),
	} {
		w.came.Store(0)
		if response := w.authorize(good + "&" + more); response.StatusCode != http.StatusFound || w.came.Load() != 1 {
			t.Errorf("%s: status %d", more, response.StatusCode)
		}
	}
	if log := w.wholeLog(); !strings.Contains(log, "reason=parameter_ambiguous") || !strings.Contains(log, "reason=code_challenge_malformed") {
		t.Error(log)
	}
}

// TestAuthorizedByTheDoor: what the authorization request said is enforced at the
// token endpoint, and a client that knows an issuer is told it (RFC 9207).
func TestAuthorizedByTheDoor(t *testing.T) {
	w := newRedirecting(t)
	w.store.SetOpenID("https://example.com/wp-json/moserver", false)
	query := "client_id=" + clientID + "&redirect_uri=" + url.QueryEscape(callback) + "&code_challenge=" + challenge + "&code_challenge_method=S256"
	for _, scope := range []string{"profile", "openid+profile"} {
		w.store.PutGrant(oauth.Presented{Kind: oauth.AuthorizationCode, Value: phpCode}, oauth.Grant{
			ClientID: clientID, UserID: alice, RedirectURI: callback, Expires: time.Now().Add(30 * time.Second), Scope: oauth.Scope{"profile"},
		})
		w.location = callback + "?code=" + phpCode + "&state=s#x"
		to, err := url.Parse(w.authorize(query + "&scope=" + scope).Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		issuer := map[string]string{"openid+profile": "https://example.com/wp-json/moserver/" + clientID}[scope]
		if got := to.Query(); got.Get("iss") != issuer || got.Has("iss") != (issuer != "") || got.Get("state") != "s" || to.Fragment != "x" {
			t.Errorf("%s: %s", scope, to)
		}
		w.location = callback + "?error=invalid_scope&state=s#x"
		refused := strings.Replace(w.location, "#", map[bool]string{true: "&iss=" + url.QueryEscape(issuer) + "#", false: "#"}[issuer != ""], 1)
		if got := w.authorize(query + "&scope=" + scope).Header.Get("Location"); got != refused {
			t.Errorf("%s: the error is sent to %s", scope, got)
		}
		form := url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {callback},
			"client_id": {clientID}, "client_secret": {clientSecret}, "code_verifier": {"wrong"}}
		if _, body := w.send(request("POST", tokenPath, formType, form.Encode())); body["error"] != "invalid_grant" {
			t.Errorf("%s, wrong verifier: %v", scope, body)
		}
		form.Set("code_verifier", verifier)
		if _, body := w.send(request("POST", tokenPath, formType, form.Encode())); body["access_token"] == nil {
			t.Errorf("%s: %v", scope, body)
		}
	}
}

// TestDiscoverySaysWhatIsEnforced: S256 and iss are announced while codes are sealed,
// and iss only where there are ID tokens to know the issuer from.
func TestDiscoverySaysWhatIsEnforced(t *testing.T) {
	for _, test := range []struct {
		upstream  string
		openIDOff bool
		s256, iss bool
	}{{"", false, false, false}, {"http://127.0.0.1:1", false, true, true}, {"http://127.0.0.1:1", true, true, false}} {
		f := newFixture(t, func(o *handlers.Options) { o.Upstream = upstreamAt(test.upstream) })
		f.store.SetOpenID("https://example.com/wp-json/moserver", test.openIDOff)
		_, body := f.send(request("GET", "/wp-json/moserver/"+clientID+"/.well-known/openid-configuration", "", ""))
		methods, _ := body["code_challenge_methods_supported"].([]any)
		if got := len(methods) == 1 && methods[0] == "S256"; got != test.s256 || len(methods) > 1 {
			t.Errorf("%+v: methods %v", test, methods)
		}
		if iss, _ := body["authorization_response_iss_parameter_supported"].(bool); iss != test.iss {
			t.Errorf("%+v: iss is %v", test, iss)
		}
	}
}
