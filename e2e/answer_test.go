package e2e_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answer is a response of the server.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil if text is no JSON object
}

// do sends a request and reads the whole answer.
func do(c *http.Client, r *http.Request) (answer, error) {
	response, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	return readAnswer(response)
}

func readAnswer(response *http.Response) (answer, error) {
	text, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if json.Unmarshal(text, &a.body) != nil {
		a.body = nil
	}
	return a, err
}

// formRequest is a POST of a form, given as names and values in turn.
func formRequest(target string, pairs ...string) *http.Request {
	r := mustRequest(http.MethodPost, target, encode(pairs...))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// jsonRequest is a POST of a JSON object, given as names and values in turn.
func jsonRequest(target string, pairs ...string) *http.Request {
	object := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		object[pair[0]] = pair[1]
	}
	text, _ := json.Marshal(object) // strings can always be encoded
	r := mustRequest(http.MethodPost, target, string(text))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return r
}

// mustRequest makes a request of parts that the tests have written themselves.
func mustRequest(method, target, body string) *http.Request {
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	return r
}

// encode is an application/x-www-form-urlencoded body in the order given.
func encode(pairs ...string) string {
	var parts []string
	for pair := range slices.Chunk(pairs, 2) {
		parts = append(parts, url.QueryEscape(pair[0])+"="+url.QueryEscape(pair[1]))
	}
	return strings.Join(parts, "&")
}

// member is a string member of the body, empty if there is none.
func (a answer) member(name string) string {
	s, _ := a.body[name].(string)
	return s
}

func (a answer) wantHeader(t testing.TB, name, want string) {
	t.Helper()
	if got := a.header.Get(name); got != want {
		t.Errorf("header %s: want %q, got %q", name, want, got)
	}
}

// wantTokens checks a successful answer down to what single clients depend on:
// status 200, the five members and no other, no null, "Bearer", a number.
func (a answer) wantTokens(t testing.TB, scope string) {
	t.Helper()
	if a.status != http.StatusOK || a.body == nil {
		t.Fatalf("want tokens, got %d %s", a.status, a.text)
	}
	a.wantJSON(t)
	want := []string{"access_token", "expires_in", "refresh_token", "scope", "token_type"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(a.body))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for name, value := range map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": scope} {
		if a.body[name] != value {
			t.Errorf("%s: want %v, got %v", name, value, a.body[name])
		}
	}
	if token := a.member("access_token"); !isHex(token) || len(token) != 32 {
		t.Errorf("access_token %q is not of the plugin's form", token)
	}
	if a.member("refresh_token") == "" {
		t.Error("refresh_token is no string, or empty")
	}
}

func isHex(s string) bool { return regexp.MustCompile("^[0-9a-f]+$").MatchString(s) }

// wantJSON checks what every answer of the token endpoint has.
func (a answer) wantJSON(t testing.TB) {
	t.Helper()
	if media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); media != "application/json" {
		t.Errorf("Content-Type is %q", a.header.Get("Content-Type"))
	}
	if !strings.HasPrefix(a.text, "{") {
		t.Errorf("the body does not begin with an object: %q", a.text)
	}
	a.wantHeader(t, "Cache-Control", "no-store")
	a.wantHeader(t, "Pragma", "no-cache")
}

// wantError checks an OAuth error: strings in one flat object, no tokens.
func (a answer) wantError(t testing.TB, status int, code string) {
	t.Helper()
	if a.status != status || a.member("error") != code {
		t.Fatalf("want %d %s, got %d %s", status, code, a.status, a.text)
	}
	a.wantJSON(t)
	if diff := cmp.Diff([]string{"error", "error_description"}, slices.Sorted(maps.Keys(a.body))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if d := a.member("error_description"); d == "" || strings.ContainsAny(d, `"\`) {
		t.Errorf("error_description %q is empty or has a quotation mark (RFC 6749, 5.2)", d)
	}
}

// wantRouteError checks an error of the plugin's other routes, which have other
// names for what explains it.
func (a answer) wantRouteError(t testing.TB, status int, code string) {
	t.Helper()
	explained := a.member("error_description") + a.member("desc") + a.member("error_message")
	if a.status != status || a.member("error") != code || explained == "" || strings.Contains(explained, `"`) {
		t.Errorf("want %d %s, explained, got %d %s", status, code, a.status, a.text)
	}
}

// wantRevoked checks the answer to a revocation (RFC 7009, 2.2).
func (a answer) wantRevoked(t testing.TB) {
	t.Helper()
	if _, refused := a.body["error"]; a.status != http.StatusOK || refused {
		t.Fatalf("want a revocation, got %d %s", a.status, a.text)
	}
	a.wantJSON(t)
}

// unavailableFault says what is wrong with an answer that should be a 503 of
// WordPress's REST API: it must not look like the end of a token. It is empty
// if nothing is.
func (a answer) unavailableFault() string {
	data, _ := a.body["data"].(map[string]any)
	_, hasError := a.body["error"]
	switch {
	case a.status != http.StatusServiceUnavailable:
		return "the status is not 503"
	case hasError:
		return "there is an error member"
	case a.member("code") == "" || a.member("message") == "" || data["status"] != 503.0:
		return "the body is not of WordPress's shape"
	case a.header.Get("Retry-After") == "":
		return "there is no Retry-After"
	}
	return ""
}
