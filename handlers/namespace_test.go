package handlers_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/store"
)

const (
	rsID, rsSecret   = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU", "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	hsID, hsSecret   = "HsClientHsClientHsClientHsClient", "HsSecretHsSecretHsSecretHsSecret"
	mcpID, mcpSecret = "mcp_abcdefghijklmnopqrstuvwxyzABCDEF", "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgHiJkLmNoPqRsTuV"
	publicID         = "PublicPublicPublicPublicPublicPu"
)

// namespace is the plugin's routes on a WordPress database of their own: a
// client for each way of signing, alice (2) and bob (3).
type namespace struct {
	*httptest.Server
	t       testing.TB
	db      *sql.DB
	store   *store.Store
	key     *rsa.PrivateKey // of the client rsID
	options handlers.Options
	log     *lockedBuffer
	clock   func() time.Time // the server's
}

// lockedBuffer is what the server logs.
type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}

func startNamespace(t testing.TB, options handlers.Options, c wpdb.Config) *namespace {
	t.Helper()
	database := sandboxtest.Start(t, sandbox.Options{})
	if err := database.CreateSite(context.Background(), "wp_"); err != nil {
		t.Fatal(err)
	}
	n := &namespace{t: t, options: options, log: &lockedBuffer{}, clock: time.Now}
	var err error
	if n.db, err = sql.Open("mysql", database.DSN("interpolateParams=true&multiStatements=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.db.Close() })
	c.Network, c.Address, c.User, c.Name = "unix", database.Socket, "root", database.Name()
	c.Charset, c.Prefix, c.MaxConnections = "utf8mb4", "wp_", 16
	log := slog.New(slog.NewTextHandler(n.log, nil))
	wp, err := wpdb.Open(c, log)
	if err != nil {
		t.Fatal(err)
	}
	opened := store.New(wp)
	t.Cleanup(func() { opened.Close() })
	n.options.RequestTimeout, n.options.MaxBodyBytes = 20*time.Second, 1<<16
	n.store = opened
	server := &oauth.Server{Store: opened, Now: func() time.Time { return n.clock() }, Random: rand.Reader}
	n.Server = httptest.NewServer(handlers.New(server, opened.Ready, n.options, log))
	t.Cleanup(n.Server.Close)
	n.fill()
	return n
}

// fill makes the site's address that of the server, and its clients.
func (n *namespace) fill() {
	n.t.Helper()
	n.key = newKey(n.t)
	n.exec("UPDATE wp_options SET option_value = ? WHERE option_name = 'home'", n.URL)
	n.putClient("My App", rsID, rsSecret, "https://client.example.com/cb", oauth.RS256, privatePEM(n.t, n.key))
	n.putClient("HS App", hsID, hsSecret, "https://hs.example.com/cb", oauth.HS256, "")
	n.putClient("Assistant & Co - "+mcpID, mcpID, mcpSecret, "https://assistant.example.com/callback", oauth.HS256,
		wpdb.EncryptSecret(mcpSecret, "Assistant & Co - "+mcpID))
	n.exec("INSERT INTO wp_moos_oauth_clients VALUES ('SPA', ?, '', 'https://spa.example.com/cb', 1)", publicID)
}

func (n *namespace) putClient(name, id, secret, redirect, algorithm, private string) {
	n.t.Helper()
	n.exec("INSERT INTO wp_moos_oauth_clients VALUES (?, ?, ?, ?, 1)", name, id, wpdb.EncryptSecret(secret, name), redirect)
	n.exec("INSERT INTO wp_moos_oauth_public_keys VALUES (?, '', ?, ?)", id, private, algorithm)
}

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func privatePEM(t testing.TB, key *rsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (n *namespace) exec(query string, args ...any) {
	n.t.Helper()
	if _, err := n.db.Exec(query, args...); err != nil {
		n.t.Fatalf("%s: %v", query, err)
	}
}

func (n *namespace) setOption(name, value string) {
	n.t.Helper()
	n.exec("REPLACE INTO wp_options (option_name, option_value) VALUES (?, ?)", name, value)
}

// put adds an access or refresh token that lives for an hour.
func (n *namespace) put(kind oauth.Kind, value, client string, user int, scope string) {
	n.t.Helper()
	n.exec("INSERT INTO wp_moos_oauth_"+string(kind)+"s VALUES (?, ?, ?, UTC_TIMESTAMP() + INTERVAL 1 HOUR, ?)", value, client, user, scope)
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any // nil where the text is not a JSON object
}

// token is the member of the body.
func (a answer) token(member string) string {
	text, _ := a.body[member].(string)
	return text
}

// send sends a request to a route; form is the body of a POST.
func (n *namespace) send(method, route string, form url.Values, header ...string) answer {
	n.t.Helper()
	request, err := http.NewRequest(method, n.URL+"/wp-json/moserver/"+route, strings.NewReader(form.Encode()))
	if err != nil {
		n.t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		n.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if json.Unmarshal(text, &a.body) != nil {
		a.body = nil
	}
	return a
}

// post posts a form with the credentials of a client.
func (n *namespace) post(route, id, secret string, parameters ...string) answer {
	n.t.Helper()
	form := url.Values{"client_id": {id}}
	if secret != "" {
		form.Set("client_secret", secret)
	}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return n.send(http.MethodPost, route, form)
}
