package oauth

import (
	"context"
	"time"
)

// UserInfo is what an access token tells of its user (OpenID Connect Core 1.0,
// 5.3, with the plugin's names). It is filled as far as the scope allows.
type UserInfo struct {
	UserID int64
	Scope  Scope // of the token; empty: it was given none, and everything is told
	Profile
}

// Tells reports whether the token's scope covers the scope of that name.
func (u UserInfo) Tells(scope string) bool { return len(u.Scope) == 0 || u.Scope.Contains(scope) }

// UserInfo answers the protected resource of the plugin. The client, where it
// still is, comes with every outcome that is judged by it. The errors are those
// of RFC 6750, 3.1, under the plugin's codes; ErrUserGone; and those of Token
// that are no Error.
func (s *Server) UserInfo(ctx context.Context, accessToken string) (UserInfo, *Client, error) {
	if accessToken == "" {
		return UserInfo{}, nil, errAccessMissing
	}
	if s.Store.Scans(AccessToken) {
		leave, err := s.scans.enter(ctx)
		if err != nil {
			return UserInfo{}, nil, err
		}
		defer leave()
	}
	bearer, err := s.Store.FindBearer(ctx, accessToken)
	if err != nil {
		return UserInfo{}, nil, err
	}
	if err := bearer.Site.closed(); err != nil {
		return UserInfo{}, bearer.Client, err
	}
	switch grant := bearer.Grant; {
	case grant == nil:
		err = errAccessUnknown
	case grant.expired(s.Now().Truncate(time.Second)):
		err = errAccessExpired
	case !grant.UserExists:
		err = ErrUserGone
	default:
		return UserInfo{grant.UserID, grant.Scope, bearer.Profile}, bearer.Client, nil
	}
	return UserInfo{}, bearer.Client, err
}
