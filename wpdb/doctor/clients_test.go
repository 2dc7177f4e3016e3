package doctor_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/doctor"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"os"
	"strings"
	"testing"
)

// putPair stores a client with its secret as it is, and an RS256 key unless that
// is empty.
func (s *site) putPair(id, stored, key string) {
	s.T.Helper()
	s.Exec("INSERT INTO {}moos_oauth_clients (client_name, client_id, client_secret, redirect_uri, active_oauth_server_id) "+
		"VALUES ('My App', ?, ?, 'https://a.example.com/cb', 1)", id, stored)
	if key != "" {
		s.Exec("INSERT INTO {}moos_oauth_public_keys VALUES (?, ?, ?, 'RS256')", id, "public of "+key, key)
	}
}

func newKey(t sandboxtest.T, bits int) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// shortKey is one that OpenSSL 3 makes and signs with, and Go refuses to make.
func shortKey(t sandboxtest.T) string {
	t.Helper()
	text, err := os.ReadFile("../../oauth/testdata/short.pem")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const plainSecret = "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"

// goodSecret is how it is stored for putPair's clients.
func goodSecret() string { return wpdb.EncryptSecret(plainSecret, "My App") }

// clientCase is clients, and what Examine says of them.
type clientCase struct {
	prepare func(root *site)
	want    []finding
}

// examineClients checks each case, and that Examine tells nothing of the secrets
// and the key.
func examineClients(t *testing.T, key string, cases map[string]clientCase) {
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true})
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			root, s := wellSite(t, server)
			test.prepare(root)
			facts, findings, err := doctor.Examine(within(t, patience), s.DB, week, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			all := fmt.Sprintf("%+v %+v", facts, findings)
			for _, secret := range []string{plainSecret, goodSecret(), "PRIVATE KEY", "public of", strings.Split(key, "\n")[1], sandboxtest.Password} {
				if strings.Contains(all, secret) {
					t.Errorf("it tells %.8q…", secret)
				}
			}
			s.examine(test.want...)
		})
	}
}

func TestExamineClients(t *testing.T) {
	good, key, other := goodSecret(), newKey(t, 2048), newKey(t, 2048)
	const upperID, lowerID = "AbcId", "abcid"
	examineClients(t, key, map[string]clientCase{
		"fine": {func(root *site) {
			root.putPair("one", good, key)
			root.putPair("two", good, other)
			root.putPair("three", good, "")
		}, nil},
		"plain secrets": {func(root *site) {
			root.PutOption("mo_oauth_server_is_client_secret_encrypted", "")
			root.putPair("one", plainSecret, key)
		}, []finding{{`stored as plain text (the option mo_oauth_server_is_client_secret_encrypted is not set): "one"`, "add it again", true}}},
		"secrets that cannot be read": {func(root *site) {
			root.putPair("one", plainSecret, key)
			root.putPair("two", good, other)
		}, []finding{{`so each secret is refused: "one".`, "add it again", false}}},
		"one id twice": {func(root *site) {
			root.putPair("one", good, key)
			root.putPair("one", good, "")
		}, []finding{
			{`More than one client has the id "one"`, "Delete all but one of each in the table {}moos_oauth_clients", false},
			{"These clients share a key", "", true}}},
		"ids alike": {func(root *site) {
			root.putPair(upperID, good, key)
			root.putPair(lowerID, good, other)
		}, []finding{{"only in ways that the database's collation does not see", "another id", true}}},
	})
}

func TestExamineKeys(t *testing.T) {
	good, key, other := goodSecret(), newKey(t, 2048), newKey(t, 2048)
	examineClients(t, key, map[string]clientCase{
		"no readable key": {func(root *site) { root.putPair("one", good, "no key") },
			[]finding{{`no ID tokens: "one". Reason: the private key`, "save HS256, then RS256", false}}},
		"keys below 2048 bits": {func(root *site) {
			root.putPair("one", good, newKey(root.T, 1024))
			root.putPair("two", good, shortKey(root.T))
		}, []finding{
			{`shorter than 2048 bits, which RFC 7518 forbids and some libraries refuse: "one".`, "save HS256, then RS256", true},
			{`no ID tokens: "two". Reason: the RSA key in its moos_oauth_public_keys row has fewer than 1024 bits`, "save HS256, then RS256", false}}},
		"unknown algorithm": {func(root *site) {
			root.putPair("one", good, key)
			root.Exec("UPDATE {}moos_oauth_public_keys SET encryption_algorithm = 'ES256'")
		}, []finding{{`no ID tokens: "one". Reason: its encryption_algorithm`, "save HS256, then RS256", false}}},
		"public without a key": {func(root *site) { root.putPair("one", "", "") },
			[]finding{{`no ID tokens: "one". Reason: HS256 is set, but it has no client secret`, "Choose RS256", true}}},
		"no OpenID Connect": {func(root *site) {
			root.putPair("one", "", "")
			root.PutOption("mo_oauth_server_enable_oidc", "off")
		}, nil},
		"several keys": {func(root *site) {
			root.putPair("one", good, key)
			root.Exec("INSERT INTO {}moos_oauth_public_keys SELECT * FROM {}moos_oauth_public_keys")
		}, []finding{{`more than one key, and it is undefined which one signs: "one"`, "Delete all but one", false}}},
		"one key for two": {func(root *site) {
			root.putPair("one", good, key)
			root.putPair("two", good, key)
			root.putPair("three", good, other)
		}, []finding{{`These clients share a key: "one", "two".`, "save HS256, then RS256", true}}},
		"key of all sites": {func(root *site) {
			root.putPair("one", good, key)
			root.Exec("DELETE FROM {}options WHERE option_name = 'mo_oauth_server_site_keys_generated'")
		}, []finding{{`anybody can use: "one".`, "Rotate now", true}}},
	})
}
