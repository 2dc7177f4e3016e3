package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// sign makes a certificate and its key, in one file; of itself where a is nil.
func (a *authority) sign(t *testing.T, change func(*x509.Certificate)) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: t.Name()},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	change(template)
	parent, signer := template, key
	if a != nil {
		parent, signer = a.certificate, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made := &authority{key: key}
	if made.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	made.pem = bytes.Join([][]byte{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})}, nil)
	return made
}

func asAuthority(c *x509.Certificate) {
	c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.IPAddresses = "an authority", true, true, nil
}

// TestThroughTLS: each way in which a certificate is wrong has a sentence of its own; a
// redirect to https loses a POST, unless it keeps the method.
func TestThroughTLS(t *testing.T) {
	t.Parallel()
	s := newThroughSite(t)
	var none *authority
	known, unknown := none.sign(t, asAuthority), none.sign(t, asAuthority)
	trust := []string{"SSL_CERT_FILE=" + stage.WriteFile(t, filepath.Join(s.dir, "known.pem"), string(known.pem))}
	servers := s.inside
	listen := func(name string, certificate *authority) (address string) {
		address = stage.FreeAddress(t)
		file := stage.WriteFile(t, filepath.Join(s.dir, name+".pem"), string(certificate.pem))
		servers += "server { listen " + address + " ssl; ssl_certificate " + file + "; ssl_certificate_key " + file + ";\n" + s.here + "}\n"
		return address
	}
	same := func(*x509.Certificate) {}
	good := listen("good", known.sign(t, same))
	wrong := map[string]string{
		listen("name", known.sign(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"a.example", "b.example"} })): ", but for a.example, b.example. Get one for that name (certbot -d 127.0.0.1)",
		listen("expired", known.sign(t, func(c *x509.Certificate) {
			c.NotAfter = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			c.NotBefore = c.NotAfter.AddDate(0, -3, 0)
		})): "the certificate expired on 2026-01-02. Renew it",
		listen("early", known.sign(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(24 * time.Hour) })): "the certificate is not valid before ",
		listen("itself", none.sign(t, same)):      "the certificate is signed by itself and by no CA, so clients refuse it. Let the web server send the whole chain",
		listen("stranger", unknown.sign(t, same)): "the certificate is signed by an unknown CA, or its chain is not complete.",
		s.inner: s.inner + " speaks no TLS.",
	}
	s.inside = servers
	s.ask(s.here, "https://"+good, trust, "--wp-config", s.WPConfig).want(t, 0, "ok: this server, with this site's settings, answers at https://"+good+"/wp-json/moserver/token\n")
	for address, words := range wrong {
		r := command(t, trust, "check", "--through", "https://"+address, "--wp-config", s.WPConfig)
		r.want(t, 1, "problem: https://"+address+"/wp-json/moserver/token cannot be asked: ", words)
	}
	r := s.ask("return 301 https://"+good+"$request_uri;\n", "http://{}", trust, "--wp-config", s.WPConfig)
	r.want(t, 1, "is redirected with status 301 to https://"+good+"/wp-json/moserver/token, another scheme", "There this server answers.")
	s.ask("return 308 https://"+good+"$request_uri;\n", "http://{}", trust, "--wp-config", s.WPConfig).want(t, 0, "ok: this server")
}
