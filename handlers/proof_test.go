package handlers_test

import (
	"strings"
	"testing"

	"moserver-sidecar/handlers"
	"moserver-sidecar/oauth"
)

// TestProof: who has the site's settings recognizes the server by the headers of an
// ordinary answer, which is the same for all, and nobody else learns anything.
func TestProof(t *testing.T) {
	ours, theirs := oauth.NewProof(strings.Repeat("k", 32)), oauth.NewProof(strings.Repeat("l", 32))
	f := newFixture(t, func(o *handlers.Options) { o.Proof = ours })
	unknowing := newFixture(t, nil)
	for _, method := range []string{"GET", "POST", "OPTIONS"} {
		challenge := ours.Challenge()
		for challenged, want := range map[string]string{challenge: ours.Answer(challenge), theirs.Challenge(): "", "": "", strings.Repeat("0", 96): ""} {
			ask := request(method, tokenPath, formType, "", "X-Moserver-Challenge", challenged, "X-Forwarded-For", "192.0.2.1")
			plain, _ := f.send(request(method, tokenPath, formType, ""))
			response, _ := f.send(ask)
			client := map[bool]string{true: "192.0.2.1", false: ""}[want != ""]
			if response.StatusCode != plain.StatusCode || response.Header.Get("X-Moserver-Answer") != want || response.Header.Get("X-Moserver-Client") != client {
				t.Errorf("%s %q: %d %v", method, challenged, response.StatusCode, response.Header)
			}
			if response, _ := unknowing.send(request(method, tokenPath, formType, "", "X-Moserver-Challenge", challenged)); response.Header.Get("X-Moserver-Answer") != "" {
				t.Errorf("%s: answered without a secret", method)
			}
		}
	}
	challenge := ours.Challenge()
	if response, _ := f.send(request("GET", tokenPath, "", "", "X-Moserver-Challenge", challenge)); response.Header.Get("X-Moserver-Client") != "unknown" {
		t.Errorf("no client's address: %v", response.Header)
	}
	f.refresh("X-Moserver-Challenge", challenge)
	if strings.Contains(f.log.String(), challenge[:16]) || strings.Contains(f.log.String(), ours.Answer(challenge)) {
		t.Errorf("the log has it:\n%s", f.log)
	}
}
