package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

func TestResource(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	const everything = `"email":"alice@example.com","username":"alice","first_name":"Alice","last_name":"Liddell","nickname":"alice","display_name":"Alice Liddell"`
	for value, scope := range map[string]string{"all": "openid profile email", "email": "email", "openid": "openid", "none": "", "x": "xemailx"} {
		n.put(oauth.AccessToken, value, rsID, 2, scope)
	}
	n.put(oauth.AccessToken, "gone", rsID, 999, "openid")
	n.put(oauth.AccessToken, "orphan", "NoSuchClient", 2, "openid")
	n.put(oauth.RefreshToken, "refresh", rsID, 2, "openid")
	n.exec("INSERT INTO wp_moos_oauth_access_tokens VALUES ('old', ?, 2, UTC_TIMESTAMP() - INTERVAL 1 MINUTE, 'openid'), ('never', ?, 2, NULL, 'openid')", rsID, rsID)
	const challenge = `Bearer realm="Service"`
	invalid := challenge + `, error="invalid_token", error_description="The access token provided is invalid"`
	for _, test := range []struct {
		header, query string
		status        int
		body          string // all of it, or what it holds
		challenge     string
	}{
		{"Bearer all", "", 200, `{"id":2,"ID":2,"sub":2,` + everything + "}", ""},
		{"bearer  all", "", 200, `{"id":2,"ID":2,"sub":2,` + everything + "}", ""},
		{"", "?access_token=none", 200, `{"id":2,"ID":2,"sub":2,` + everything + "}", ""},
		{"Bearer email", "", 200, `{"id":2,"ID":2,"email":"alice@example.com"}`, ""},
		{"Bearer openid", "", 200, `{"id":2,"ID":2,"sub":2}`, ""},
		{"Bearer orphan", "", 200, `{"id":2,"ID":2,"sub":2}`, ""},
		{"Bearer x", "", 200, `{"id":2,"ID":2}`, ""},
		{"", "", 401, `"missing_access_token"`, challenge},
		{"", "?access_token=", 401, `"missing_access_token"`, challenge},
		{"Bearer nope", "", 401, `"invalid_token"`, invalid},
		{"Bearer ALL", "", 401, `"invalid_token"`, invalid},
		{"Bearer refresh", "", 401, `"invalid_token"`, invalid},
		{"Bearer old", "", 401, `"expired_token"`, challenge + `, error="invalid_token", error_description="The access token provided has expired"`},
		{"Bearer never", "", 401, `"expired_token"`, challenge + `, error="invalid_token", error_description="The access token provided has expired"`},
		{"Basic YTpi", "", 400, `"invalid_request"`, challenge + `, error="invalid_request", error_description="Malformed auth header"`},
		{"Bearer", "", 400, `"invalid_request"`, challenge + `, error="invalid_request", error_description="Malformed auth header"`},
		{"Bearer all all", "", 400, `"invalid_request"`, challenge + `, error="invalid_request", error_description="Malformed auth header"`},
		{"Bearer all", "?access_token=all", 400, `"invalid_request"`, challenge + `, error="invalid_request", error_description="Only one method may be used to authenticate at a time (Auth header, GET or POST)"`},
		{"Bearer gone", "", 403, `"desc":"access_token provided is either invalid or does not belong to a valid user."`,
			challenge + `, error="invalid_token", error_description="access_token provided is either invalid or does not belong to a valid user."`},
	} {
		header := []string{}
		if test.header != "" {
			header = []string{"Authorization", test.header}
		}
		a := n.send("GET", "resource"+test.query, nil, header...)
		if text := strings.TrimSpace(a.text); a.status != test.status || test.status == 200 && text != test.body || !strings.Contains(text, test.body) {
			t.Errorf("%s%s: %d %s, want %d %s", test.header, test.query, a.status, a.text, test.status, test.body)
		}
		if got := a.header.Get("WWW-Authenticate"); got != test.challenge {
			t.Errorf("%s%s: WWW-Authenticate is %s, want %s", test.header, test.query, got, test.challenge)
		}
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s%s: the answer may be stored", test.header, test.query)
		}
	}
	if log := n.log.String(); strings.Contains(log, "orphan") || strings.Contains(log, "access_token=") {
		t.Errorf("a token is in the log:\n%s", log)
	}
}

func TestResourceErrorStatus200(t *testing.T) {
	n := startNamespace(t, handlers.Options{ErrorStatus200: true}, wpdb.Config{})
	n.put(oauth.AccessToken, "gone", rsID, 999, "openid")
	for token, want := range map[string]int{"nope": 200, "gone": 403} {
		if a := n.send("GET", "resource", nil, "Authorization", "Bearer "+token); a.status != want || a.body["error"] != "invalid_token" {
			t.Errorf("%s: %d %s, want status %d", token, a.status, a.text, want)
		}
	}
	if a := n.post("revoke", rsID, "wrong", "token", "x"); a.status != 401 {
		t.Errorf("revoke with a wrong secret: status %d is a success (RFC 7009)", a.status)
	}
}

func TestRevoke(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	refresh := func(token string) int {
		return n.post("token", rsID, rsSecret, "grant_type", "refresh_token", "refresh_token", token).status
	}
	n.put(oauth.RefreshToken, "r1", rsID, 2, "email")
	n.put(oauth.RefreshToken, "r2", hsID, 2, "email")
	n.put(oauth.AccessToken, "a1", rsID, 2, "email")
	for name, test := range map[string]struct {
		answer answer
		status int
		error  any
	}{
		"wrong secret":      {n.post("revoke", rsID, "wrong", "token", "r1"), 401, "invalid_client"},
		"no secret":         {n.post("revoke", rsID, "", "token", "r1"), 401, "invalid_client"},
		"no token":          {n.post("revoke", rsID, rsSecret), 400, "invalid_request"},
		"another client's":  {n.post("revoke", rsID, rsSecret, "token", "r2"), 400, "invalid_grant"},
		"unknown":           {n.post("revoke", rsID, rsSecret, "token", "nope"), 200, nil},
		"a grant is no use": {n.post("revoke", rsID, rsSecret, "grant_type", "refresh_token", "refresh_token", "", "token", "nope"), 200, nil},
		"GET":               {n.send("GET", "revoke?token=r1", nil), 405, "invalid_request"},
	} {
		if test.answer.status != test.status || test.answer.body["error"] != test.error {
			t.Errorf("%s: %d %s, want %d %v", name, test.answer.status, test.answer.text, test.status, test.error)
		}
		if challenge := test.answer.header.Get("WWW-Authenticate"); (challenge != "") != (test.status == 401) {
			t.Errorf("%s: WWW-Authenticate is %q", name, challenge)
		}
	}
	if refresh("r1") != 200 {
		t.Fatal("the refresh token is gone before it was revoked")
	}
	if a := n.post("revoke", rsID, rsSecret, "token", "r1", "token_type_hint", "access_token"); a.status != 200 {
		t.Errorf("revoke with a wrong hint: %d %s", a.status, a.text)
	}
	if status := refresh("r1"); status != 400 {
		t.Errorf("refresh after the revocation: status %d", status)
	}
	n.post("revoke", rsID, rsSecret, "token", "a1", "token_type_hint", "nonsense")
	if a := n.send("GET", "resource", nil, "Authorization", "Bearer a1"); a.status != 401 {
		t.Errorf("resource after the revocation: status %d", a.status)
	}
}

func TestIntrospect(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.put(oauth.AccessToken, "a1", rsID, 2, "openid email")
	n.put(oauth.AccessToken, "others", hsID, 2, "email")
	n.put(oauth.AccessToken, "gone", rsID, 999, "email")
	n.exec("INSERT INTO wp_moos_oauth_access_tokens VALUES ('old', ?, 2, UTC_TIMESTAMP() - INTERVAL 1 MINUTE, 'email')", rsID)
	n.exec("INSERT INTO wp_moos_oauth_refresh_tokens VALUES ('r1', ?, 2, NULL, 'email')", rsID)
	n.exec("INSERT INTO wp_moos_oauth_authorization_codes VALUES ('c1', ?, 2, '', UTC_TIMESTAMP() + INTERVAL 30 SECOND, 'email', NULL)", rsID)
	a := n.post("introspect", rsID, rsSecret, "token", "a1")
	expires, _ := a.body["exp"].(float64)
	want := fmt.Sprintf(`{"active":true,"scope":"openid email","client_id":"%s","token_type":"Bearer","exp":%.0f,"sub":"2","aud":"%s"}`, rsID, expires, rsID)
	if strings.TrimSpace(a.text) != want || a.status != 200 {
		t.Errorf("access token: %d %s, want %s", a.status, a.text, want)
	}
	a = n.post("introspect", rsID, rsSecret, "token", "r1", "token_type_hint", "access_token")
	want = fmt.Sprintf(`{"active":true,"scope":"email","client_id":"%s","sub":"2","aud":"%s"}`, rsID, rsID)
	if strings.TrimSpace(a.text) != want {
		t.Errorf("refresh token: %s, want %s", a.text, want)
	}
	for _, token := range []string{"others", "gone", "old", "nope", "A1", "a1 ", "c1", strings.Repeat("x", 300)} {
		if a := n.post("introspect", rsID, rsSecret, "token", token); a.status != 200 || strings.TrimSpace(a.text) != `{"active":false}` {
			t.Errorf("%.20s: %d %s, want inactive and no more", token, a.status, a.text)
		}
	}
	for name, a := range map[string]answer{
		"wrong secret":    n.post("introspect", rsID, "wrong", "token", "a1"),
		"no secret":       n.post("introspect", rsID, "", "token", "a1"),
		"a public client": n.post("introspect", publicID, "", "token", "a1"),
		"unknown client":  n.post("introspect", "nobody", "x", "token", "a1"),
	} {
		if a.status != 401 || a.body["error"] != "invalid_client" || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") || a.body["active"] != nil {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if a := n.post("introspect", rsID, rsSecret); a.status != 400 || a.body["error"] != "invalid_request" {
		t.Errorf("no token: %d %s", a.status, a.text)
	}
}

// TestDiscovery: the document says what the routes do.
func TestDiscovery(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	base := n.URL + "/wp-json/moserver"
	a := n.send("GET", rsID+"/.well-known/openid-configuration", nil)
	for member, want := range map[string]string{
		"issuer": `"` + base + "/" + rsID + `"`, "jwks_uri": `"` + base + "/" + rsID + `/.well-known/keys"`,
		"token_endpoint": `"` + base + `/token"`, "userinfo_endpoint": `"` + base + `/resource"`,
		"revocation_endpoint": `"` + base + `/revoke"`, "introspection_endpoint": `"` + base + `/introspect"`,
		"grant_types_supported":                 `["authorization_code","refresh_token"]`,
		"token_endpoint_auth_methods_supported": `["client_secret_post","client_secret_basic"]`,
		"request_parameter_supported":           "false", "code_challenge_methods_supported": "null",
	} {
		if got, _ := json.Marshal(a.body[member]); string(got) != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	public := n.send("GET", publicID+"/.well-known/openid-configuration", nil)
	if got, _ := json.Marshal(public.body["token_endpoint_auth_methods_supported"]); string(got) != `["none"]` || public.body["introspection_endpoint"] != nil {
		t.Errorf("public client: %s", public.text)
	}
	if again := n.send("GET", rsID+"/.well-known/openid-configuration", nil, "If-None-Match", a.header.Get("ETag")); again.status != 304 || again.text != "" {
		t.Errorf("with the ETag: %d %q, want 304", again.status, again.text)
	}
	n.setOption("permalink_structure", "")
	plain := n.send("GET", rsID+"/.well-known/openid-configuration", nil, "If-None-Match", a.header.Get("ETag"))
	if want := n.URL + "/?rest_route=/moserver/" + rsID; plain.body["issuer"] != want {
		t.Errorf("plain permalinks: issuer is %v, want %s", plain.body["issuer"], want)
	}
	if unknown := n.send("GET", strings.ToLower(rsID)+"/.well-known/openid-configuration", nil); unknown.status != 400 || unknown.body["error"] != "invalid_client" {
		t.Errorf("the client's id in another letter case: %d %s", unknown.status, unknown.text)
	}
}

// TestEveryAddressOfARoute: the folders and forms of WordPress's addresses.
func TestEveryAddressOfARoute(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.put(oauth.AccessToken, "a1", rsID, 2, "openid")
	for address, want := range map[string]int{
		"/wp-json/moserver/resource?access_token=a1":                                                200,
		"/blog/wp-json/moserver/resource/?access_token=a1":                                          200,
		"/index.php/wp-json/moserver/Resource?access_token=a1":                                      200,
		"/?rest_route=/moserver/resource&access_token=a1":                                           200,
		"/blog/index.php?rest_route=" + url.QueryEscape("/moserver/resource/") + "&access_token=a1": 200,
		"/?rest_route=/moserver/" + rsID + "/.well-known/keys":                                      200,
		"/blog/wp-json/moserver/" + rsID + "/.well-known/KEYS/":                                     200,
		"/wp-json/moserver/" + rsID + "/well-known/keys":                                            404,
		"/wp-json/moserver/a/b/.well-known/keys":                                                    404,
		"/wp-json/moserver/authorize":                                                               404,
		"/wp-json/moserver/mcp":                                                                     404,
		"/wp-json/moserver/.well-known/oauth-authorization-server":                                  404,
		"/wp-json/moserver/:client_id/.well-known/keys":                                             404,
	} {
		response, err := http.Get(n.URL + address)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: status %d, want %d", address, response.StatusCode, want)
		}
	}
}

func TestMethodsAndOrigins(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.put(oauth.AccessToken, "a1", rsID, 2, "openid")
	for _, route := range []string{"resource", rsID + "/.well-known/keys", rsID + "/.well-known/openid-configuration"} {
		if a := n.send("POST", route, nil); a.status != 405 || a.header.Get("Allow") != "GET" {
			t.Errorf("POST %s: %d, Allow %q", route, a.status, a.header.Get("Allow"))
		}
		if a := n.send("OPTIONS", route, nil, "Origin", "https://client.example.com"); a.status != 204 || a.header.Get("Access-Control-Allow-Methods") != "GET, OPTIONS" {
			t.Errorf("preflight of %s: %d %v", route, a.status, a.header)
		}
		if a := n.send("HEAD", route, nil, "Authorization", "Bearer a1"); a.status != 200 || a.text != "" {
			t.Errorf("HEAD %s: %d %q", route, a.status, a.text)
		}
	}
	for origin, want := range map[string]string{"https://client.example.com": "https://client.example.com", "https://evil.example.com": ""} {
		a := n.send("GET", "resource", nil, "Authorization", "Bearer a1", "Origin", origin)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("resource for the origin %s allows %q, want %q", origin, got, want)
		}
	}
	n.setOption("mo_oauth_server_master_switch", "off")
	for _, route := range []string{"resource?access_token=a1", rsID + "/.well-known/keys", rsID + "/.well-known/openid-configuration"} {
		if a := n.send("GET", route, nil); a.status != 503 || a.body["error"] != nil || a.header.Get("Retry-After") == "" {
			t.Errorf("%s of a server that is switched off: %d %s", route, a.status, a.text)
		}
	}
	for _, route := range []string{"revoke", "introspect"} {
		if a := n.post(route, rsID, rsSecret, "token", "a1"); a.status != 503 || a.body["error"] != nil {
			t.Errorf("%s of a server that is switched off: %d %s", route, a.status, a.text)
		}
	}
}
