package oauth

import "context"

// revoke ends a token (RFC 7009, 2.1). An unknown token is a success: what the
// client wanted is already so.
func (x *exchange) revoke(ctx context.Context) error {
	if x.presented.Value == "" {
		return errTokenMissing
	}
	kind, err := x.searchKinds(ctx)
	if err != nil {
		return err
	}
	grant := x.facts.Grant
	if grant == nil {
		return x.revokeRotated(ctx)
	}
	if grant.ClientID != x.facts.Client.ID {
		return errTokenForeign
	}
	_, err = x.Store.Revoke(ctx, x.revocation(kind, grant.UserID))
	return err
}

// revokeRotated ends what came of a refresh token that was replaced: it is the
// grant that its client wants to end (RFC 7009, 2.1), which may not have heard
// of the successor.
func (x *exchange) revokeRotated(ctx context.Context) error {
	rotation, err := x.rotation(ctx)
	if err != nil || rotation == nil {
		return err
	}
	_, err = x.Store.Revoke(ctx, x.revocation(RefreshToken, rotation.UserID))
	return err
}

// revocation ends the presented token, which is of the kind and was issued to the
// client for the user.
func (x *exchange) revocation(kind Kind, userID int64) Revocation {
	reach := ReachNone
	if kind == RefreshToken {
		reach = x.Policy.RevokeAccessTokens
	}
	return Revocation{Presented: Presented{kind, x.presented.Value}, ClientID: x.facts.Client.ID, UserID: userID, AccessTokens: reach}
}

// searchKinds finds the kind of the presented token. It looks among the tokens of the
// other kind if the hinted kind has none: a wrong hint must not keep a token alive
// (RFC 7009, 2.1).
func (x *exchange) searchKinds(ctx context.Context) (Kind, error) {
	if x.facts.Grant != nil {
		return x.kinds[0], nil
	}
	return x.kinds[1], x.findGrant(ctx, Presented{x.kinds[1], x.presented.Value})
}

// hintedKinds is the order to search in. A hint at neither of the two is
// ignored (RFC 7009, 2.2).
func (r Request) hintedKinds() []Kind {
	if r.TokenTypeHint == string(AccessToken) {
		return []Kind{AccessToken, RefreshToken}
	}
	return []Kind{RefreshToken, AccessToken}
}

// presentedToken is the token to revoke or introspect, also under the name that
// clients of the plugin's documentation use.
func (r Request) presentedToken() string {
	if r.Token != "" {
		return r.Token
	}
	return r.RefreshToken
}
