package oauth

import (
	"context"
	"crypto/rsa"
	"errors"
)

// Discovery is what a client's discovery document is made of (OpenID Connect
// Discovery 1.0, 3).
type Discovery struct {
	Client    *Client
	OpenIDOff bool   // there are no ID tokens
	Sealed    bool   // codes are, so that code challenges are enforced
	Base      string // address of the plugin's routes, without a slash at the end
	Issuer    string // of the client's ID tokens
}

// Discover describes the server as the client of that id sees it. The errors
// are an Error with the code InvalidClient, and those of Token that are no
// Error.
func (s *Server) Discover(ctx context.Context, clientID string) (Discovery, error) {
	client, identity, err := s.registered(ctx, clientID)
	if err != nil {
		return Discovery{}, err
	}
	return Discovery{client, identity.OpenIDOff, s.Seals != nil, identity.Issuer, identity.ClientIssuer(client.ID)}, nil
}

// Metadata is what the documents about the whole site say of this server.
type Metadata struct {
	Sealed        bool // codes are, so that code challenges are enforced
	PublicClients bool // there are clients without a secret
}

// Metadata describes the server as AI clients see it. The errors are those of Token
// that are no Error.
func (s *Server) Metadata(ctx context.Context) (Metadata, error) {
	public, err := s.Store.PublicClients(ctx)
	return Metadata{s.Seals != nil, public}, err
}

// registered reads a client for the documents about it.
func (s *Server) registered(ctx context.Context, clientID string) (*Client, Identity, error) {
	facts, err := s.Store.Find(ctx, clientID, Presented{})
	if err == nil {
		err = facts.Site.closed()
	}
	switch {
	case err != nil:
		return nil, Identity{}, err
	case facts.Client == nil:
		return nil, Identity{}, errNoClient
	}
	identity, err := s.Store.Identify(ctx, IdentityQuery{Blog: facts.Site.Blog, ClientID: clientID})
	return facts.Client, identity, err
}

// PublicKey returns the key that verifies a client's ID tokens, for the
// client's JWK Set. One who signs with its secret has none: that is an Error
// with the code InvalidClient. A key that cannot be read is one with the code
// InvalidClientKey. Other errors are those of Discover.
//
// The key is the public half of the one that signs. The column for it might
// hold another, and counts only where the private key cannot be read.
func (s *Server) PublicKey(ctx context.Context, clientID string) (*rsa.PublicKey, error) {
	_, identity, err := s.registered(ctx, clientID)
	switch {
	case errors.Is(err, errNoClient):
		return nil, errNoKeys.because(ReasonClientUnknown)
	case err != nil:
		return nil, err
	case identity.Key.Algorithm == HS256:
		return nil, errNoKeys
	case identity.Key.Algorithm != RS256:
		return nil, errInvalidKey
	}
	if private, err := s.keys.private(identity.Key.PrivateKey); err == nil {
		return &private.PublicKey, nil
	}
	if public := parsePublicKey(identity.Key.PublicKey); public != nil {
		return public, nil
	}
	return nil, errInvalidKey
}
