package oauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The headers of a request with a challenge, and of the answer to it.
const (
	HeaderChallenge = "X-Moserver-Challenge"
	HeaderAnswer    = "X-Moserver-Answer"
	HeaderClient    = "X-Moserver-Client" // the address that the request came from, or "unknown"
	HeaderDoor      = "X-Moserver-Door"   // "on" where /authorize must reach the server too
)

// Proof lets two programs that share a secret recognize each other through whatever is
// between them: one sends a challenge, and the other its answer. Neither tells anything
// of the secret, and an answer is given only to who has it. A challenge has no date: who has
// recorded one can send it again, and learns how the server sees that request, but its
// answer convinces nobody, since each asker makes a new challenge. nil is without a secret.
type Proof struct{ secret []byte }

// NewProof makes a Proof with a secret of which nobody can guess a part; it is nil if
// that is empty.
func NewProof(secret string) *Proof {
	if secret == "" {
		return nil
	}
	return &Proof{[]byte(secret)}
}

// The lengths of a challenge in hex digits: what makes it unique, and a proof that the
// asker has the secret.
const (
	nonceDigits     = 32
	challengeDigits = nonceDigits + 2*sha256.Size
)

// Challenge is a new one.
func (p *Proof) Challenge() string {
	nonce := make([]byte, nonceDigits/2)
	_, _ = rand.Read(nonce) // it never fails
	text := hex.EncodeToString(nonce)
	return text + p.sum("challenge", text)
}

// Answer is the answer to a challenge; empty if that was not made with the same secret.
func (p *Proof) Answer(challenge string) string {
	if p == nil || len(challenge) != challengeDigits {
		return ""
	}
	nonce := challenge[:nonceDigits]
	if !hmac.Equal([]byte(challenge[nonceDigits:]), []byte(p.sum("challenge", nonce))) {
		return ""
	}
	return p.sum("answer", nonce)
}

func (p *Proof) sum(parts ...string) string {
	mac := hmac.New(sha256.New, p.secret)
	mac.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(mac.Sum(nil))
}
