package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
)

// authenticate checks the credentials against the client that the store has
// for them (RFC 6749, 2.3 and 3.2.1). A public client identifies itself by its
// id alone.
func authenticate(client *Client, credentials []Credential) error {
	if len(credentials) == 0 {
		return errCredentialsMissing
	}
	if credentials[0].ClientSecret == "" {
		if client == nil || client.Confidential {
			return errSecretMissing
		}
		return nil
	}
	if client == nil || !client.Confidential {
		return errCredentialsWrong
	}
	// Every reading is compared, so that time does not tell which one matched.
	matches := 0
	for _, c := range credentials {
		matches |= equal(c.ClientID, client.ID) & equal(c.ClientSecret, client.Secret)
	}
	if matches == 0 {
		return errCredentialsWrong
	}
	return nil
}

// equal is 1 if a and b are the same. It compares digests because
// ConstantTimeCompare gives away at once that two lengths differ.
func equal(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
