package config

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
)

const (
	// minSealKey is how many bytes a seal_key_file must have at least, and each salt.
	minSealKey = 32
	// placeholder is what wp-config-sample.php has for each salt.
	placeholder = "put your unique phrase here"

	sealKeyFileName = "seal_key_file"
	upstreamName    = "php_upstream"
)

// readKeys finds the secret that codes are sealed with, where php_upstream is set, and
// derives ProofKey from the same one.
func (l *loader) readKeys(s *Settings) {
	if l.lost {
		return
	}
	upstream, on := l.get(upstreamName)
	secret, problem := l.siteSecret()
	switch {
	case problem == "":
		s.ProofKey = proofKey(secret, s.DBName, s.TablePrefix)
		if on {
			s.SealKey = secret
		}
	case on:
		where := upstream.where
		if file, ok := l.get(sealKeyFileName); ok {
			where = file.where
		}
		l.blame(sealKeyFileName, where, "%s", problem)
	}
}

// siteSecret is what all servers of the site have, and nobody else, or what is wrong
// with it.
func (l *loader) siteSecret() (secret, problem string) {
	if file, ok := l.get(sealKeyFileName); ok {
		text, err := os.ReadFile(file.text)
		text = bytes.TrimRight(text, "\r\n")
		switch {
		case err != nil:
			return "", fmt.Sprintf("the key file cannot be read: %v", plainCause(err))
		case len(text) < minSealKey:
			return "", fmt.Sprintf("the key file must have %d bytes or more; openssl rand -base64 48 writes a good one", minSealKey)
		}
		return string(text), ""
	}
	bad := func(salt string) bool { return len(salt) < minSealKey || salt == placeholder }
	if len(l.salts) == 0 || slices.ContainsFunc(l.salts, bad) {
		return "", fmt.Sprintf("%s needs a key to seal codes with, and wp-config.php's eight keys and salts are none: "+
			"give each its own %d characters or more, or set %s to a file that openssl rand -base64 48 has written",
			upstreamName, minSealKey, sealKeyFileName)
	}
	return strings.Join(l.salts, "\x00"), ""
}

// proofKey differs between sites that have the same salts, such as a copy of a site.
func proofKey(secret, database, prefix string) string {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "moserver-sidecar: proof, 1\x00"+database+"\x00"+prefix, sha256.Size)
	if err != nil {
		panic(err) // its length is a constant
	}
	return string(key)
}
