package wpdb

import (
	"encoding/base64"
	"strings"
)

// EncryptSecret encodes a client secret as the plugin does from version 5 on: the
// bytes of the client's name, repeated, are added modulo 256, and the sum is base64.
// It is not encryption: the row is enough to get the secret. The name must not be
// empty.
func EncryptSecret(secret, name string) string {
	b := []byte(secret)
	for i := range b {
		b[i] += name[i%len(name)]
	}
	return base64.StdEncoding.EncodeToString(b)
}

// DecryptSecret undoes EncryptSecret. Like PHP's base64_decode it skips characters
// that are not base64, so that any stored value gives what PHP sees. If ok is false,
// nothing can be read and no secret may match.
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

// decodeBase64 skips what is not base64, and a last character that makes no byte.
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
