package handlers_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// authorize leaves in the tables what PHP's authorization endpoint leaves, and
// returns the ID token of the user.
func (n *namespace) authorize(code, client string, user int, nonce string) string {
	n.t.Helper()
	moment := time.Now().Unix()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": n.URL + "/wp-json/moserver/" + client, "sub": fmt.Sprint(user), "aud": client, "ID": user, "id": user,
		"iat": moment, "exp": moment + 3600, "auth_time": moment, "nonce": nonce,
	})
	token.Header["kid"] = client
	text, err := token.SignedString(n.key)
	if err != nil {
		n.t.Fatal(err)
	}
	n.setOption("mo_oauth_server_current_id_token", text)
	n.exec("INSERT INTO wp_moos_oauth_authorization_codes VALUES (?, ?, ?, '', UTC_TIMESTAMP() + INTERVAL 30 SECOND, 'openid profile email', ?)",
		code, client, user, text)
	return text
}

// pyjwt verifies an ID token with PyJWT, through the client's JWK Set or with
// its secret, and returns the claims.
func (n *namespace) pyjwt(token, client, secret string) map[string]any {
	n.t.Helper()
	given := map[string]string{"token": token, "audience": client, "issuer": n.URL + "/wp-json/moserver/" + client}
	if secret != "" {
		given["secret"] = secret
	} else {
		given["jwks"] = given["issuer"] + "/.well-known/keys"
	}
	input, err := json.Marshal(given)
	if err != nil {
		n.t.Fatal(err)
	}
	command := exec.Command("/usr/bin/python3", "testdata/verify.py")
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		var stderr []byte
		if exit, ok := err.(*exec.ExitError); ok {
			stderr = exit.Stderr
		}
		n.t.Fatalf("these tests need python3-jwt and python3-cryptography; or the token is not right: %v\n%s", err, stderr)
	}
	var claims map[string]any
	if err := json.Unmarshal(output, &claims); err != nil {
		n.t.Fatal(err)
	}
	return claims
}

// TestIDTokenVerifiesElsewhere: each way of signing, for a code and a refresh,
// with a library that is not this server's.
func TestIDTokenVerifiesElsewhere(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.setOption("db_version", "53496") // WordPress 6.1
	for _, client := range []struct{ id, secret, key string }{
		{rsID, rsSecret, ""},
		{hsID, hsSecret, hsSecret},
		{mcpID, mcpSecret, mcpSecret},
	} {
		n.put(oauth.RefreshToken, "r-"+client.id, client.id, 2, "openid profile email")
		n.exec("INSERT INTO wp_moos_oauth_authorization_codes VALUES (?, ?, 2, '', UTC_TIMESTAMP() + INTERVAL 30 SECOND, 'openid profile email', NULL)", "c-"+client.id, client.id)
		redeemed := n.post("token", client.id, client.secret, "grant_type", "authorization_code", "code", "c-"+client.id)
		refreshed := n.post("token", client.id, client.secret, "grant_type", "refresh_token", "refresh_token", "r-"+client.id)
		want := map[string]any{
			"iss": n.URL + "/wp-json/moserver/" + client.id, "sub": "2", "aud": client.id, "ID": 2.0, "id": 2.0, "email": "alice@example.com",
			"username": "alice", "first_name": "Alice", "last_name": "Liddell", "nickname": "alice", "display_name": "Alice Liddell",
			"avatar": "0.gravatar.com%2Favatar%2Fc160f8cc69a4f0bf2b0362752353d060%3Fs%3D96%26d%3Dmm",
		}
		for grant, a := range map[string]answer{"code": redeemed, "refresh": refreshed} {
			claims := n.pyjwt(a.token("id_token"), client.id, client.key)
			if claims["exp"].(float64)-claims["iat"].(float64) != 3600 {
				t.Errorf("%s: exp %v, iat %v, want an hour between them", grant, claims["exp"], claims["iat"])
			}
			if _, there := claims["auth_time"]; there != (grant == "code") {
				t.Errorf("%s: auth_time is there: %v", grant, there)
			}
			maps.DeleteFunc(claims, func(name string, _ any) bool { return name == "iat" || name == "exp" || name == "auth_time" })
			if fmt.Sprint(claims) != fmt.Sprint(want) {
				t.Errorf("%s of %s:\n got %v\nwant %v", grant, client.id, claims, want)
			}
		}
	}
}

// TestTwoLoginsAtOnce: alice and bob log in at the same time, so the option has
// the ID token of whoever came last. Where the column keeps a token whole, each
// nonce arrives; where it cuts them, the last one's.
func TestTwoLoginsAtOnce(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	for _, column := range []string{"VARCHAR(255)", "TEXT"} {
		n.exec("ALTER TABLE wp_moos_oauth_authorization_codes MODIFY id_token " + column)
		for round := range 10 {
			users := map[string]int{fmt.Sprint("alice", column, round): 2, fmt.Sprint("bob", column, round): 3}
			last := fmt.Sprint("bob", column, round)
			stored := map[string]string{}
			for _, code := range []string{fmt.Sprint("alice", column, round), last} {
				stored[code] = n.authorize(code, rsID, users[code], "nonce of "+code)
			}
			var group sync.WaitGroup
			for code, user := range users {
				group.Go(func() {
					a := n.post("token", rsID, rsSecret, "grant_type", "authorization_code", "code", code)
					claims := jwt.MapClaims{}
					token, err := jwt.ParseWithClaims(a.token("id_token"), claims, func(*jwt.Token) (any, error) { return &n.key.PublicKey, nil })
					if err != nil || claims["sub"] != fmt.Sprint(user) || claims["id"] != float64(user) {
						t.Errorf("%s: claims %v, error %v", code, claims, err)
						return
					}
					known := column == "TEXT" || code == last
					if handedOut := token.Raw == stored[code]; handedOut != known {
						t.Errorf("%s: PHP's token was handed out: %v, want %v", code, handedOut, known)
					}
					if want := map[bool]any{true: "nonce of " + code, false: nil}[known]; claims["nonce"] != want {
						t.Errorf("%s: nonce %v, want %v", code, claims["nonce"], want)
					}
				})
			}
			group.Wait()
		}
	}
}

// TestOpenIDConnectLibrary: discovery, verification and userinfo as a client
// with a library does them.
func TestOpenIDConnectLibrary(t *testing.T) {
	n := startNamespace(t, handlers.Options{SubjectString: true}, wpdb.Config{})
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, n.URL+"/wp-json/moserver/"+rsID)
	if err != nil {
		t.Fatal(err)
	}
	n.exec("ALTER TABLE wp_moos_oauth_authorization_codes MODIFY id_token TEXT")
	n.authorize("c1", rsID, 2, "n1")
	config := oauth2.Config{ClientID: rsID, ClientSecret: rsSecret, Endpoint: provider.Endpoint()}
	token, err := config.Exchange(ctx, "c1")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := provider.Verifier(&oidc.Config{ClientID: rsID}).Verify(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if verified.Subject != "2" || verified.Nonce != "n1" {
		t.Errorf("subject %q, nonce %q", verified.Subject, verified.Nonce)
	}
	info, err := provider.UserInfo(ctx, config.TokenSource(ctx, token))
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != verified.Subject || info.Email != "alice@example.com" {
		t.Errorf("userinfo %+v", info)
	}
	token.Expiry = time.Now().Add(-time.Minute)
	refreshed, err := config.TokenSource(ctx, token).Token()
	if err != nil {
		t.Fatal(err)
	}
	raw, _ = refreshed.Extra("id_token").(string)
	if again, err := provider.Verifier(&oidc.Config{ClientID: rsID}).Verify(ctx, raw); err != nil || again.Subject != "2" || again.Nonce != "" {
		t.Errorf("refreshed: %+v, %v", again, err)
	}
}

// TestSwitchInWPAdmin: another algorithm or key counts on the next request, for
// the token and for the JWK Set alike.
func TestSwitchInWPAdmin(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.put(oauth.RefreshToken, "r1", rsID, 2, "openid")
	keys := rsID + "/.well-known/keys"
	refresh := func() string {
		return n.post("token", rsID, rsSecret, "grant_type", "refresh_token", "refresh_token", "r1").token("id_token")
	}
	n.pyjwt(refresh(), rsID, "")
	tag := n.send("GET", keys, nil).header.Get("ETag")
	n.exec("UPDATE wp_moos_oauth_public_keys SET encryption_algorithm = 'HS256' WHERE client_id = ?", rsID)
	n.pyjwt(refresh(), rsID, rsSecret)
	if a := n.send("GET", keys, nil, "If-None-Match", tag); a.status != 400 {
		t.Errorf("keys of a client that signs with its secret: %d %s", a.status, a.text)
	}
	n.fillOtherKey()
	n.pyjwt(refresh(), rsID, "")
	if a := n.send("GET", keys, nil, "If-None-Match", tag); a.status != 200 {
		t.Errorf("another key: status %d for the old one's tag", a.status)
	}
	n.exec("DELETE FROM wp_moos_oauth_public_keys")
	n.pyjwt(refresh(), rsID, rsSecret)
	n.setOption("mo_oauth_server_enable_oidc", "off")
	if token := refresh(); token != "" {
		t.Error("OpenID Connect is off, and there is an ID token")
	}
}

// fillOtherKey gives the client rsID another RSA key, as rotation does.
func (n *namespace) fillOtherKey() {
	n.t.Helper()
	other := newKey(n.t)
	n.exec("UPDATE wp_moos_oauth_public_keys SET encryption_algorithm = 'RS256', private_key = ? WHERE client_id = ?", privatePEM(n.t, other), rsID)
}

// TestUnusableKeyIsLogged: the login works, and the log says what to mend.
// No key, token or secret is ever in the log.
func TestUnusableKeyIsLogged(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.exec("UPDATE wp_moos_oauth_public_keys SET private_key = CONCAT('x', private_key, 'x') WHERE client_id = ?", rsID)
	n.exec("UPDATE wp_moos_oauth_public_keys SET private_key = LEFT(private_key, 900) WHERE client_id = ?", rsID)
	n.put(oauth.RefreshToken, "r-secret-refresh", rsID, 2, "openid email")
	a := n.post("token", rsID, rsSecret, "grant_type", "refresh_token", "refresh_token", "r-secret-refresh")
	if a.status != 200 || a.token("access_token") == "" || a.body["id_token"] != nil {
		t.Errorf("answer %d %s", a.status, a.text)
	}
	if keys := n.send("GET", rsID+"/.well-known/keys", nil); keys.status != 400 || keys.body["error"] != "invalid_client_key" {
		t.Errorf("keys: %d %s", keys.status, keys.text)
	}
	log := n.log.String()
	if !strings.Contains(log, "client_defect=") || !strings.Contains(log, rsID) || !strings.Contains(log, "level=WARN") {
		t.Errorf("the log does not say what is wrong with the client:\n%s", log)
	}
	for _, secret := range []string{a.token("access_token"), "r-secret-refresh", rsSecret, "MII", "PRIVATE"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q in it", secret)
		}
	}
}

// TestShortKeyIsNotPublished: a key that can be factored in a day would let anybody
// sign for this site. One of 1024 bits, which PHP signs with too, goes on.
func TestShortKeyIsNotPublished(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	keys := rsID + "/.well-known/keys"
	short, err := os.ReadFile("../oauth/testdata/short.pem")
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile("../oauth/testdata/shortpublic.pem")
	if err != nil {
		t.Fatal(err)
	}
	n.put(oauth.RefreshToken, "r1", rsID, 2, "openid")
	for _, private := range []string{string(short), "lost"} {
		n.exec("UPDATE wp_moos_oauth_public_keys SET private_key = ?, public_key = ? WHERE client_id = ?", private, string(public), rsID)
		if a := n.send("GET", keys, nil); a.status != 400 || a.body["error"] != "invalid_client_key" {
			t.Errorf("a key of 512 bits is published: %d %s", a.status, a.text)
		}
	}
	fair, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	n.exec("UPDATE wp_moos_oauth_public_keys SET private_key = ?, public_key = '' WHERE client_id = ?", privatePEM(t, fair), rsID)
	n.pyjwt(n.post("token", rsID, rsSecret, "grant_type", "refresh_token", "refresh_token", "r1").token("id_token"), rsID, "")
}

// TestStoredTokenOfAnotherIssuer: a site that has moved to another address since a
// code was made gives a fresh ID token, with the nonce of the old one.
func TestStoredTokenOfAnotherIssuer(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.exec("ALTER TABLE wp_moos_oauth_authorization_codes MODIFY id_token TEXT")
	now := n.URL
	n.URL = "https://old.example.com"
	stored := n.authorize("c1", rsID, 2, "n1")
	n.URL = now
	got := n.post("token", rsID, rsSecret, "grant_type", "authorization_code", "code", "c1").token("id_token")
	if got == stored {
		t.Fatal("the stored ID token of another issuer was handed out")
	}
	if claims := n.pyjwt(got, rsID, ""); claims["nonce"] != "n1" {
		t.Errorf("claims %v, want the nonce n1", claims)
	}
}

// TestMCPClient: a client as the plugin's registration makes it, by both of
// the methods that its metadata names, and with the parameters that such clients
// add.
func TestMCPClient(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.exec("INSERT INTO wp_moos_oauth_authorization_codes VALUES ('c1', ?, 2, 'https://assistant.example.com/callback', UTC_TIMESTAMP() + INTERVAL 30 SECOND, 'openid email profile', NULL)", mcpID)
	first := n.post("token", mcpID, mcpSecret, "grant_type", "authorization_code", "code", "c1", "code_verifier", strings.Repeat("v", 43),
		"redirect_uri", "https://assistant.example.com/callback", "resource", n.URL+"/wp-json/moserver/mcp")
	if first.status != 200 || first.token("refresh_token") == "" {
		t.Fatalf("code: %d %s", first.status, first.text)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.token("refresh_token")}, "resource": {n.URL + "/wp-json/moserver/mcp"}}
	config := oauth2.Config{ClientID: mcpID, ClientSecret: mcpSecret, Endpoint: oauth2.Endpoint{TokenURL: n.URL + "/wp-json/moserver/token", AuthStyle: oauth2.AuthStyleInHeader}}
	basic, err := config.TokenSource(context.Background(), &oauth2.Token{RefreshToken: form.Get("refresh_token")}).Token()
	if err != nil || basic.AccessToken == "" {
		t.Fatalf("client_secret_basic: %v", err)
	}
	post := n.post("token", mcpID, mcpSecret, "grant_type", "refresh_token", "refresh_token", form.Get("refresh_token"), "resource", form.Get("resource"))
	if post.status != 200 || post.token("refresh_token") != form.Get("refresh_token") {
		t.Fatalf("client_secret_post: %d %s", post.status, post.text)
	}
	if claims := n.pyjwt(post.token("id_token"), mcpID, mcpSecret); claims["sub"] != "2" {
		t.Errorf("claims %v", claims)
	}
	var accepted int // PHP's MCP endpoint looks for the row
	if err := n.db.QueryRow("SELECT COUNT(*) FROM wp_moos_oauth_access_tokens WHERE client_id = ? AND user_id = 2", mcpID).Scan(&accepted); err != nil || accepted != 3 {
		t.Errorf("%d access tokens are in the table, want 3 (%v)", accepted, err)
	}
}

// TestRoundTrips counts the statements that a request causes.
func TestRoundTrips(t *testing.T) {
	n := startNamespace(t, handlers.Options{}, wpdb.Config{})
	n.put(oauth.RefreshToken, "plain", rsID, 2, "email")
	n.put(oauth.RefreshToken, "openid", rsID, 2, "openid email")
	n.put(oauth.AccessToken, "a1", rsID, 2, "openid email")
	n.authorize("c1", rsID, 2, "n1")
	n.migrate()
	refresh := func(token string) func() answer {
		return func() answer {
			return n.post("token", rsID, rsSecret, "grant_type", "refresh_token", "refresh_token", token)
		}
	}
	for _, test := range []struct {
		name    string
		send    func() answer
		selects int
		inserts int
	}{
		{"refresh", refresh("plain"), 1, 1},
		{"refresh with openid after one without", refresh("openid"), 2, 1},
		{"refresh with openid", refresh("openid"), 1, 1},
		{"code with openid", func() answer {
			return n.post("token", rsID, rsSecret, "grant_type", "authorization_code", "code", "c1")
		}, 1, 2},
		{"resource", func() answer { return n.send("GET", "resource", nil, "Authorization", "Bearer a1") }, 1, 0},
		{"discovery", func() answer { return n.send("GET", rsID+"/.well-known/openid-configuration", nil) }, 2, 0},
		{"keys", func() answer { return n.send("GET", rsID+"/.well-known/keys", nil) }, 2, 0},
		{"introspect", func() answer {
			return n.post("introspect", rsID, rsSecret, "token", "a1", "token_type_hint", "access_token")
		}, 1, 0},
	} {
		before := [2]int{n.status("Com_select"), n.status("Com_insert")}
		if a := test.send(); a.status != 200 {
			t.Fatalf("%s: %d %s", test.name, a.status, a.text)
		}
		selects, inserts := n.status("Com_select")-before[0], n.status("Com_insert")-before[1]
		if selects != test.selects || inserts != test.inserts {
			t.Errorf("%s: %d SELECT and %d INSERT, want %d and %d", test.name, selects, inserts, test.selects, test.inserts)
		}
	}
}

// migrate adds the indexes, and waits until the server knows of them.
func (n *namespace) migrate() {
	n.t.Helper()
	for _, kind := range []oauth.Kind{oauth.AuthorizationCode, oauth.AccessToken, oauth.RefreshToken} {
		if _, err := n.db.Exec("ALTER TABLE wp_moos_oauth_" + string(kind) + "s ADD INDEX (" + string(kind) + ")"); err != nil {
			n.t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); n.store.Scans(oauth.AccessToken); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			n.t.Fatal("the server does not know of the indexes")
		}
	}
}

// status is a counter of the database.
func (n *namespace) status(name string) (count int) {
	n.t.Helper()
	if err := n.db.QueryRow("SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&name, &count); err != nil {
		n.t.Fatal(err)
	}
	return count
}
