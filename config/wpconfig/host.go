package wpconfig

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// defaultPort is MySQL's.
const defaultPort = "3306"

// Host is DB_HOST taken apart: where to connect to.
type Host struct {
	Network string // "tcp" or "unix"
	// Address is "host:port" for "tcp", with brackets around an IPv6
	// address. For "unix" it is the path of the socket, or "" for the
	// platform's default socket, which PHP's mysqli.default_socket names; the
	// caller chooses among the usual places for it.
	Address string
}

// ParseHost takes DB_HOST apart as WordPress's wpdb::parse_db_host() does and
// as PHP's mysqli goes on to use it: "host", "host:port", "host:/socket",
// "host:port:/socket", where the socket wins, and the same with an IPv6 address,
// which needs brackets only before a port. The port is 3306 if there is none.
//
// "localhost" without a port or socket is the default socket, as in mysqli, and
// so is an empty DB_HOST. "localhost:port" is taken as 127.0.0.1:port: mysqli
// would ignore the port and use the default socket, but a written port is meant. The "p:" of mysqli's persistent connections is dropped.
func ParseHost(dbHost string) (Host, error) {
	host := dbHost
	if len(host) >= 2 && strings.EqualFold(host[:2], "p:") {
		host = host[2:]
	}
	if err := checkHost(host); err != nil {
		return Host{}, err
	}
	if i := strings.Index(host, ":/"); i >= 0 {
		return Host{Network: "unix", Address: host[i+1:]}, nil
	}
	if strings.Count(host, ":") > 1 || strings.ContainsAny(host, "[]") {
		return parseIPv6(host)
	}
	name, port, _ := strings.Cut(host, ":")
	if (name == "" || strings.EqualFold(name, "localhost")) && port == "" {
		return Host{Network: "unix"}, nil
	}
	if name == "" || strings.EqualFold(name, "localhost") {
		name = "127.0.0.1"
	}
	return tcp(name, port)
}

// checkHost refuses what wpdb would misread. Its errors never contain the text: it
// may be a password in the wrong place.
func checkHost(host string) error {
	socket := strings.Index(host, ":/")
	switch {
	case strings.Contains(host, "://"):
		return errors.New("DB_HOST is a URL; write host:port")
	case strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return errors.New("DB_HOST has white space or a control character in it; remove it")
	case strings.HasPrefix(host, "/"):
		return errors.New("DB_HOST is a path; write localhost: in front of it for a socket")
	case socket < 0 && strings.ContainsFunc(host, notOfHost):
		return errors.New("DB_HOST is not a host; write host:port or host:/path/to/socket")
	}
	return nil
}

// notOfHost is true for characters that no host, address or port contains. Other
// alphabets are left to the resolver.
func notOfHost(c rune) bool { return strings.ContainsRune(`/@\?#'",;!$&()*+<=>^`+"`{|}~", c) }

// parseIPv6 reads an address with or without brackets. A name with more than
// one colon has a port too many.
func parseIPv6(host string) (Host, error) {
	name, port := host, ""
	if inner, ok := strings.CutPrefix(host, "["); ok {
		name, port, ok = strings.Cut(inner, "]")
		if !ok || port != "" && port[0] != ':' {
			name = ""
		}
		port = strings.TrimPrefix(port, ":")
	}
	ip, err := netip.ParseAddr(name)
	switch {
	case err == nil && ip.Is6():
		return tcp(name, port)
	case strings.ContainsAny(host, "[]"):
		return Host{}, errors.New("DB_HOST has brackets that do not enclose an IPv6 address; write [address]:port, or host:port without brackets")
	}
	return Host{}, errors.New("DB_HOST is neither an IPv6 address nor a host with one port; write host:port with one port, or an IPv6 address as [address]:port")
}

// tcp checks the port, of which WordPress takes an empty one and 0 for none.
func tcp(name, port string) (Host, error) {
	if port == "" || port == "0" {
		port = defaultPort
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return Host{}, errors.New("DB_HOST has a port that is not a number from 1 to 65535; write host:port")
	}
	return Host{Network: "tcp", Address: net.JoinHostPort(name, strconv.FormatUint(n, 10))}, nil
}
