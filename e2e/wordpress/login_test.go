package wordpress_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"moserver-sidecar/e2e/stage"
)

// login is all that a login is good for: a code that PHP has written gives
// tokens, which PHP takes, until they are revoked.
func login(t *testing.T, p *people) {
	code := p.Authorize(p.client, p.alice, "profile email")
	first := p.redeem(p.client, code)
	first.WantTokens(t, "profile email")
	p.wantUser(t, first, p.alice)
	p.redeem(p.client, code).WantError(t, http.StatusBadRequest, "invalid_grant") // it is good for once

	refreshToken := first.Member("refresh_token")
	second := p.refresh(p.client, refreshToken)
	second.WantTokens(t, "profile email")
	p.wantUser(t, second, p.alice)
	if second.Member("access_token") == first.Member("access_token") {
		t.Error("the refresh gave the old access token")
	}

	p.Token(append(stage.Credentials(p.client), "token", refreshToken)...).WantRevoked(t)
	p.refresh(p.client, refreshToken).WantError(t, http.StatusBadRequest, "invalid_grant")
	p.Token(append(stage.Credentials(p.client), "token", second.Member("access_token"))...).WantRevoked(t)
	if a := p.Resource(second.Member("access_token")); a.Member("error") != "invalid_token" {
		t.Errorf("PHP still takes the revoked access token: %s", a)
	}
}

// wantUser: PHP tells the user of an access token that was issued here.
func (p *people) wantUser(t *testing.T, tokens stage.Answer, user int) {
	t.Helper()
	a := p.Resource(tokens.Member("access_token"))
	if a.Status != http.StatusOK || a.Body["id"] != float64(user) {
		t.Errorf("PHP: want user %d, got %s", user, a)
	}
}

// twoAtOnce: of two people who log in at the same time, each gets the own ID
// token, although WordPress keeps only that of the second.
func twoAtOnce(t *testing.T, p *people) {
	ofAlice := p.Authorize(p.client, p.alice, "openid profile")
	ofBob := p.Authorize(p.client, p.bob, "openid profile")
	for _, c := range []struct {
		user int
		code string
	}{{p.alice, ofAlice}, {p.bob, ofBob}} {
		a := p.redeem(p.client, c.code)
		p.wantUser(t, a, c.user)
		p.wantIDToken(t, a, c.user, "RS256")
	}
}

// wantIDToken checks an ID token with the client's key, as it is in the tables.
func (p *people) wantIDToken(t *testing.T, a stage.Answer, user int, algorithm string) {
	t.Helper()
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(a.Member("id_token"), &claims, p.verificationKey(t, algorithm), jwt.WithValidMethods([]string{algorithm}),
		jwt.WithAudience(p.client.ID), jwt.WithIssuer(p.issuer()), jwt.WithSubject(strconv.Itoa(user)))
	if err != nil {
		t.Errorf("the ID token: %v; it has %+v", err, claims)
	}
}

func (p *people) issuer() string {
	if p.WordPress.Options.PlainPermalinks {
		return p.URL + "/?rest_route=/moserver/" + p.client.ID
	}
	return p.URL + "/wp-json/moserver/" + p.client.ID
}

func (p *people) verificationKey(t *testing.T, algorithm string) jwt.Keyfunc {
	t.Helper()
	if algorithm == "HS256" {
		return func(*jwt.Token) (any, error) { return []byte(p.client.Secret), nil }
	}
	pem := p.WordPress.Strings("SELECT public_key FROM {}moos_oauth_public_keys WHERE client_id = ?", p.client.ID)
	return func(*jwt.Token) (any, error) {
		if len(pem) != 1 {
			return nil, fmt.Errorf("the client has %d keys", len(pem))
		}
		return jwt.ParseRSAPublicKeyFromPEM([]byte(pem[0]))
	}
}

// browser: a person goes the whole way through PHP's pages, and the code at its
// end gives that person's tokens. Where PHP cuts the ID token, it has no nonce.
func browser(t *testing.T, p *people) {
	alice := p.Person(p.WordPress.Strings("SELECT user_login FROM {}users WHERE ID = ?", p.alice)[0])
	for range 2 { // also when she is logged in and has consented
		back := p.logIn(alice, p.client, "profile email", "state", "a b&c")
		if back.Get("state") != "a b&c" {
			t.Errorf("the state is %q", back.Get("state"))
		}
		a := p.redeem(p.client, back.Get("code"))
		a.WantTokens(t, "profile email")
		p.wantUser(t, a, p.alice)
	}
	back := p.logIn(alice, p.client, "openid", "nonce", "n-0S6_WzA2Mj")
	p.wantIDToken(t, p.redeem(p.client, back.Get("code")), p.alice, "RS256")
}

// authorizeURL is where a client sends its users for a code, with more parameters
// as names and values in turn.
func (p *people) authorizeURL(c stage.Client, scope string, more ...string) string {
	address, separator := p.Route("moserver/authorize"), "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + stage.Encode(append([]string{"response_type", "code", "client_id", c.ID,
		"redirect_uri", c.Redirect, "scope", scope}, more...)...)
}

// logIn has a person log in for a client, with more parameters of the request, and
// returns those of the redirect, such as code and state.
func (p *people) logIn(who *stage.Person, c stage.Client, scope string, more ...string) url.Values {
	p.WordPress.T.Helper()
	a := who.Visit(p.authorizeURL(c, scope, more...))
	back, found := strings.CutPrefix(a.Header.Get("Location"), c.Redirect+"?")
	values, err := url.ParseQuery(back)
	if !found || err != nil {
		p.WordPress.T.Fatalf("the login does not lead back to the client, but to %s", a)
	}
	return values
}
