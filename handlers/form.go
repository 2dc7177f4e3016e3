package handlers

import (
	"encoding/hex"
	"iter"
	"strings"
)

// parseForm reads application/x-www-form-urlencoded as PHP does: a percent
// sign that escapes nothing stands for itself, as in a secret that a client
// forgot to encode.
func parseForm(body string) (parameters, error) {
	p := parameters{}
	for name, value := range pairs(body) {
		if !isParameter(name) {
			continue
		}
		if err := p.set(name, unescape(value)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// queryValue is the first value of that name in a query.
func queryValue(query, name string) string {
	for found, value := range pairs(query) {
		if found == name {
			return unescape(value)
		}
	}
	return ""
}

// pairs are the names and values, still encoded, of a form or a query. It leaves out
// names that are longer than any known one.
func pairs(form string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for range maxParameters {
			if form == "" {
				return
			}
			var pair string
			pair, form, _ = strings.Cut(form, "&")
			name, value, _ := strings.Cut(pair, "=")
			if len(name) <= maxName && !yield(unescape(name), value) {
				return
			}
		}
	}
}

// unescape decodes url-encoded text. A percent sign that escapes nothing is kept.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	decoded := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		character := [1]byte{s[i]}
		switch {
		case s[i] == '+':
			character[0] = ' '
		case s[i] == '%' && i+2 < len(s):
			if _, err := hex.Decode(character[:], []byte(s[i+1:i+3])); err == nil {
				i += 2
			}
		}
		decoded = append(decoded, character[0])
	}
	return string(decoded)
}
