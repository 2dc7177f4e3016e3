package oauth

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// maxKeys bounds the parsed keys that are kept. When they are too many the
// older half is forgotten.
const maxKeys = 256

const (
	// minRSABits is the shortest key that is signed with, and published.
	minRSABits = 1024
	// goodRSABits is what RFC 7518, 3.3 asks for. A key between the two is what PHP
	// signs with and clients verify with today: it goes on, and doctor names it.
	goodRSABits = 2048
)

// Defect is a reason why a client gets no ID tokens. It is for the log, so it
// never quotes what is stored.
type Defect struct{ What, Remedy string }

// Error is both, in one sentence.
func (d Defect) Error() string { return d.What + "; " + d.Remedy }

// remedyNewKey is how the plugin makes a new key: it does so when the algorithm changes.
const remedyNewKey = "in the client's JWT settings in wp-admin save HS256, then RS256: that makes a new key"

// All defects.
var (
	ErrKeyUnreadable = Defect{"the private key in its moos_oauth_public_keys row is no RSA key in PEM form, so its answers have no id_token",
		remedyNewKey}
	ErrKeyShort = Defect{fmt.Sprintf("the RSA key in its moos_oauth_public_keys row has fewer than %d bits, so its answers have no id_token", minRSABits),
		remedyNewKey}
	ErrKeySecret = Defect{"HS256 is set, but it has no client secret that can be read, so its answers have no id_token",
		"choose RS256 in the client's JWT settings in wp-admin"}
	ErrKeyAlgorithm = Defect{"its encryption_algorithm in moos_oauth_public_keys is neither RS256 nor HS256, so its answers have no id_token",
		remedyNewKey}
	ErrNoIssuer = Defect{"its site has no address (the option home), so its answers have no id_token",
		"set the site address in wp-admin, or home in the settings"}
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
			return signer{}, ErrKeySecret
		}
		return signer{jwt.SigningMethodHS256, []byte(client.Secret), []byte(client.Secret)}, nil
	}
	return signer{}, ErrKeyAlgorithm
}

// Judge says how good the key is. The error is the Defect for which no ID token of
// the client can be signed with it, nil where one can be. weak says that it is an RSA
// key which signs, and yet is shorter than RFC 7518, 3.3 allows.
func (k SigningKey) Judge(client *Client) (weak bool, err error) {
	s, err := new(keyring).signer(k, client)
	public, isRSA := s.public.(*rsa.PublicKey)
	return isRSA && public.N.BitLen() < goodRSABits, err
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
		var err error
		if key, err = parsePrivateKey(text); err != nil {
			return nil, err
		}
	}
	if len(k.recent) >= maxKeys/2 || k.recent == nil {
		k.recent, k.older = map[string]*rsa.PrivateKey{}, k.recent
	}
	k.recent[text] = key
	return key, nil
}

// Bits is the length of an RSA key; 0 if the key is none, or cannot be read.
func (k SigningKey) Bits() int {
	key := readPrivateKey(k.PrivateKey)
	if k.Algorithm != RS256 || key == nil {
		return 0
	}
	return key.N.BitLen()
}

// parsePrivateKey is readPrivateKey for a key to sign with. The error is a Defect: the
// text is no key, or a short one.
func parsePrivateKey(text string) (*rsa.PrivateKey, error) {
	key := readPrivateKey(text)
	switch {
	case key == nil:
		return nil, ErrKeyUnreadable
	case key.N.BitLen() < minRSABits:
		return nil, ErrKeyShort
	}
	return key, nil
}

// readPrivateKey reads PKCS #8 (PRIVATE KEY) and PKCS #1 (RSA PRIVATE KEY); nil if the
// text is neither.
func readPrivateKey(text string) *rsa.PrivateKey {
	der := decodePEM(text)
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		parsed, _ := x509.ParsePKCS8PrivateKey(der) // without a key it is nil
		key, _ = parsed.(*rsa.PrivateKey)
	}
	return key
}

// parsePublicKey reads SubjectPublicKeyInfo (PUBLIC KEY) and PKCS #1 (RSA
// PUBLIC KEY); nil where the text is neither, or the key so short that anybody
// could sign for its owner.
func parsePublicKey(text string) *rsa.PublicKey {
	der := decodePEM(text)
	key, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		parsed, _ := x509.ParsePKIXPublicKey(der) // without a key it is nil
		key, _ = parsed.(*rsa.PublicKey)
	}
	if key == nil || key.N.BitLen() < minRSABits {
		return nil
	}
	return key
}

// decodePEM is the bytes of the first block; empty if there is none. A form field may
// have turned the line breaks of a key into blanks or dropped them, which the plugin
// bears for public keys.
func decodePEM(text string) []byte {
	_, rest, _ := strings.Cut(text, "-----BEGIN ")
	_, rest, _ = strings.Cut(rest, "-----")
	body, _, _ := strings.Cut(rest, "-----")
	der, _ := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	return der
}
