package main

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// The clients of all requests: one that gets no ID tokens, one that does, and one without
// a secret. And the user of most grants.
const (
	clientID       = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	openIDClientID = "OpenIDmmqhaWeAnMjGqwsfVUSlRuUVYX"
	clientSecret   = "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	publicClientID = "PubLicCmmqhaWeAnMjGqwsfVUSlRuUVY"
	userID         = 1
	plainScope     = "profile email"
	openIDScope    = "openid profile email"
)

// stock is the codes and tokens in the tables. They are numbered, and their
// values the digests of their numbers, so that they can be made by the server
// as fast as it can and known here without reading them.
type stock struct{ *stage.Site }

// series is a lot of codes or tokens that are alike.
type series struct {
	letter  byte
	kind    oauth.Kind
	scope   string
	expires string
	client  string
	users   int // the grants are of as many users in turn, from userID on
}

// allSeries are those that the targets use. Those that requests use up expire, like
// all codes.
func allSeries() map[string]series {
	return map[string]series{
		refreshName:  {'r', oauth.RefreshToken, plainScope, never, clientID, 1},
		openIDName:   {'o', oauth.RefreshToken, openIDScope, never, openIDClientID, tokens},
		rotatingName: {'p', oauth.RefreshToken, plainScope, farAway, publicClientID, 1},
		codeName:     {'c', oauth.AuthorizationCode, plainScope, farAway, clientID, 1},
		revokeName:   {'v', oauth.RefreshToken, plainScope, farAway, clientID, 1},
		resourceName: {'a', oauth.AccessToken, plainScope, farAway, clientID, 1},
	}
}

// value is that of the nth of a series.
func (s series) value(n int) string {
	digest := md5.Sum(fmt.Appendf(nil, "%c%d", s.letter, n))
	return hex.EncodeToString(digest[:])
}

// fill stores the codes or tokens from the first to the last number of a series.
func (s stock) fill(of series, first, last int) {
	const most = 250_000 // rows of a statement, so that the log of undoing stays small
	for ; first <= last; first += most {
		s.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_%[1]ss (%[1]s, client_id, user_id, expires, scope) "+
			"SELECT MD5(CONCAT('%[2]c', seq)), '%[3]s', %[4]d + seq %% %[5]d, '%[6]s', '%[7]s' FROM seq_%[8]d_to_%[9]d",
			of.kind, of.letter, of.client, userID, of.users, of.expires, of.scope, first, min(first+most-1, last)))
	}
}

// putUsers registers as many users as the grants are of, with names.
func (s stock) putUsers(n int) {
	s.Exec(fmt.Sprintf("INSERT IGNORE INTO {}users (ID, user_login, user_email, display_name) "+
		"SELECT seq, CONCAT('user', seq), CONCAT('user', seq, '@example.com'), CONCAT('User ', seq) FROM seq_%d_to_%d", userID+1, userID+n))
	for _, key := range []string{"first_name", "last_name", "nickname"} {
		s.Exec(fmt.Sprintf("INSERT INTO {}usermeta (user_id, meta_key, meta_value) SELECT seq, '%s', CONCAT('%s', seq) FROM seq_%d_to_%d",
			key, key, userID+1, userID+n))
	}
}

// never and farAway are dates of series.
const (
	never   = sandboxtest.Never
	farAway = "2037-01-01 00:00:00"
)

// putClients registers the clients, and a key for ID tokens.
func (s stock) putClients() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	client := stage.Client{Name: "Benchmark", Redirect: "https://client.example.com/callback", Alg: "RS256"}
	client.ID = publicClientID
	s.PutClient(client)
	client.ID, client.Secret = clientID, clientSecret
	s.PutClient(client)
	client.ID = openIDClientID
	s.PutClient(client)
	s.PutKey(client, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), string(private))
	return nil
}
