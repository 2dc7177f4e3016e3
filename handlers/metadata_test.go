package handlers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"moserver-sidecar/oauth"
)

// phpMetadata is what PHP says, at every address.
const phpMetadata = `{"issuer":"https://example.com","ui_locales_supported":[],"token_endpoint":"https://example.com/wp-json/moserver/token",` +
	`"registration_endpoint":"https://example.com/register","grant_types_supported":["authorization_code","password"],` +
	`"token_endpoint_auth_methods_supported":["client_secret_post"],"code_challenge_methods_supported":["S256","plain"]}`

// newMetadata is a door before a WordPress that answers with body.
func newMetadata(t *testing.T, body *string) door {
	wordPress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if *body == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, *body)
	}))
	t.Cleanup(wordPress.Close)
	return newDoor(t, wordPress.URL, nil)
}

func (d door) get(path string) (status int, text string, body map[string]any) {
	d.Helper()
	response, err := d.Client().Get(d.URL + path)
	if err != nil {
		d.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		d.Fatal(err)
	}
	_ = json.Unmarshal(raw, &body) // what is no JSON is compared as text
	return response.StatusCode, string(raw), body
}

// TestServerMetadata: the document names the issuer that was asked for, and what this
// server does; what only PHP knows stays.
func TestServerMetadata(t *testing.T) {
	body := phpMetadata
	d := newMetadata(t, &body)
	for path, issuer := range map[string]string{
		"/.well-known/oauth-authorization-server":                            "https://example.com",
		"/.well-known/oauth-authorization-server/":                           "https://example.com",
		"/.well-known/oauth-authorization-server/wp-json/moserver":           "https://example.com/wp-json/moserver",
		"/.well-known/oauth-authorization-server/wp-json/moserver/" + rsID:   "https://example.com/wp-json/moserver/" + rsID,
		"/wp-json/moserver/.well-known/oauth-authorization-server":           "https://example.com/wp-json/moserver",
		"/blog/.well-known/oauth-authorization-server/wp-json/moserver/mcp/": "https://example.com/blog/wp-json/moserver/mcp",
	} {
		status, text, got := d.get(path)
		if _, empty := got["ui_locales_supported"]; empty {
			t.Errorf("%s has a member without elements", path)
		}
		for member, want := range map[string]any{
			"issuer": issuer, "authorization_response_iss_parameter_supported": issuer == "https://example.com",
			"registration_endpoint":                         "https://example.com/register",
			"revocation_endpoint":                           "https://example.com/wp-json/moserver/revoke",
			"introspection_endpoint":                        "https://example.com/wp-json/moserver/introspect",
			"response_types_supported":                      []any{"code"},
			"grant_types_supported":                         []any{"authorization_code", "password", "refresh_token"},
			"token_endpoint_auth_methods_supported":         []any{"client_secret_post", "client_secret_basic"},
			"introspection_endpoint_auth_methods_supported": []any{"client_secret_post", "client_secret_basic"},
			"code_challenge_methods_supported":              []any{"S256"},
		} {
			wanted, _ := json.Marshal(want)
			if found, _ := json.Marshal(got[member]); string(found) != string(wanted) || status != http.StatusOK {
				t.Errorf("%s: %s is %s, want %s, in %s", path, member, found, wanted, text)
			}
		}
	}
	d.store.PutClient(oauth.Client{ID: publicID})
	_, _, got := d.get("/.well-known/oauth-authorization-server")
	if methods, _ := json.Marshal(got["token_endpoint_auth_methods_supported"]); string(methods) != `["client_secret_post","client_secret_basic","none"]` {
		t.Errorf("with a public client: %s", methods)
	}
}

// TestResourceMetadata: the resource is the one that was asked for (RFC 9728, 3.3), and
// without a path the one that PHP names.
func TestResourceMetadata(t *testing.T) {
	body := `{"resource":"https://example.com/wp-json/moserver/mcp","authorization_servers":["https://example.com"]}`
	d := newMetadata(t, &body)
	for path, want := range map[string]string{
		"/.well-known/oauth-protected-resource":                        "https://example.com/wp-json/moserver/mcp",
		"/.well-known/oauth-protected-resource/wp-json/moserver/mcp":   "https://example.com/wp-json/moserver/mcp",
		"/.well-known/oauth-protected-resource/wp-json/moserver/mcp/x": "https://example.com/wp-json/moserver/mcp/x",
	} {
		if _, text, got := d.get(path); got["resource"] != want || len(got) != 2 {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// TestMetadataOfPHPAlone: an answer that is no document is passed on unchanged, and without
// php_upstream nothing is served.
func TestMetadataOfPHPAlone(t *testing.T) {
	body := ""
	d := newMetadata(t, &body)
	for _, body = range []string{"<html>", "[1]", "{}", "null", phpMetadata[1:]} {
		if status, text, _ := d.get("/.well-known/oauth-authorization-server"); status != http.StatusOK || text != body {
			t.Errorf("%s became %d %s", body, status, text)
		}
	}
	body = ""
	if status, _, _ := d.get("/.well-known/oauth-authorization-server"); status != http.StatusNotFound {
		t.Errorf("without the feature: %d", status)
	}
	f := newFixture(t, nil)
	if response, _ := f.send(request("GET", "/.well-known/oauth-authorization-server", "", "")); response.StatusCode != http.StatusNotFound {
		t.Errorf("without php_upstream: %d", response.StatusCode)
	}
}
