package handlers

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth is far more than a token request has.
const maxJSONDepth = 32

// jsonSpace is white space between the parts of JSON (RFC 8259, 2).
const jsonSpace = " \t\r\n"

// parseJSON reads a JSON object. Numbers count as their digits and booleans as
// PHP writes them; null is the same as absent. An unknown member may be anything,
// as unknown parameters are ignored; it is passed over without being decoded.
// Text that is not UTF-8 is not JSON, as for PHP.
func parseJSON(body []byte) (parameters, error) {
	p := parameters{}
	rest := bytes.Trim(body, jsonSpace)
	switch {
	case len(rest) == 0:
		return p, nil
	case rest[0] != '{':
		return nil, malformed(reasonBody, "The request body must be a JSON object")
	case !utf8.Valid(rest) || !json.Valid(rest):
		return nil, errJSON()
	}
	rest = rest[1:]
	for range maxParameters {
		if rest = bytes.TrimLeft(rest, jsonSpace+","); rest[0] == '}' {
			break
		}
		name, afterName := cutString(rest)
		value, afterValue, ok := cutJSON(bytes.TrimLeft(afterName, jsonSpace+":"))
		if !ok {
			return nil, errJSON()
		}
		if err := p.setJSON(name, value); err != nil {
			return nil, err
		}
		rest = afterValue
	}
	return p, nil
}

func errJSON() error { return malformed(reasonBody, "The request body is not valid JSON") }

// setJSON takes one member of valid JSON.
func (p parameters) setJSON(name, value []byte) error {
	if len(name) > maxName+len(`""`) {
		return nil
	}
	parameter := jsonString(name)
	if !isParameter(parameter) {
		return nil
	}
	switch value[0] {
	case '{', '[':
		if parameter == paramResource { // of several resources, which no code is for
			return p.set(parameter, string(value))
		}
		return malformed(reasonNotText, "The parameter "+parameter+" must be a string")
	case '"':
		return p.set(parameter, jsonString(value))
	case 't':
		return p.set(parameter, "1")
	case 'f', 'n':
		return p.set(parameter, "")
	}
	return p.set(parameter, string(value))
}

// cutJSON cuts the value off that valid JSON begins with. It is not ok if the
// value is too deep.
func cutJSON(text []byte) (value, rest []byte, ok bool) {
	if text[0] == '"' {
		value, rest = cutString(text)
		return value, rest, true
	}
	for i, depth := 0, 0; depth <= maxJSONDepth; i++ {
		switch text[i] {
		case '"':
			value, _ := cutString(text[i:])
			i += len(value) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return text[:i+1], text[i+1:], true
			}
		}
		if depth == 0 && strings.IndexByte(jsonSpace+",}", text[i+1]) >= 0 {
			return text[:i+1], text[i+1:], true
		}
	}
	return nil, nil, false
}

// cutString cuts the string off that valid JSON begins with.
func cutString(text []byte) (value, rest []byte) {
	end := 1
	for ; text[end] != '"'; end++ {
		if text[end] == '\\' {
			end++
		}
	}
	return text[:end+1], text[end+1:]
}

// jsonString decodes a string of valid JSON.
func jsonString(text []byte) (s string) {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	if err := json.Unmarshal(text, &s); err != nil {
		panic(err) // it is valid
	}
	return s
}
