package oauth

import (
	"slices"
	"strings"
)

// Scope is a list of scope tokens (RFC 6749, 3.3) in the order given.
type Scope []string

// maxRequestedScope is how many bytes of scope are read of a request. No grant has
// as many, and the names of 64 KiB take longer to read than all else.
const maxRequestedScope = 4000

// ParseScope reads a space-separated list. Repeated names count once.
func ParseScope(s string) Scope {
	var scope Scope
	seen := map[string]bool{} // a request may have ten thousand
	for name := range strings.FieldsSeq(s) {
		if !seen[name] {
			seen[name] = true
			scope = append(scope, name)
		}
	}
	return scope
}

// String is the list as it goes into a response and into the tables.
func (s Scope) String() string { return strings.Join(s, " ") }

// Contains reports whether name is in the scope, byte for byte.
func (s Scope) Contains(name string) bool { return slices.Contains(s, name) }

// Covers reports whether every name of other is in s.
func (s Scope) Covers(other Scope) bool {
	for _, name := range other {
		if !s.Contains(name) {
			return false
		}
	}
	return true
}

// DefaultScope is granted where neither the grant nor the request has a
// scope; the plugin's engine has it built in.
func DefaultScope() Scope { return Scope{"profile", "email"} }

// supportedScope is what may be requested of a grant that has no scope of its
// own: the plugin's two scopes and the two that OpenID Connect reserves.
func supportedScope() Scope { return append(DefaultScope(), "openid", "offline_access") }

// narrow is the scope of the access token: what was requested, if granted has
// all of it, else invalid_scope (RFC 6749, 3.3 and 6).
func narrow(requested, granted Scope, client *Client) (Scope, error) {
	switch {
	case len(requested) == 0 && len(granted) == 0:
		return DefaultScope(), nil
	case len(requested) == 0:
		return granted, nil
	case len(granted) == 0 && len(client.Scope) > 0:
		granted = client.Scope
	case len(granted) == 0:
		granted = supportedScope()
	}
	if !granted.Covers(requested) {
		return nil, errScope
	}
	return requested, nil
}
