package commands

import (
	"net/http"
	"net/netip"
	"testing"
)

// TestAddressBehindNAT: a client in a network whose addresses are others on the internet
// is no proxy's.
func TestAddressBehindNAT(t *testing.T) {
	for local, wants := range map[string]bool{"192.168.1.2": false, "10.0.0.2": false, "100.64.0.2": false, "fe80::1": false, "198.51.100.2": true, "203.0.113.7": false} {
		s := seen{local: netip.MustParseAddr(local)}
		s.header = http.Header{"X-Moserver-Client": {"203.0.113.7"}}
		if f := addressFinding(s, s); (f != nil) != wants {
			t.Errorf("%s: want a finding %v, got %v", local, wants, f)
		}
	}
}
