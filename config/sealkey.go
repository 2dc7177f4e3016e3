package config

import (
	"bytes"
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

// readSealKey finds the secret that codes are sealed with, where php_upstream is set.
func (l *loader) readSealKey(s *Settings) {
	upstream, on := l.get(upstreamName)
	if !on || l.lost {
		return
	}
	if file, ok := l.get(sealKeyFileName); ok {
		text, err := os.ReadFile(file.text)
		text = bytes.TrimRight(text, "\r\n")
		switch {
		case err != nil:
			l.blame(sealKeyFileName, file.where, "the key file cannot be read: %v", plainCause(err))
		case len(text) < minSealKey:
			l.blame(sealKeyFileName, file.where, "the key file must have %d bytes or more; openssl rand -base64 48 writes a good one", minSealKey)
		}
		s.SealKey = string(text)
		return
	}
	bad := func(salt string) bool { return len(salt) < minSealKey || salt == placeholder }
	if len(l.salts) == 0 || slices.ContainsFunc(l.salts, bad) {
		l.blame(sealKeyFileName, upstream.where, "%s needs a key to seal codes with, and wp-config.php's eight keys and salts are none: "+
			"give each its own %d characters or more, or set %s to a file that openssl rand -base64 48 has written",
			upstreamName, minSealKey, sealKeyFileName)
		return
	}
	s.SealKey = strings.Join(l.salts, "\x00")
}
