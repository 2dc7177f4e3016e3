package handlers

import (
	"context"
	"errors"

	"moserver-sidecar/oauth"
)

// Why a request is refused before it comes to the protocol.
const (
	reasonMethod     oauth.Reason = "method_not_allowed"
	reasonTooLarge   oauth.Reason = "body_too_large"
	reasonSlow       oauth.Reason = "body_too_slow"
	reasonBody       oauth.Reason = "body_malformed"
	reasonRepeated   oauth.Reason = "parameter_repeated"
	reasonAmbiguous  oauth.Reason = "parameter_ambiguous"
	reasonNotText    oauth.Reason = "parameter_not_text"
	reasonTwoTokens  oauth.Reason = "access_token_twice"
	reasonAuthHeader oauth.Reason = "authorization_malformed"
)

// outcome is "ok", the error code, or what kept the server from answering.
func outcome(err error) string {
	if err == nil { // before variables that errors.As puts on the heap
		return "ok"
	}
	var (
		denied oauth.Error
		away   unavailable
	)
	switch {
	case errors.As(err, &denied):
		return string(denied.Code)
	case errors.As(err, &away):
		return away.code
	case errors.Is(err, context.Canceled):
		return "client_gone"
	case errors.Is(err, oauth.ErrDeactivated):
		return "plugin_not_active"
	case errors.Is(err, oauth.ErrSwitchedOff):
		return errSwitchedOff.code
	case errors.Is(err, oauth.ErrBusy):
		return errOverloaded.code
	case errors.Is(err, oauth.ErrUnavailable):
		return errAway.code
	}
	return errInternal.code
}

// reasonOf is why a request was not answered as it asked, empty where it was. An
// error that is none of the protocol's has its outcome for a reason.
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	var denied oauth.Error
	if errors.As(err, &denied) {
		return string(denied.Reason)
	}
	return outcome(err)
}

// serverFault is the text of an error that is the server's or the database's,
// for the operator.
func serverFault(err error) string {
	switch code := outcome(err); code {
	case errAway.code, errInternal.code, errUpstreamAway.code, errLoop.code:
		return err.Error()
	}
	return ""
}
