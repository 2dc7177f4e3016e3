package handlers

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestForwardedFor(t *testing.T) {
	extract := forwardedFor([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")})
	for _, test := range []struct {
		peer, header, want string
	}{
		{"127.0.0.1:5", "192.0.2.1", "192.0.2.1"},
		{"127.0.0.1:5", "6.6.6.6, 192.0.2.1", "192.0.2.1"}, // the first was sent by the client
		{"127.0.0.1:5", "192.0.2.1, 10.1.2.3", "192.0.2.1"},
		{"127.0.0.1:5", "::ffff:192.0.2.1", "192.0.2.1"},
		{"127.0.0.1:5", "2001:db8::1", "2001:db8::1"},
		{"@", "192.0.2.1", "192.0.2.1"}, // a unix socket
		{"192.0.2.9:5", "6.6.6.6", "192.0.2.9"},
		{"192.0.2.9:5", "", "192.0.2.9"},
		{"[2001:db8::2]:5", "6.6.6.6", "2001:db8::2"},
		{"127.0.0.1:5", "192.0.2.1:443", "192.0.2.1"},
		{"127.0.0.1:5", "[2001:db8::1]:443", "2001:db8::1"},
		{"127.0.0.1:5", "[2001:db8::1]", "2001:db8::1"},
		{"127.0.0.1:5", "[::ffff:192.0.2.1]:1", "192.0.2.1"},
		{"127.0.0.1:5", "fe80::1%x", "fe80::1"},
		{"127.0.0.1:5", "192.0.2.1, [::ffff:10.1.2.3%x]:80,127.0.0.1", "192.0.2.1"},
		{"[fe80::1%eth0]:5", "6.6.6.6", "fe80::1"},
		{"127.0.0.1:5", ",", ""},
		{"127.0.0.1:5", "", ""},
		{"127.0.0.1:5", "nonsense", ""},
		{"127.0.0.1:5", "192.0.2.1, nonsense", ""},
		{"127.0.0.1:5", "10.1.2.3", ""},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.RemoteAddr = test.peer
		if test.header != "" {
			r.Header.Set("X-Forwarded-For", test.header)
		}
		if got := extract(r); got != test.want {
			t.Errorf("peer %s, header %q: %q, want %q", test.peer, test.header, got, test.want)
		}
	}
}
