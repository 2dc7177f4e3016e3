package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// maxVerdict is how much of WordPress's answer to a token request is looked at.
const maxVerdict = 64 << 10

// foreignGrant is whether a grant type may be one that only PHP knows. It must be made
// of what grant types are made of, and not become one of ours where PHP leaves out
// characters or takes capital letters for small ones.
func foreignGrant(grantType string) bool {
	plain := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '_':
			return r
		case strings.ContainsRune("-:./", r):
			return -1
		}
		return '?'
	}, strings.ToLower(grantType))
	_, known := oauth.Request{GrantType: plain}.Grant()
	return plain != "" && !known && !strings.Contains(plain, "?")
}

// passToken passes a token request on, if PHP reads in it what this server has read.
// As for the requests that are answered here, a secret that is wrong counts.
func (s *server) passToken(c echo.Context, request oauth.Request) error {
	r := c.Request()
	note(c).grantSent = request.GrantType
	body, err := io.ReadAll(r.Body) // from memory
	if err != nil {
		return err
	}
	if err := readAlike(r, body); err != nil {
		return err
	}
	if len(request.Credentials) == 0 { // a password may need no client
		request.Credentials = []oauth.Credential{{}}
	}
	if !s.upstream.slots.enter() {
		return errOverloaded
	}
	defer s.upstream.slots.leave()
	ctx, cancel := context.WithTimeout(r.Context(), s.options.RequestTimeout)
	defer cancel()
	attempt, err := s.limiter.reserve(ctx, c.RealIP(), request, true)
	if errors.Is(err, oauth.ErrUnavailable) {
		return fmt.Errorf("%w: %w", errUpstreamAway, err)
	} else if err != nil {
		return err
	}
	verdict := unjudged
	defer func() { attempt.done(verdict) }()
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set(echo.HeaderAcceptEncoding, "identity") // the answer must be readable here
	return s.upstream.send(c, func(response *http.Response) error {
		verdict = judgePassed(response, request.GrantType)
		return nil
	})
}

// judgePassed finds out what WordPress's answer tells of a secret. PHP says most
// errors with status 200. A password that is right tells nothing of the client.
func judgePassed(response *http.Response, grantType string) verdict {
	beginning, _ := peek(response, maxVerdict) // an error comes again
	text := strings.Join(strings.Fields(string(beginning)), "")
	has := func(member string) bool { return strings.Contains(text, member) }
	switch {
	case response.StatusCode == http.StatusUnauthorized, has(`"error":"invalid_client"`),
		grantType == "password" && has(`"error":"invalid_grant"`):
		return wrong
	case grantType == "client_credentials" && response.StatusCode == http.StatusOK && has(`"access_token":"`):
		return right
	}
	return unjudged
}
