package oauth

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// MinSealSecret is how many bytes a secret to seal with must have at least.
	MinSealSecret = 32
	// sealLifetime is how long a seal is good for, one minute of which is for servers
	// whose clocks differ. The code inside ends much earlier.
	sealLifetime = 10*time.Minute + time.Minute
	// maxCode is what a column of codes holds, and the length that a seal can tell.
	maxCode = 255
)

// Seals seals authorization codes: what the authorization request said, which the
// plugin does not keep, travels inside of what the client gets for a code. All
// servers with the same secret open each other's seals. It may be used by any
// number of goroutines.
type Seals struct {
	aead        cipher.AEAD
	fingerprint string
}

// NewSeals makes Seals with a secret of at least MinSealSecret bytes.
func NewSeals(secret []byte) (*Seals, error) {
	if len(secret) < MinSealSecret {
		return nil, fmt.Errorf("a secret to seal codes with needs %d bytes at least", MinSealSecret)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "moserver-sidecar: seals of authorization codes, 1", chacha20poly1305.KeySize)
	if err != nil {
		return nil, err
	}
	shown, err := hkdf.Key(sha256.New, secret, nil, "moserver-sidecar: fingerprint", 6)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	return &Seals{aead, hex.EncodeToString(shown)}, err
}

// Fingerprint is the same for the same secret, and tells nothing of it: twelve
// hex digits by which people compare two servers.
func (s *Seals) Fingerprint() string { return s.fingerprint }

// seal is what is inside of one.
type seal struct {
	code     string
	made     time.Time
	client   [8]byte // the beginning of the SHA-256 of the client's id
	verifier []byte  // the SHA-256 of the right code_verifier; nil: no challenge was sent
	resource []byte  // the beginning of the SHA-256 of the resource; nil: none was named
	nonce    string  // empty: none was sent
}

// The lengths of digests in a seal.
const (
	verifierLength = sha256.Size
	resourceLength = 16
)

// What a seal has, in its flags.
const (
	sealHex      = 1 << iota // the code is lower-case hex, kept as bytes
	sealVerifier             // there was a challenge
	sealResource             // there was a resource
)

// sealVersion is the first byte inside of a seal.
const sealVersion = 1

// sealHeader is what each seal begins with.
const sealHeader = 1 + 1 + 4 + 1 + 8 // version, flags, seconds, length of the code, client

// marshal is compact, because a code has to fit into addresses.
func (s seal) marshal() []byte {
	flags, code := byte(0), []byte(s.code)
	if raw, _ := hex.DecodeString(s.code); hex.EncodeToString(raw) == s.code {
		flags, code = sealHex, raw
	}
	if s.verifier != nil {
		flags |= sealVerifier
	}
	if s.resource != nil {
		flags |= sealResource
	}
	b := binary.BigEndian.AppendUint32([]byte{sealVersion, flags}, uint32(s.made.Unix()))
	b = append(append(b, byte(len(code))), s.client[:]...)
	return append(bytes.Join([][]byte{b, code, s.verifier, s.resource}, nil), s.nonce...)
}

// unmarshal is the reverse. It is not ok if b is nothing that marshal returns.
func unmarshal(b []byte) (s seal, ok bool) {
	if len(b) < sealHeader || b[0] != sealVersion {
		return seal{}, false
	}
	flags, length := b[1], int(b[6])
	s.made = time.Unix(int64(binary.BigEndian.Uint32(b[2:])), 0)
	copy(s.client[:], b[7:])
	rest := b[sealHeader:]
	take := func(n int) []byte {
		if n > len(rest) {
			rest, ok = nil, false
			return nil
		}
		taken := rest[:n:n]
		rest = rest[n:]
		return taken
	}
	ok = true
	code := take(length)
	if s.code = string(code); flags&sealHex != 0 {
		s.code = hex.EncodeToString(code)
	}
	if flags&sealVerifier != 0 {
		s.verifier = take(verifierLength)
	}
	if flags&sealResource != 0 {
		s.resource = take(resourceLength)
	}
	s.nonce = string(rest)
	return s, ok
}

// close makes of s what the client gets for a code.
func (s *Seals) close(inside seal, random io.Reader) (string, error) {
	if len(inside.code) > maxCode {
		return "", errors.New("the code is too long to be sealed")
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	if _, err := io.ReadFull(random, nonce); err != nil {
		return "", fmt.Errorf("no randomness for a seal: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, inside.marshal(), nil)), nil
}

// open is the reverse of close; nil if text was not made by it with this secret.
func (s *Seals) open(text string) *seal {
	if !looksSealed(text) {
		return nil
	}
	sealed := decode64(text)
	plain, err := s.aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], nil)
	if err != nil {
		return nil
	}
	inside, ok := unmarshal(plain)
	if !ok {
		return nil
	}
	return &inside
}

// looksSealed reports whether text may be a seal, be it one of another secret.
func looksSealed(text string) bool {
	return len(decode64(text)) >= chacha20poly1305.NonceSizeX+sealHeader+chacha20poly1305.Overhead
}

// decode64 is nil for what is not exactly base64url without padding: Go's own
// decoder passes line breaks over.
func decode64(text string) []byte {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(decoded)) != len(text) {
		return nil
	}
	return decoded
}
