package commands

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// unreachable says in a sentence why a question to an address got no answer, and what to
// do.
func unreachable(address string, err error) (problem, remedy string) {
	host := address
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	host = printable(host) // of a redirect it may have any bytes, once they are unescaped
	if problem, remedy = untrusted(host, err); problem != "" {
		return problem, remedy
	}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the name %s has no address in DNS", host), "Correct the name, or give it an A or AAAA record."
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s cannot be looked up: the DNS server fails", host), "See /etc/resolv.conf, and try again."
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("connection refused: nothing listens at %s", host), "Start the web server, and let it listen on that port."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s did not answer in time", host), "A firewall may drop the packets, or the web server hangs: see its log, and open the port."
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fmt.Sprintf("there is no way to %s from here", host), "See the routes of this machine, and whether it has IPv6 if the site has."
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("%s closed the connection without an answer", host), "A firewall does that, or a web server with return 444: see its log."
	}
	return printable(err.Error()), "See the web server's log."
}

// untrusted is unreachable for what goes wrong with TLS; empty if that is not it.
func untrusted(host string, err error) (problem, remedy string) {
	const chain = "Let the web server send the whole chain (ssl_certificate …/fullchain.pem), of a CA that clients know, such as Let's Encrypt's."
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		alert   tls.AlertError
	)
	switch {
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate is not for %s, but for %s", host, namesOf(name.Certificate)),
			"Get one for that name (certbot -d " + hostName(host) + "), or see why another site's server block answers (server_name)."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(invalid.Cert.NotBefore):
		return fmt.Sprintf("the certificate is not valid before %s", invalid.Cert.NotBefore.UTC().Format(time.DateOnly)), "Compare the clock of this machine."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate expired on %s", invalid.Cert.NotAfter.UTC().Format(time.DateOnly)), "Renew it (certbot renew), and reload the web server."
	case errors.As(err, &invalid):
		return "the certificate cannot be used: " + printable(invalid.Error()), chain
	case errors.As(err, &unknown) && bytes.Equal(unknown.Cert.RawIssuer, unknown.Cert.RawSubject):
		return "the certificate is signed by itself and by no CA, so clients refuse it", chain
	case errors.As(err, &unknown):
		return "the certificate is signed by an unknown CA, or its chain is not complete", chain
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Sprintf("%s speaks no TLS", host), "Add ssl to the web server's listen directive, or give the address with http://."
	case errors.As(err, &alert):
		return fmt.Sprintf("%s refuses TLS with this client (%s)", host, printable(alert.Error())), "See ssl_protocols, and whether the web server has a certificate for that name."
	}
	return "", ""
}

// namesOf are the names that a certificate is for.
func namesOf(c *x509.Certificate) string {
	const most = 3
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	if len(names) == 0 {
		return "no name at all"
	}
	return printable(strings.Join(names, ", "))
}

// hostName is a host without its port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}
