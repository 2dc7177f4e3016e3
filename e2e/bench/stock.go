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
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// The client of all requests, and the user of all grants.
const (
	clientID     = "VfixCmmqhaWeAnMjGqwsfVUSlRuUVYXU"
	clientSecret = "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ"
	userID       = 1
	plainScope   = "profile email"
	openIDScope  = "openid profile email"
)

// stock is the codes and tokens in the tables. They are numbered, and their
// values the digests of their numbers, so that they can be made by the server
// as fast as it can and known here without reading them.
type stock struct{ *stage.Site }

// stockedValue is the value of the nth of a series, which is one letter.
func stockedValue(series byte, n int) string {
	digest := md5.Sum(fmt.Appendf(nil, "%c%d", series, n))
	return hex.EncodeToString(digest[:])
}

// fill stores the codes or tokens from the first to the last number of a
// series. expires is what expires is set to.
func (s stock) fill(kind string, series byte, first, last int, scope, expires string) {
	const most = 250_000 // rows of a statement, so that the log of undoing stays small
	for ; first <= last; first += most {
		s.Exec(fmt.Sprintf("INSERT INTO {}moos_oauth_%[1]ss (%[1]s, client_id, user_id, expires, scope) "+
			"SELECT MD5(CONCAT('%[2]c', seq)), '%[3]s', %[4]d, '%[5]s', '%[6]s' FROM seq_%[7]d_to_%[8]d",
			kind, series, clientID, userID, expires, scope, first, min(first+most-1, last)))
	}
}

// never and farAway are dates for fill.
const (
	never   = sandboxtest.Never
	farAway = "2037-01-01 00:00:00"
)

// putClient registers the client, with a key for its ID tokens.
func (s stock) putClient() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	client := stage.Client{ID: clientID, Name: "Benchmark", Secret: clientSecret, Redirect: "https://client.example.com/callback", Alg: "RS256"}
	s.PutClient(client)
	s.PutKey(client, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), string(private))
	return nil
}
