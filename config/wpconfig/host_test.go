package wpconfig

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

func TestParseHost(t *testing.T) {
	tests := map[string]Host{
		"":                                  {"unix", ""},
		"localhost":                         {"unix", ""},
		"LOCALHOST":                         {"unix", ""},
		"localhost:":                        {"unix", ""},
		"p:localhost":                       {"unix", ""},
		"localhost:3307":                    {"tcp", "127.0.0.1:3307"},
		":3307":                             {"tcp", "127.0.0.1:3307"},
		"localhost:/var/run/mysqld/my.sock": {"unix", "/var/run/mysqld/my.sock"},
		":/tmp/mysql.sock":                  {"unix", "/tmp/mysql.sock"},
		"localhost:/a b/my:sock":            {}, // white space
		"127.0.0.1":                         {"tcp", "127.0.0.1:3306"},
		"db":                                {"tcp", "db:3306"},
		"db:":                               {"tcp", "db:3306"},
		"db:0":                              {"tcp", "db:3306"},
		"db.example.com:3307":               {"tcp", "db.example.com:3307"},
		"P:db:3307":                         {"tcp", "db:3307"},
		"db:3306:/tmp/mysql.sock":           {"unix", "/tmp/mysql.sock"},
		"::1":                               {"tcp", "[::1]:3306"},
		"[::1]":                             {"tcp", "[::1]:3306"},
		"[::1]:3307":                        {"tcp", "[::1]:3307"},
		"2001:db8::1":                       {"tcp", "[2001:db8::1]:3306"},
		"[::1]:/tmp/mysql.sock":             {"unix", "/tmp/mysql.sock"},
	}
	for dbHost, want := range tests {
		t.Run(dbHost, func(t *testing.T) {
			got, err := ParseHost(dbHost)
			if got != want || (err != nil) != (want == Host{}) {
				t.Errorf("ParseHost(%q) = %v, %v; want %v", dbHost, got, err, want)
			}
		})
	}
}

func TestParseHostErrors(t *testing.T) {
	tests := map[string]string{
		"mysql://db/x":         "is a URL; write host:port",
		" db":                  "white space or a control character in it; remove it",
		"/tmp/mysql.sock":      "is a path; write localhost: in front of it",
		"user@db":              "is not a host; write host:port or host:/path/to/socket",
		"db:3306:3306":         "write host:port with one port, or an IPv6 address",
		"db:port":              "a port that is not a number from 1 to 65535",
		"db:65536":             "a port that is not a number from 1 to 65535",
		"[::1":                 "brackets that do not enclose an IPv6 address",
		"[::1]3306":            "brackets that do not enclose an IPv6 address",
		"[db]:3306":            "brackets that do not enclose an IPv6 address",
		"d]b:3306":             "brackets that do not enclose an IPv6 address",
		"::ffff:1.2.3.4:33:06": "neither an IPv6 address nor a host",
	}
	for dbHost, want := range tests {
		t.Run(dbHost, func(t *testing.T) {
			if host, err := ParseHost(dbHost); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("ParseHost(%q) = %v, %v; want an error with %q", dbHost, host, err, want)
			}
		})
	}
}

func FuzzParseHost(f *testing.F) {
	for _, seed := range []string{"", "localhost", "db:3306", "p:[::1]:3306", "db:3306:/tmp/mysql.sock", "fe80::1%eth0", "a:b:c", "mysql://u@h"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, dbHost string) {
		host, err := ParseHost(dbHost)
		switch {
		case err != nil && (host != Host{} || !strings.Contains(err.Error(), "; ")):
			t.Errorf("ParseHost(%q) = %v, %v", dbHost, host, err)
		case host.Network == "tcp":
			name, port, splitErr := net.SplitHostPort(host.Address)
			if n, portErr := strconv.Atoi(port); splitErr != nil || portErr != nil || n < 1 || n > 65535 || name == "" {
				t.Errorf("ParseHost(%q) = %v", dbHost, host)
			}
		case err == nil && (host.Network != "unix" || host.Address != "" && host.Address[0] != '/'):
			t.Errorf("ParseHost(%q) = %v", dbHost, host)
		}
	})
}
