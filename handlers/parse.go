package handlers

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// parse reads a request to the token endpoint. Parameters count only in the
// body, except scope, which the plugin also takes from the query.
func (s *server) parse(c echo.Context) (oauth.Request, error) {
	r := c.Request()
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, s.options.MaxBodyBytes))
	if err != nil {
		return oauth.Request{}, bodyError(err)
	}
	if s.upstream != nil { // which may need it
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	}
	p, err := parseBody(r.Header.Get(echo.HeaderContentType), body)
	if err != nil {
		return oauth.Request{}, err
	}
	request := oauth.Request{
		GrantType:     p["grant_type"],
		Code:          p["code"],
		CodeVerifier:  p["code_verifier"],
		RedirectURI:   p["redirect_uri"],
		Resource:      p[paramResource],
		RefreshToken:  p["refresh_token"],
		Scope:         p["scope"],
		Token:         p["token"],
		TokenTypeHint: p["token_type_hint"],
	}
	if request.Scope == "" {
		request.Scope = queryValue(r.URL.RawQuery, "scope")
	}
	header := r.Header.Get(echo.HeaderAuthorization)
	basic := basicCredentials(header)
	request.Credentials = credentials(basic, p)
	if n := len(request.Credentials); n > 0 {
		note(c).clientSent = request.Credentials[n-1].ClientID
	}
	note(c).headerAuth = header != "" && (len(request.Credentials) == 0 || basic != nil)
	return request, nil
}

// bodyError says why a body could not be read.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	}
	return malformed(reasonBody, "The request body could not be read")
}

func malformed(reason oauth.Reason, description string) error {
	return oauth.Error{Code: oauth.InvalidRequest, Description: description, Reason: reason}
}

// parameters are those that the token endpoint knows and that have a value.
type parameters map[string]string

// set takes a parameter of the body. RFC 6749, 3.2 forbids to repeat one; a
// repetition of the same value, which one known client sends, leaves no doubt.
// A parameter without a value counts as omitted. Unknown ones are ignored: of
// those, which may be many, nobody reads the value.
func (p parameters) set(name, value string) error {
	earlier, repeated := p[name]
	repeated = repeated && value != "" && earlier != value
	switch {
	case repeated && name == paramResource: // it may be (RFC 8707, 2); no code is for two
		value = earlier + " " + value
	case repeated:
		return malformed(reasonRepeated, "The parameter "+name+" is repeated with another value")
	}
	if value != "" {
		p[name] = value
	}
	return nil
}

// paramResource is RFC 8707's.
const paramResource = "resource"

// maxName is longer than the longest name that isParameter knows, with each of its
// characters escaped in JSON.
const maxName = 6 * len("token_type_hint")

// maxParameters is how many parameters are looked at, known or not. PHP has the
// same limit (max_input_vars). A multipart body needs four lines and one semicolon
// for each; maxMultipart is how many there may be of both.
const (
	maxParameters = 1000
	maxMultipart  = 400
	maxMediaType  = 1 << 10 // bytes of the Content-Type of such a body
)

// isParameter reports whether the token endpoint knows a parameter of that name.
func isParameter(name string) bool {
	switch name {
	case "grant_type", "code", "redirect_uri", "refresh_token", "scope", "token", "token_type_hint",
		"client_id", "client_secret", "code_verifier", paramResource:
		return true
	}
	return false
}

// parseBody reads a body by its type. One of another type has no parameters,
// as for PHP.
func parseBody(contentType string, body []byte) (parameters, error) {
	media, _, _ := strings.Cut(contentType, ";") // some clients' charset is not well-formed
	switch media = strings.ToLower(strings.TrimSpace(media)); {
	case media == echo.MIMEApplicationForm:
		return parseForm(string(body))
	case media == echo.MIMEMultipartForm:
		return parseMultipart(contentType, body)
	case media == echo.MIMEApplicationJSON, strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"):
		return parseJSON(body)
	}
	return parameters{}, nil
}

// parseMultipart reads the values of a multipart/form-data body. Files are not
// parameters.
func parseMultipart(contentType string, body []byte) (parameters, error) {
	if len(contentType) > maxMediaType || bytes.Count(body, []byte("\n"))+bytes.Count(body, []byte(";")) > maxMultipart {
		return nil, malformed(reasonBody, "The multipart body has too many parts")
	}
	r := &http.Request{
		Header: http.Header{echo.HeaderContentType: {contentType}},
		Body:   io.NopCloser(bytes.NewReader(body)),
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, malformed(reasonBody, "The multipart body has no boundary")
	}
	p := parameters{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, malformed(reasonBody, "The multipart body is malformed")
		}
		if err := p.setPart(part); err != nil {
			return nil, err
		}
	}
}

func (p parameters) setPart(part *multipart.Part) error {
	if part.FileName() != "" || !isParameter(part.FormName()) {
		return nil
	}
	value, err := io.ReadAll(part)
	if err != nil {
		return malformed(reasonBody, "The multipart body is malformed")
	}
	return p.set(part.FormName(), string(value))
}

// credentials finds the client credentials: HTTP Basic, or else the body. A
// header of another scheme, or one that cannot be read, is passed over.
func credentials(basic []oauth.Credential, p parameters) []oauth.Credential {
	if basic != nil {
		return basic
	}
	if p["client_id"] == "" {
		return nil
	}
	return []oauth.Credential{{ClientID: p["client_id"], ClientSecret: p["client_secret"]}}
}

// basicCredentials reads an Authorization header of the scheme Basic, as
// leniently as PHP: without a colon all of it is the client's id. RFC 6749,
// 2.3.1 has both parts url-encoded, the plugin's clients send them raw, and
// only the registered secret tells which: so both readings are returned.
func basicCredentials(authorization string) []oauth.Credential {
	scheme, encoded, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(authorization), "\t", " "), " ")
	decoded := decodeBase64(encoded)
	if !strings.EqualFold(scheme, "Basic") || decoded == "" {
		return nil
	}
	id, secret, _ := strings.Cut(decoded, ":")
	raw := oauth.Credential{ClientID: id, ClientSecret: secret}
	plain := oauth.Credential{ClientID: unescape(id), ClientSecret: unescape(secret)}
	if plain == raw {
		return []oauth.Credential{raw}
	}
	return []oauth.Credential{raw, plain}
}

// decodeBase64 decodes what of s is base64; what is not, padding and a last digit alone
// included, is passed over.
func decodeBase64(s string) string {
	digits := strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '+', r == '/':
			return r
		}
		return -1
	}, s)
	decoded, _ := base64.RawStdEncoding.DecodeString(digits)
	return string(decoded)
}
