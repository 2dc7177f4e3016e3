package wpdb

import (
	"encoding/base64"
	"strings"
)

// EncryptSecret stores a client secret as the plugin does from version 5 on:
// to each byte of the secret the byte of the client's name at that place is
// added, the name repeated as often as needed, and the sum modulo 256 is
// base64. It is not encryption; whoever reads the row has the secret.
// The name must not be empty.
func EncryptSecret(secret, name string) string {
	b := []byte(secret)
	for i := range b {
		b[i] += name[i%len(name)]
	}
	return base64.StdEncoding.EncodeToString(b)
}

// DecryptSecret undoes EncryptSecret. Like PHP's base64_decode it passes over
// characters that are not base64, so that a stored value which an older or
// other program wrote gives what PHP sees. ok is false where nothing can be
// read: then no secret may match.
func DecryptSecret(stored, name string) (secret string, ok bool) {
	b := decodeBase64(stored)
	if len(b) == 0 || name == "" {
		return "", false
	}
	for i := range b {
		b[i] -= name[i%len(name)]
	}
	return string(b), true
}

// decodeBase64 decodes what of s is base64. A lone last character, which
// carries less than a byte, is dropped.
func decodeBase64(s string) []byte {
	clean := strings.Map(func(r rune) rune {
		if r < 128 && strings.ContainsRune("+/", r) || isAlphanumeric(r) {
			return r
		}
		return -1
	}, s)
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	b, err := base64.RawStdEncoding.DecodeString(clean)
	if err != nil {
		return nil
	}
	return b
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
