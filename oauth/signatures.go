package oauth

import (
	"crypto/rsa"
	"sync"
)

// maxSignatures bounds the signatures that are kept, of about 2 kB each with
// what they sign.
const maxSignatures = 2048

// signatures keeps the RS256 signatures of the current second. Such a signature
// is the same whenever the same key signs the same text (RFC 8017, 8.2.1), and
// the text has the second in it. A client that refreshes in a loop costs one
// signature a second so, where each is a millisecond of a processor. The zero
// value is empty.
type signatures struct {
	mu     sync.Mutex
	second int64
	kept   map[signed]string
}

// signed is what a signature is of. A changed key is another pointer.
type signed struct {
	key   *rsa.PrivateKey
	input string
}

// find returns the signature of s, made in the second; "" if there is none.
func (k *signatures) find(second int64, s signed) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if second != k.second {
		return ""
	}
	return k.kept[s]
}

// keep adds a signature, and forgets those of other seconds.
func (k *signatures) keep(second int64, s signed, signature string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if second != k.second {
		k.second, k.kept = second, nil
	}
	if k.kept == nil {
		k.kept = map[signed]string{}
	}
	if len(k.kept) < maxSignatures {
		k.kept[s] = signature
	}
}
