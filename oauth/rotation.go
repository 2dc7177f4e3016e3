package oauth

import "context"

// useRotated judges a refresh token that is not there, refused as such: it may be one that was
// replaced. Right after that, and while its successor is unused, the answer with
// the successor was lost, or the client has sent two requests at once; it gets
// the same successor again. In any other case somebody uses a token that its
// rightful owner has given up, so nobody may go on with what came of it (RFC
// 9700, 4.14.2).
func (x *exchange) useRotated(ctx context.Context, refused Error) (Answer, error) {
	rotation, err := x.rotation(ctx)
	if err != nil {
		return Answer{}, err
	}
	if rotation == nil {
		return Answer{}, refused
	}
	if x.Policy.RotationGrace > 0 && rotation.Age <= x.Policy.RotationGrace {
		if err := x.findGrant(ctx, Presented{RefreshToken, rotation.Successor}); err != nil {
			return Answer{}, err
		}
		if x.facts.Grant != nil {
			return x.repeat(ctx, rotation)
		}
	}
	return x.endReplayed(ctx, rotation)
}

// rotation is the record of the presented refresh token, nil unless it was this
// client's.
func (x *exchange) rotation(ctx context.Context) (*Rotation, error) {
	rotation, err := x.Store.FindRotation(ctx, x.presented.Value)
	if err != nil || rotation == nil || rotation.ClientID != x.facts.Client.ID {
		return nil, err
	}
	return rotation, nil
}

// repeat answers as if the successor had been presented, which stays.
//
// A database shows a COMMIT before its disk has it. If it dies right then, the rotation
// that was seen has never been, and its successor must not be told: so the record is
// looked for once more when the access token is safe.
func (x *exchange) repeat(ctx context.Context, rotation *Rotation) (Answer, error) {
	if err := x.checkRefreshToken(); err != nil {
		return Answer{}, err
	}
	p, err := x.prepare(ctx)
	if err != nil {
		return Answer{}, err
	}
	p.Tokens.RefreshToken = rotation.Successor
	if err := x.Store.Issue(ctx, p.access); err != nil {
		return Answer{}, err
	}
	still, err := x.rotation(ctx)
	if err == nil && (still == nil || still.Successor != rotation.Successor) {
		err = ErrUnavailable // the client tries again with what it has
	}
	return p.Answer, err
}

// endReplayed ends the family of a refresh token that is used once more. It
// notes a replay only if there was something to end: a client that goes on with
// a dead token is no news.
func (x *exchange) endReplayed(ctx context.Context, rotation *Rotation) (answer Answer, err error) {
	ended, err := x.Store.Revoke(ctx, x.revocation(RefreshToken, rotation.UserID))
	if err != nil {
		return Answer{}, err
	}
	if ended {
		answer.Replay = &Replay{RefreshToken, rotation.UserID, rotation.Age, true}
	}
	return answer, errRefreshUnknown.because(ReasonRefreshReplaced)
}
