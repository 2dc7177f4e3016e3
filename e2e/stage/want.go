package stage

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// WantHeader checks one header; "" is none.
func (a Answer) WantHeader(t T, name, want string) {
	t.Helper()
	if got := a.Header.Get(name); got != want {
		t.Errorf("header %s: want %q, got %q", name, want, got)
	}
}

// WantTokens checks a successful answer down to what single clients depend on:
// status 200, the five members and no other, no null, "Bearer", a number.
func (a Answer) WantTokens(t T, scope string) {
	t.Helper()
	if a.Status != http.StatusOK || a.Body == nil {
		t.Fatalf("want tokens, got %s", a)
	}
	a.WantJSON(t)
	want := []string{"access_token", "expires_in", "refresh_token", "scope", "token_type"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(a.Body))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for name, value := range map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": scope} {
		if a.Body[name] != value {
			t.Errorf("%s: want %v, got %v", name, value, a.Body[name])
		}
	}
	if token := a.Member("access_token"); !isHex(token) || len(token) != 20+32 {
		t.Errorf("the access_token, of %d characters, is no family and what the plugin's are: %s", len(token), a)
	}
	if a.Member("refresh_token") == "" {
		t.Error("refresh_token is no string, or empty")
	}
}

func isHex(s string) bool { return regexp.MustCompile("^[0-9a-f]+$").MatchString(s) }

// WantJSON checks what every answer of the token endpoint has.
func (a Answer) WantJSON(t T) {
	t.Helper()
	if media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";"); media != "application/json" {
		t.Errorf("Content-Type is %q", a.Header.Get("Content-Type"))
	}
	if !strings.HasPrefix(a.Text, "{") {
		t.Errorf("the body does not begin with an object: %s", a)
	}
	a.WantHeader(t, "Cache-Control", "no-store")
	a.WantHeader(t, "Pragma", "no-cache")
}

// WantError checks an OAuth error: strings in one flat object, no tokens.
func (a Answer) WantError(t T, status int, code string) {
	t.Helper()
	if a.Status != status || a.Member("error") != code {
		t.Fatalf("want %d %s, got %s", status, code, a)
	}
	a.WantJSON(t)
	if diff := cmp.Diff([]string{"error", "error_description"}, slices.Sorted(maps.Keys(a.Body))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if d := a.Member("error_description"); d == "" || strings.ContainsAny(d, `"\`) {
		t.Errorf("error_description %q is empty or has a quotation mark (RFC 6749, 5.2)", d)
	}
}

// WantRevoked checks the answer to a revocation (RFC 7009, 2.2).
func (a Answer) WantRevoked(t T) {
	t.Helper()
	if _, refused := a.Body["error"]; a.Status != http.StatusOK || refused {
		t.Fatalf("want a revocation, got %s", a)
	}
	a.WantJSON(t)
}

// UnavailableFault says what is wrong with an answer that should be a 503 of
// WordPress's REST API: it must not look like the end of a token. It is empty
// if nothing is.
func (a Answer) UnavailableFault() string {
	data, _ := a.Body["data"].(map[string]any)
	_, hasError := a.Body["error"]
	switch {
	case a.Status != http.StatusServiceUnavailable:
		return "the status is not 503"
	case hasError:
		return "there is an error member"
	case a.Member("code") == "" || a.Member("message") == "" || data["status"] != 503.0:
		return "the body is not of WordPress's shape"
	case a.Header.Get("Retry-After") == "":
		return "there is no Retry-After"
	}
	return ""
}
