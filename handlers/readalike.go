package handlers

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// readAlike is an error if PHP may read something else in a token request than this
// server has, so that it would carry out a grant that was not judged here:
// grant_type=x&grant.type=authorization_code is a code's exchange to PHP.
func readAlike(r *http.Request, body []byte) error {
	for name, values := range r.Header {
		// PHP takes the _ of a name for -, and WordPress obeys this one header.
		if strings.Contains(name, "_") || strings.EqualFold(name, "X-HTTP-Method-Override") ||
			len(values) > 1 && (name == echo.HeaderContentType || name == echo.HeaderAuthorization) {
			return readUnlike("The request has a header that leaves open what it asks for")
		}
	}
	names, ok := bodyNames(r.Header.Get(echo.HeaderContentType), body)
	if !ok {
		return readUnlike("The request body is not of the usual form")
	}
	for name, value := range allPairs(r.URL.RawQuery) {
		// WordPress takes its route from here, whatever the path.
		if name != "rest_route" || !strings.EqualFold(strings.Trim(unescape(value), "/"), "moserver/token") {
			names = append(names, name)
		}
	}
	if len(names) > maxParameters {
		return readUnlike("The request has too many parameters")
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 && name == names[i-1] || name == "rest_route" || name == "_method" ||
			strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == '.' || r == '[' }) {
			return readUnlike("The request has a parameter twice, or one of an unusual name")
		}
	}
	return nil
}

func readUnlike(description string) error { return malformed(reasonAmbiguous, description) }

// allPairs is pairs without limits: PHP reads them all.
func allPairs(form string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(form, "&") {
			name, value, _ := strings.Cut(pair, "=")
			if name != "" && !yield(unescape(name), value) {
				return
			}
		}
	}
}

// bodyNames are the names of the parameters of a body, as PHP finds them before it
// changes any. It is not ok where PHP might find others.
func bodyNames(contentType string, body []byte) (names []string, ok bool) {
	media, _, _ := strings.Cut(contentType, ";")
	switch media = strings.ToLower(strings.TrimSpace(media)); media {
	case echo.MIMEApplicationForm:
		for name := range allPairs(string(body)) {
			names = append(names, name)
		}
		return names, true
	case echo.MIMEMultipartForm:
		return partNames(contentType, string(body))
	}
	return memberNames(body)
}

// memberNames are those of a JSON object, which has been found valid.
func memberNames(body []byte) (names []string, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	_, err := d.Token() // {
	for err == nil && d.More() {
		var name json.Token
		var value json.RawMessage
		if name, err = d.Token(); err == nil {
			names = append(names, name.(string))
			err = d.Decode(&value)
		}
	}
	return names, err == nil
}

// A multipart body's type and its parts, as browsers and curl write them.
var (
	multipartType = regexp.MustCompile(`(?i)^multipart/form-data; *boundary="?([0-9a-z'()+_/:=?-]{1,70})"?$`)
	multipartPart = regexp.MustCompile(`^\r\n(?i:Content-Disposition: form-data; name)="([\w-]+)"\r\n\r\n(?s:.*)\r\n$`)
)

// partNames are those of a multipart body that is written as browsers and curl do. Of
// other ways to write one, PHP has a reading of its own.
func partNames(contentType, body string) (names []string, ok bool) {
	m := multipartType.FindStringSubmatch(contentType)
	if m == nil {
		return nil, false
	}
	parts := strings.Split(body, "--"+m[1])
	last := len(parts) - 1
	if parts[0] != "" || strings.TrimSuffix(parts[last], "\r\n") != "--" {
		return nil, false
	}
	for _, text := range parts[1:last] {
		p := multipartPart.FindStringSubmatch(text)
		if p == nil {
			return nil, false
		}
		names = append(names, p[1])
	}
	return names, true
}
