package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Authorization is the part of an authorization request that the plugin does not keep
// and the code is later judged by.
type Authorization struct {
	ClientID  string
	Scope     string
	Challenge string // code_challenge (RFC 7636, 4.3)
	Method    string // code_challenge_method; empty: plain, if there is a challenge
	Nonce     string // OpenID Connect Core 1.0, 3.1.2.1
	Resource  string // RFC 8707, 2
}

// Redirection is what goes into the redirect of a granted authorization request.
type Redirection struct {
	Code   string // in the place of the plugin's
	Issuer string // iss (RFC 9207, 2); empty: the client was never told one, and gets none
}

// maxNonce is how many bytes of nonce a seal holds.
const maxNonce = 512

// The methods of RFC 7636, 4.2.
const (
	MethodS256  = "S256"
	methodPlain = "plain"
)

// unreserved are the characters of a code_verifier (RFC 7636, 4.1).
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// mcpClient is what the ids of clients begin with that have registered themselves.
const mcpClient = "mcp_"

// RegisteredItself reports whether an id is one that the plugin gives to clients that
// register themselves, of which anybody can make as many as they like.
func RegisteredItself(clientID string) bool { return strings.HasPrefix(clientID, mcpClient) }

// Check refuses an authorization request that no seal could answer for.
func (a Authorization) Check() error {
	_, err := a.verifier()
	switch {
	case err != nil:
		return err
	case len(a.Nonce) > maxNonce || !utf8.ValidString(a.Nonce):
		return errNonce
	case !validResource(a.Resource):
		return errResourceForm
	}
	return nil
}

// verifier is the SHA-256 of the right code_verifier, nil where there is no
// challenge. Of a plain challenge, which is the verifier itself, it is that as well.
func (a Authorization) verifier() ([]byte, error) {
	switch {
	case a.Challenge == "" && a.Method == "":
		return nil, nil
	case a.Method == MethodS256:
		digest := decode64(a.Challenge)
		if len(digest) != sha256.Size {
			return nil, errChallenge
		}
		return digest, nil
	case a.Method == methodPlain, a.Method == "":
		if len(a.Challenge) < 43 || len(a.Challenge) > 128 || strings.Trim(a.Challenge, unreserved) != "" {
			return nil, errChallenge
		}
		digest := sha256.Sum256([]byte(a.Challenge))
		return digest[:], nil
	}
	return nil, errChallengeMethod
}

// validResource: a resource is an absolute URI without a fragment (RFC 8707, 2).
func validResource(resource string) bool {
	u, err := url.Parse(resource)
	return resource == "" || err == nil && u.IsAbs() && !strings.Contains(resource, "#")
}

// Authorized is told that the plugin has granted a, and with which code. Its
// errors are those of Token that are no Error.
func (s *Server) Authorized(ctx context.Context, a Authorization, code string) (Redirection, error) {
	if s.Seals == nil {
		return Redirection{Code: code}, nil
	}
	verifier, err := a.verifier()
	if err != nil {
		return Redirection{}, err
	}
	sealed, err := s.Seals.close(seal{
		code: code, made: s.Now(), client: clientDigest(a.ClientID), verifier: verifier,
		resource: resourceDigest(a.Resource), nonce: a.Nonce,
	}, s.Random)
	if err != nil {
		return Redirection{}, err
	}
	issuer, err := s.issuerFor(ctx, a)
	return Redirection{sealed, issuer}, err
}

// Refused is told that the plugin sends the client an error in place of a code. The
// issuer goes into that redirect as iss; empty: into none.
func (s *Server) Refused(ctx context.Context, a Authorization) (issuer string, err error) {
	if s.Seals == nil {
		return "", nil
	}
	return s.issuerFor(ctx, a)
}

// issuerFor is the issuer that the client compares iss with: its own, that of its
// ID tokens, or for an AI client the site's. A client that was never told an issuer
// may refuse a response that names one.
func (s *Server) issuerFor(ctx context.Context, a Authorization) (string, error) {
	ai := RegisteredItself(a.ClientID)
	if !ai && !ParseScope(a.Scope).Contains("openid") {
		return "", nil
	}
	client, identity, err := s.registered(ctx, a.ClientID)
	switch {
	case errors.Is(err, errNoClient):
		return "", nil
	case err != nil || identity.Issuer == "":
		return "", err
	case ai:
		return identity.Home(), nil
	case identity.OpenIDOff:
		return "", nil
	}
	return identity.ClientIssuer(client.ID), nil
}

// checkSeal judges a code by what its authorization request said, as far as that
// is known. A wrong code_verifier takes nothing away: the code stays good.
func (x *exchange) checkSeal() error {
	r, inside := x.request, x.seal
	given := sha256.Sum256([]byte(r.CodeVerifier))
	switch {
	case x.Seals == nil || r.Code == "":
		return nil
	case inside == nil:
		return x.checkRaw()
	case inside.client != clientDigest(x.facts.Client.ID):
		return errCodeForeign
	case x.now.Sub(inside.made) > sealLifetime:
		return errCodeUnknown.because(ReasonSealOld)
	case inside.verifier == nil && r.CodeVerifier != "": // RFC 9700, 2.1.1
		return errVerifier.because(ReasonVerifierUnexpected)
	case inside.verifier != nil && r.CodeVerifier == "":
		return errVerifier.because(ReasonVerifierMissing)
	case inside.verifier != nil && subtle.ConstantTimeCompare(inside.verifier, given[:]) == 0:
		return errVerifier
	case inside.resource != nil && r.Resource != "" && string(inside.resource) != string(resourceDigest(r.Resource)):
		return errTarget
	}
	return nil
}

// checkRaw judges a code that has no seal of ours: it did not come by this server,
// or it never was one. Only a client that proves with its secret who it is, and has
// not asked for PKCE, may use such a code.
func (x *exchange) checkRaw() error {
	switch {
	case x.facts.Grant == nil && looksSealed(x.request.Code):
		return errCodeUnknown.because(ReasonSealBroken)
	case x.facts.Grant == nil:
		return errCodeUnknown
	case !x.facts.Client.Confidential || x.request.CodeVerifier != "":
		return errCodeUnknown.because(ReasonCodeRaw)
	}
	return nil
}

func clientDigest(id string) (digest [8]byte) {
	whole := sha256.Sum256([]byte(id))
	copy(digest[:], whole[:])
	return digest
}

// resourceDigest is nil where no resource is named.
func resourceDigest(resource string) []byte {
	if resource == "" {
		return nil
	}
	whole := sha256.Sum256([]byte(resource))
	return whole[:resourceLength]
}
