package store

import "sync"

// maxOpenID bounds the clients that are remembered.
const maxOpenID = 1000

// openIDClients remembers which clients get ID tokens, so that their next request reads
// what those are made of along with the rest. For others that would be wasted. It decides
// only what is read when.
type openIDClients struct {
	keys    availability // of the table of keys
	mu      sync.RWMutex
	clients map[string]bool
}

// expected reports whether a request of the client is likely to get an ID token.
func (o *openIDClients) expected(clientID string) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.clients[clientID] && o.keys.expected()
}

// note remembers a client. When they are too many, all others are forgotten.
func (o *openIDClients) note(clientID string) {
	if o.expected(clientID) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.clients == nil || len(o.clients) >= maxOpenID {
		o.clients = map[string]bool{}
	}
	o.clients[clientID] = true
}
