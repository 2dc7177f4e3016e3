package load

import (
	"errors"
	"net"
	"net/http"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
)

// base is the beginning of every address; the door knows where it leads.
const base = "http://site.example"

// ask sends a request to a server and records what comes of it.
func (w *worker) ask(g *grant, kind history.Kind, p oauth.Presented) {
	w.askAt(w.door(kind), g, kind, p)
}

// askAt returns what it has recorded, which is nothing of a request that was not sent.
func (w *worker) askAt(door Door, g *grant, kind history.Kind, p oauth.Presented) (op history.Op) {
	request := w.request(g, kind, p)
	op = w.op(g, kind, p)
	op.Server = door.Server
	op.Call = w.History.Now()
	answer, err := door.Send(request)
	if notSent(err) || err == nil && answer.Member("code") == "overloaded" {
		return history.Op{}
	}
	op.Outcome = history.Unknown
	if err == nil {
		read(&op, answer)
	}
	if op.Outcome == history.Unknown && (kind == history.Introspect || kind == history.Resource) {
		return history.Op{} // it tells nothing and changes nothing
	}
	op = w.History.Add(op)
	g.learn(op)
	return op
}

// door is a server that takes such a request.
func (w *worker) door(kind history.Kind) Door {
	for {
		d := w.Doors[w.random.IntN(len(w.Doors))]
		if !d.TokenOnly || kind == history.Redeem || kind == history.Refresh || kind == history.Revoke {
			return d
		}
	}
}

// notSent: nobody was there to be asked.
func notSent(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "dial"
}

func (w *worker) request(g *grant, kind history.Kind, p oauth.Presented) *http.Request {
	form := stage.Credentials(g.client)
	switch kind {
	case history.Redeem:
		value, verifier := p.Value, ""
		if w.Seal != nil {
			value, verifier = w.Seal(p.Value, g.client)
		}
		form = append(form, "grant_type", "authorization_code", "code", value, "code_verifier", verifier)
	case history.Refresh:
		form = append(form, "grant_type", "refresh_token", "refresh_token", p.Value)
	case history.Revoke:
		form = append(form, "grant_type", "revoke_token", "token", p.Value)
	case history.Introspect:
		form = append(form, "token", p.Value)
		if w.random.IntN(2) == 0 {
			form = append(form, "token_type_hint", string(p.Kind))
		}
		return stage.FormRequest(base+"/wp-json/moserver/introspect", form...)
	case history.Resource:
		r := stage.NewRequest(http.MethodGet, base+"/wp-json/moserver/resource", "")
		r.Header.Set("Authorization", "Bearer "+p.Value)
		return r
	}
	return stage.FormRequest(base+stage.TokenPath, form...)
}

// read takes down what an answer says.
func read(op *history.Op, a stage.Answer) {
	switch {
	case a.Status == http.StatusServiceUnavailable && a.Member("code") == "oauth_server_switched_off":
		op.Outcome, op.Reason = history.Refused, history.Closed
	case a.Body["error"] != nil:
		op.Outcome, op.Reason = history.Refused, reason(a)
	case a.Status != http.StatusOK:
	case op.Kind == history.Introspect:
		op.Outcome = history.OK
		op.Alive, _ = a.Body["active"].(bool)
	default:
		op.Outcome = history.OK
		op.Access, op.Refresh = a.Member("access_token"), a.Member("refresh_token")
		seconds, _ := a.Body["expires_in"].(float64)
		op.Expires = int64(seconds)
	}
}

// reason is why an answer refuses something; what no client here should ever hear is
// taken down as it is.
func reason(a stage.Answer) history.Reason {
	description := a.Member("error_description")
	switch a.Member("error") {
	case "invalid_client":
		return history.NoClient
	case "expired_token":
		return history.Expired
	case "invalid_token":
		if a.Status == http.StatusForbidden {
			return history.NoUser
		}
		return history.NoToken
	case "invalid_grant":
		switch description {
		case "The user who gave this grant does not exist any more":
			return history.NoUser
		case "Invalid refresh token", "Authorization code doesn't exist or is invalid for the client":
			return history.NoToken
		}
	}
	return history.Reason(a.Member("error") + ": " + description)
}
