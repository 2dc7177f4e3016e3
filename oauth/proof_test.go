package oauth_test

import (
	"strings"
	"testing"

	"moserver-sidecar/oauth"
)

// TestProof: only who has the secret gets an answer, and only who has it can give one.
func TestProof(t *testing.T) {
	ours, theirs := oauth.NewProof(strings.Repeat("k", 32)), oauth.NewProof(strings.Repeat("l", 32))
	challenge := ours.Challenge()
	answer := oauth.NewProof(strings.Repeat("k", 32)).Answer(challenge)
	if len(answer) != 64 || answer == ours.Answer(ours.Challenge()) || strings.Contains(challenge, answer) {
		t.Errorf("%q is answered with %q", challenge, answer)
	}
	last := challenge[len(challenge)-1:]
	other := strings.Replace("01", last, "", 1)[:1]
	for name, wrong := range map[string]string{
		"another secret's": theirs.Challenge(), "empty": "", "short": challenge[:95], "long": challenge + "0",
		"changed": challenge[:95] + other, "another nonce": "0" + challenge[1:95] + "x", "an answer": answer + answer[:32],
	} {
		if got := ours.Answer(wrong); got != "" {
			t.Errorf("%s: answered with %q", name, got)
		}
	}
	if oauth.NewProof("") != nil || oauth.NewProof("").Answer(challenge) != "" {
		t.Error("without a secret there is an answer")
	}
}
