package stage

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// The files of a certificate and its key, in the folder of what they are for.
const (
	certificateFile = "tls.pem"
	keyFile         = "tls.key"
)

// CertificateFile is the site's own certificate, for clients that trust no other.
func (w *WordPress) CertificateFile() string { return filepath.Join(w.dir, certificateFile) }

// WriteCertificate writes a certificate that signs itself into the folder of an nginx,
// which then speaks TLS. It is the one that Go has for tests, of 127.0.0.1 and
// example.com.
func WriteCertificate(t T, dir string) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	sandboxtest.NoError(t, err)
	WriteFile(t, filepath.Join(dir, certificateFile), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	WriteFile(t, filepath.Join(dir, keyFile), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// trust is for clients of what has its certificate in a folder, if it has one.
func trust(dir string) *tls.Config {
	pool := x509.NewCertPool()
	if text, err := os.ReadFile(filepath.Join(dir, certificateFile)); err == nil {
		pool.AppendCertsFromPEM(text)
	}
	return &tls.Config{RootCAs: pool}
}
