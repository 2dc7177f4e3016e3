package oauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// idTokenLifetime is the plugin's.
	idTokenLifetime = time.Hour
	// codeLifetime is how long after the authorization a code expires.
	codeLifetime = 30 * time.Second
)

// idHeader is the JOSE header with its members in PHP's order.
type idHeader struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"` // the plugin names a key after its client
}

// idClaims are the claims of an ID token (OpenID Connect Core 1.0, 2, and the
// plugin's own), in PHP's order.
type idClaims struct {
	Issuer   string  `json:"iss"`
	Subject  string  `json:"sub"`
	Audience string  `json:"aud"`
	UserID   int64   `json:"ID"`
	ID       int64   `json:"id"`
	IssuedAt int64   `json:"iat"`
	Expires  int64   `json:"exp"`
	AuthTime int64   `json:"auth_time,omitempty"`
	Email    *string `json:"email,omitempty"`
	*profileClaims
	Nonce string `json:"nonce,omitempty"`
}

// profileClaims are what the scope profile adds.
type profileClaims struct {
	Username    string `json:"username"`
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Nickname    string `json:"nickname"`
	DisplayName string `json:"display_name"`
	Avatar      string `json:"avatar"`
}

// idToken is the ID token of an answer.
type idToken struct {
	text    string // empty: there is none
	applies bool   // OpenID Connect applies
	defect  error  // of the client, for which there is no text
}

// idToken makes the ID token of the answer. A client with an unusable key still gets
// its other tokens: a login that needs no ID token must not fail for lack of one.
//
// It is the scope of the grant that counts, also when the request asks for less
// of it: that is what the documentation promises for a refresh.
func (x *exchange) idToken(ctx context.Context, scope Scope) (idToken, error) {
	if !x.facts.Grant.Scope.Contains("openid") && !scope.Contains("openid") {
		return idToken{}, nil
	}
	identity, err := x.identity(ctx)
	if err != nil || identity.OpenIDOff {
		return idToken{}, err
	}
	s, err := x.signer(identity)
	if err != nil {
		return idToken{applies: true, defect: err}, nil
	}
	text, err := x.makeIDToken(s, identity, scope)
	return idToken{text, true, err}, nil
}

// identity is what the ID token is made of.
func (x *exchange) identity(ctx context.Context) (Identity, error) {
	if x.facts.Identity != nil {
		return *x.facts.Identity, nil
	}
	query := IdentityQuery{Blog: x.facts.Site.Blog, ClientID: x.facts.Client.ID, UserID: x.facts.Grant.UserID}
	if x.grant == GrantAuthorizationCode {
		query.Code = x.presented.Value
	}
	return x.Store.Identify(ctx, query)
}

// signer is the client's.
func (x *exchange) signer(identity Identity) (signer, error) {
	if identity.Issuer == "" {
		return signer{}, ErrNoIssuer
	}
	return x.keys.signer(identity.Key, x.facts.Client)
}

// makeIDToken is the stored ID token where a code has one that is surely its
// own, else a fresh one.
func (x *exchange) makeIDToken(s signer, identity Identity, scope Scope) (string, error) {
	claims := x.claims(scope, identity)
	if x.grant == GrantAuthorizationCode {
		if stored := x.storedIDToken(s, claims.Issuer, identity.Stored); stored != "" {
			return stored, nil
		}
		// The tables do not say when the user logged in. The plugin gives the
		// moment of the authorization, and that the code's end tells.
		claims.AuthTime = min(x.now.Unix(), x.facts.Grant.Expires.Add(-codeLifetime).Unix())
		claims.Nonce = x.nonce(identity.Stored.OfCode)
	}
	token, err := x.sign(s, claims)
	if err != nil { // the key can be read but not used
		return "", ErrKeyUnreadable
	}
	return token, nil
}

// claims are those of a fresh ID token. That of a refresh has no more than
// these: neither nonce nor auth_time, which no table keeps (OpenID Connect Core
// 1.0, 12.2).
func (x *exchange) claims(scope Scope, identity Identity) idClaims {
	client, user, p := x.facts.Client.ID, x.facts.Grant.UserID, identity.Profile
	claims := idClaims{
		Issuer:   identity.ClientIssuer(client),
		Subject:  strconv.FormatInt(user, 10),
		Audience: client,
		UserID:   user,
		ID:       user,
		IssuedAt: x.now.Unix(),
		Expires:  x.now.Add(idTokenLifetime).Unix(),
	}
	if scope.Contains("email") {
		claims.Email = &p.Email
	}
	if scope.Contains("profile") {
		claims.profileClaims = &profileClaims{
			p.Username, p.FirstName, p.LastName, p.Nickname, p.DisplayName,
			strings.ReplaceAll(url.QueryEscape(p.Avatar), "+", "%20"),
		}
	}
	return claims
}

// sign makes the ID token in its compact form (RFC 7515, 7.1).
func (x *exchange) sign(s signer, claims idClaims) (string, error) {
	encode := base64.RawURLEncoding.EncodeToString
	header, _ := json.Marshal(idHeader{"JWT", s.method.Alg(), claims.Audience}) // texts and numbers never fail
	payload, _ := json.Marshal(claims)
	input := encode(header) + "." + encode(payload)
	signature, err := s.method.Sign(input, s.private)
	return input + "." + encode(signature), err
}

// storedClaims are the claims by which a stored ID token is judged.
type storedClaims struct {
	jwt.RegisteredClaims
	Nonce string `json:"nonce"`
}

// verify returns the claims of an ID token if it is whole, not over, signed
// with the key and algorithm of s, of this issuer, and made for this client and
// user alone, and has the nonce of the authorization request where a seal tells it.
func (x *exchange) verify(s signer, issuer, token string) (claims storedClaims, ok bool) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{s.method.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuer(issuer), jwt.WithTimeFunc(func() time.Time { return x.now }))
	_, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return s.public, nil })
	return claims, err == nil && claims.IssuedAt != nil && (x.seal == nil || claims.Nonce == x.seal.nonce) &&
		slices.Equal(claims.Audience, jwt.ClaimStrings{x.facts.Client.ID}) &&
		claims.Subject == strconv.FormatInt(x.facts.Grant.UserID, 10)
}
