package store

import "sync"

// maxOpenID bounds the clients that are remembered.
const maxOpenID = 1000

// openIDClients remembers which clients get ID tokens and which do not, so that only for
// the former, and for a client that is new, a request reads what those are made of along
// with the rest. It decides when that is read, and nothing else.
type openIDClients struct {
	keys    availability // of the table of keys
	mu      sync.Mutex
	clients map[string]bool // whether a grant had openid
}

// expected reports whether a request of the client may get an ID token.
func (o *openIDClients) expected(clientID string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	openID, known := o.clients[clientID]
	return (openID || !known) && o.keys.expected()
}

// note remembers a client. When they are too many, all others are forgotten.
func (o *openIDClients) note(clientID string, openID bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.clients == nil || len(o.clients) >= maxOpenID {
		o.clients = map[string]bool{}
	}
	o.clients[clientID] = o.clients[clientID] || openID
}
