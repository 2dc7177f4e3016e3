package handlers

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// discoveryDocument is what this server and PHP's authorization endpoint do for
// a client (OpenID Connect Discovery 1.0, 3, and RFC 8414, 2), the members that
// the plugin has in its order. Where codes are not sealed there is no
// code_challenge_methods_supported: PHP keeps no code challenge.
type discoveryDocument struct {
	RequestParameter    bool     `json:"request_parameter_supported"`
	ClaimsParameter     bool     `json:"claims_parameter_supported"`
	Issuer              string   `json:"issuer"`
	Authorization       string   `json:"authorization_endpoint"`
	Token               string   `json:"token_endpoint"`
	UserInfo            string   `json:"userinfo_endpoint"`
	Scopes              []string `json:"scopes_supported"`
	SigningAlgorithms   []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes       []string `json:"response_types_supported"`
	Keys                string   `json:"jwks_uri"`
	GrantTypes          []string `json:"grant_types_supported"`
	SubjectTypes        []string `json:"subject_types_supported"`
	TokenAuth           []string `json:"token_endpoint_auth_methods_supported"`
	RequestURIParameter bool     `json:"request_uri_parameter_supported"` // it would be true if absent
	Revocation          string   `json:"revocation_endpoint"`
	RevocationAuth      []string `json:"revocation_endpoint_auth_methods_supported"`
	Introspection       string   `json:"introspection_endpoint,omitempty"`
	IntrospectionAuth   []string `json:"introspection_endpoint_auth_methods_supported,omitempty"`
	Challenges          []string `json:"code_challenge_methods_supported,omitempty"`
	IssParameter        bool     `json:"authorization_response_iss_parameter_supported,omitempty"` // RFC 9207, 3
	Claims              []string `json:"claims_supported"`
}

// jwkSet is a JWK Set of RSA keys (RFC 7517, 5 and RFC 7518, 6.3.1).
type jwkSet struct {
	Keys []jwk `json:"keys"`
}

type jwk struct {
	KeyType   string `json:"kty"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

// keysError is the plugin's error response of the route of the keys.
type keysError struct {
	Error   oauth.Code `json:"error"`
	Message string     `json:"error_message"`
}

// discovery is the discovery document of a client.
func (s *server) discovery(c echo.Context) error {
	return s.document(c, func(ctx context.Context, clientID string) (any, error) {
		d, err := s.tokens.Discover(ctx, clientID)
		if err != nil {
			return nil, documentError(err, nil)
		}
		note(c).client = clientID
		return discoveryOf(d), nil
	})
}

func discoveryOf(d oauth.Discovery) discoveryDocument {
	base, issuer := d.Base, d.Issuer
	document := discoveryDocument{
		Issuer:            issuer,
		Authorization:     base + "/authorize",
		Token:             base + "/token",
		UserInfo:          base + "/resource",
		Scopes:            []string{"profile", "openid", "email"},
		SigningAlgorithms: []string{oauth.HS256, oauth.RS256},
		ResponseTypes:     []string{"code"},
		Keys:              issuer + "/.well-known/keys",
		GrantTypes:        []string{string(oauth.GrantAuthorizationCode), string(oauth.GrantRefreshToken)},
		SubjectTypes:      []string{"public"},
		TokenAuth:         []string{"none"},
		Revocation:        base + "/revoke",
		Claims: []string{"iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "id", "ID",
			"email", "username", "first_name", "last_name", "nickname", "display_name", "avatar"},
	}
	if d.Client.GrantTypes != nil {
		document.GrantTypes = d.Client.GrantTypes
	}
	if d.Client.Confidential { // others may not introspect
		document.TokenAuth = []string{"client_secret_post", "client_secret_basic"}
		document.Introspection, document.IntrospectionAuth = base+"/introspect", document.TokenAuth
	}
	if d.Sealed {
		document.Challenges, document.IssParameter = []string{oauth.MethodS256}, !d.OpenIDOff
	}
	if d.OpenIDOff {
		document.Scopes = []string{"profile", "email"}
	}
	document.RevocationAuth = document.TokenAuth
	return document
}

// keys is the JWK Set that verifies a client's ID tokens.
func (s *server) keys(c echo.Context) error {
	return s.document(c, func(ctx context.Context, clientID string) (any, error) {
		key, err := s.tokens.PublicKey(ctx, clientID)
		var refused oauth.Error
		if errors.As(err, &refused) {
			return nil, documentError(err, keysError{refused.Code, refused.Description})
		}
		if err != nil {
			return nil, err
		}
		note(c).client = clientID
		return jwkSet{[]jwk{newJWK(clientID, key)}}, nil
	})
}

func newJWK(clientID string, key *rsa.PublicKey) jwk {
	encode := base64.RawURLEncoding.EncodeToString
	return jwk{
		KeyType:   "RSA",
		Modulus:   encode(key.N.Bytes()),
		Exponent:  encode(big.NewInt(int64(key.E)).Bytes()),
		Use:       "sig",
		Algorithm: oauth.RS256,
		KeyID:     clientID,
	}
}

// document answers with a public document about a client. Caches must ask
// each time whether it has changed: a key is named after its client, so a new key has
// the same name as the old one.
func (s *server) document(c echo.Context, read func(context.Context, string) (any, error)) error {
	h := c.Response().Header()
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set(echo.HeaderCacheControl, "no-cache")
	if done, err := getOnly(c); done {
		return err
	}
	h.Set(echo.HeaderAccessControlAllowOrigin, "*")
	note(c).clientSent = c.Param(paramClient)
	return s.withDatabase(c, func(ctx context.Context) error {
		document, err := read(ctx, c.Param(paramClient))
		if err != nil {
			return err
		}
		return respondTagged(c, document)
	})
}

// respondTagged answers with a document, or with 304 if the client already has
// the same one (RFC 9110, 13.1.2).
func respondTagged(c echo.Context, document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(digest[:16]) + `"`
	c.Response().Header().Set("ETag", tag)
	if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, jsonType, body)
}

// documentError is the plugin's status for a client that has no such document.
func documentError(err error, body any) error {
	var refused oauth.Error
	if !errors.As(err, &refused) {
		return err
	}
	return routeError{refusal: refused, status: http.StatusBadRequest, body: body}
}
