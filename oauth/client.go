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
		switch {
		case client == nil:
			return errSecretMissing.because(ReasonClientUnknown)
		case client.Confidential:
			return errSecretMissing
		}
		return nil
	}
	switch {
	case client == nil:
		return errCredentialsWrong.because(ReasonClientUnknown)
	case !client.Confidential:
		return errCredentialsWrong.because(ReasonSecretUnexpected)
	}
	// Every reading is compared, so that time does not tell which one matched.
	matches := 0
	for _, c := range credentials {
		matches |= equal(c.ClientID, client.ID) & equal(c.ClientSecret, client.Secret)
	}
	if matches == 0 {
		return errCredentialsWrong.because(whyWrong(client, credentials))
	}
	return nil
}

// whyWrong is why no reading of the credentials has the client's secret. A secret
// that is stored otherwise than the site says lets nobody in, but an operator must
// be able to tell it from a guess.
func whyWrong(client *Client, credentials []Credential) Reason {
	otherwise := 0
	for _, c := range credentials {
		otherwise |= equal(c.ClientSecret, client.Otherwise)
	}
	switch {
	case otherwise == 1 && client.Encrypted:
		return ReasonSecretPlain
	case otherwise == 1:
		return ReasonSecretNotMarked
	case client.Secret == "":
		return ReasonSecretUnreadable
	}
	return ReasonSecretWrong
}

// equal is 1 if a and b are the same. It compares digests because
// ConstantTimeCompare gives away at once that two lengths differ.
func equal(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
