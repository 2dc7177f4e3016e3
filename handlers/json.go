package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxJSONDepth is far more than a token request has.
const maxJSONDepth = 32

// parseJSON reads a JSON object. Numbers count as their digits and booleans as
// PHP writes them; null is the same as absent.
func parseJSON(body []byte) (parameters, error) {
	p := parameters{}
	if len(bytes.TrimSpace(body)) == 0 {
		return p, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, malformed(reasonBody, "The request body must be a JSON object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, errJSON()
		}
		value, err := jsonValue(decoder, name.(string))
		if err != nil {
			return nil, err
		}
		if err := p.set(name.(string), value); err != nil {
			return nil, err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errJSON()
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON()
	}
	return p, nil
}

func errJSON() error { return malformed(reasonBody, "The request body is not valid JSON") }

// jsonValue reads the value of one member. That of an unknown member may be
// anything, as unknown parameters are ignored.
func jsonValue(decoder *json.Decoder, name string) (string, error) {
	token, err := decoder.Token()
	if err != nil {
		return "", errJSON()
	}
	switch value := token.(type) {
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	case bool:
		return map[bool]string{true: "1"}[value], nil
	case json.Delim:
		if !isParameter(name) {
			return "", skipJSON(decoder)
		}
		return "", malformed(reasonNotText, "The parameter "+name+" must be a string")
	}
	return "", nil // null
}

// skipJSON passes over the rest of an array or object that has just begun.
func skipJSON(decoder *json.Decoder) error {
	for depth := 1; depth > 0; {
		token, err := decoder.Token()
		if err != nil || depth > maxJSONDepth {
			return errJSON()
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}
