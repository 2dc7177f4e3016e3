package oauth

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// maxKeys bounds the parsed keys that are kept. When they are too many the
// older half is forgotten.
const maxKeys = 256

// minRSABits is the shortest key that is signed with. RFC 7518, 3.3 asks for
// 2048, but a shorter one is what the client verifies with.
const minRSABits = 1024

// The reasons why a client gets no ID tokens. They are for the log, so they
// never quote what is stored.
var (
	errKeyUnreadable = errors.New("the private key in its moos_oauth_public_keys row is no RSA key in PEM form of 1024 bits or more, " +
		"so its answers have no id_token; save the client's JWT settings in wp-admin again")
	errKeySecret = errors.New("it is to sign ID tokens with HS256 but has no client secret that can be read, " +
		"so its answers have no id_token; choose RS256 in the client's JWT settings in wp-admin")
	errNoIssuer = errors.New("its site has no address (the option home), so its answers have no id_token; " +
		"set the site address in wp-admin, or home in the settings")
	errKeyAlgorithm = errors.New("its encryption_algorithm in moos_oauth_public_keys is neither RS256 nor HS256, " +
		"so its answers have no id_token; save the client's JWT settings in wp-admin again")
)

// keyring keeps private keys parsed. Parsing costs about as much as a
// signature. An entry is found by the whole text of the key: a key that was
// changed is another entry, so an old one is never used in its place. The zero
// value is empty.
type keyring struct {
	mu            sync.Mutex
	recent, older map[string]*rsa.PrivateKey
}

// signer signs and verifies the ID tokens of one client.
type signer struct {
	method          jwt.SigningMethod
	private, public any
}

// signer makes a signer of what is stored for the client.
func (k *keyring) signer(key SigningKey, client *Client) (signer, error) {
	switch key.Algorithm {
	case RS256:
		private, err := k.private(key.PrivateKey)
		if err != nil {
			return signer{}, err
		}
		return signer{jwt.SigningMethodRS256, private, &private.PublicKey}, nil
	case HS256:
		if client.Secret == "" { // with an empty key anybody could sign
			return signer{}, errKeySecret
		}
		return signer{jwt.SigningMethodHS256, []byte(client.Secret), []byte(client.Secret)}, nil
	}
	return signer{}, errKeyAlgorithm
}

// Defect says why no ID token of the client can be signed with the key: what is
// wrong, a semicolon, and what to do about it. It is nil where one can be signed,
// and quotes nothing of what is stored.
func (k SigningKey) Defect(client *Client) error {
	_, err := new(keyring).signer(k, client)
	return err
}

// private is the key of a PEM text.
func (k *keyring) private(text string) (*rsa.PrivateKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.recent[text]; key != nil {
		return key, nil
	}
	key := k.older[text]
	if key == nil {
		if key = parsePrivateKey(text); key == nil {
			return nil, errKeyUnreadable
		}
	}
	if len(k.recent) >= maxKeys/2 || k.recent == nil {
		k.recent, k.older = map[string]*rsa.PrivateKey{}, k.recent
	}
	k.recent[text] = key
	return key, nil
}

// parsePrivateKey reads PKCS #8 (PRIVATE KEY) and PKCS #1 (RSA PRIVATE KEY);
// nil where the text is neither, or the key too short to sign with.
func parsePrivateKey(text string) *rsa.PrivateKey {
	der := decodePEM(text)
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil
		}
		key, _ = parsed.(*rsa.PrivateKey)
	}
	if key == nil || key.N.BitLen() < minRSABits {
		return nil
	}
	return key
}

// parsePublicKey reads SubjectPublicKeyInfo (PUBLIC KEY) and PKCS #1 (RSA
// PUBLIC KEY); nil where the text is neither.
func parsePublicKey(text string) *rsa.PublicKey {
	der := decodePEM(text)
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key
	}
	parsed, _ := x509.ParsePKIXPublicKey(der) // without a key it is nil
	key, _ := parsed.(*rsa.PublicKey)
	return key
}

// decodePEM is the bytes of the first block; nil if there is none. A form field
// may have turned the line breaks of a key into blanks or dropped them, which
// the plugin bears for public keys.
func decodePEM(text string) []byte {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes
	}
	_, rest, _ := strings.Cut(text, "-----BEGIN ")
	label, rest, _ := strings.Cut(rest, "-----")
	body, _, whole := strings.Cut(rest, "-----END ")
	if !whole {
		return nil
	}
	block, _ := pem.Decode([]byte("-----BEGIN " + label + "-----\n" +
		strings.Join(strings.Fields(body), "") + "\n-----END " + label + "-----\n"))
	if block == nil {
		return nil
	}
	return block.Bytes
}
