package oauth

import "context"

// revoke ends a token (RFC 7009, 2.1). An unknown token is a success: what the
// client wanted is already so.
func (x *exchange) revoke(ctx context.Context) error {
	if x.request.revokedToken() == "" {
		return errTokenMissing
	}
	if err := x.searchOtherKind(ctx); err != nil {
		return err
	}
	grant := x.facts.Grant
	if grant == nil {
		return x.revokeRotated(ctx)
	}
	if grant.ClientID != x.facts.Client.ID {
		return errTokenForeign
	}
	_, err := x.Store.Revoke(ctx, x.revocation(grant.UserID))
	return err
}

// revokeRotated ends what came of a refresh token that was replaced: it is the
// grant that its client wants to end (RFC 7009, 2.1), which may not have heard
// of the successor.
func (x *exchange) revokeRotated(ctx context.Context) error {
	x.presented.Kind = RefreshToken
	rotation, err := x.rotation(ctx)
	if err != nil || rotation == nil {
		return err
	}
	_, err = x.Store.Revoke(ctx, x.revocation(rotation.UserID))
	return err
}

// revocation is that of the presented token, which the client has for the user.
func (x *exchange) revocation(userID int64) Revocation {
	return Revocation{
		Presented:    x.presented,
		ClientID:     x.facts.Client.ID,
		UserID:       userID,
		AccessTokens: x.Policy.RevokeAccessTokens && x.presented.Kind == RefreshToken,
	}
}

// searchOtherKind looks among the tokens of the other kind if the hinted kind
// has none: a wrong hint must not keep a token alive (RFC 7009, 2.1).
func (x *exchange) searchOtherKind(ctx context.Context) error {
	if x.facts.Grant != nil {
		return nil
	}
	x.presented.Kind = x.request.revocationKinds()[1]
	return x.findGrant(ctx, x.presented)
}

// revocationKinds is the order to search in. A hint that is none of the two is
// ignored (RFC 7009, 2.2).
func (r Request) revocationKinds() [2]Kind {
	if r.TokenTypeHint == string(AccessToken) {
		return [2]Kind{AccessToken, RefreshToken}
	}
	return [2]Kind{RefreshToken, AccessToken}
}

// revokedToken is the token to revoke, also under the name that clients of the
// plugin's documentation use.
func (r Request) revokedToken() string {
	if r.Token != "" {
		return r.Token
	}
	return r.RefreshToken
}
