package oauth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"
)

func readKey(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parseKey(t *testing.T, name string) *rsa.PrivateKey { return parsePrivate(t, readKey(t, name)) }

func parsePrivate(t *testing.T, text string) *rsa.PrivateKey {
	t.Helper()
	key, err := parsePrivateKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestKeyringIsFoundByTheTextAlone: what is kept for one text never answers for
// another, however alike.
func TestKeyringIsFoundByTheTextAlone(t *testing.T) {
	var ring keyring
	text := readKey(t, "pkcs8.pem")
	first, err := ring.private(text)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := ring.private(text); again != first {
		t.Error("the same text was parsed a second time")
	}
	if other, _ := ring.private(readKey(t, "other.pem")); other == nil || other.Equal(first) {
		t.Error("another text has the first one's key")
	}
	if key, err := ring.private(text[:len(text)-40]); err == nil {
		t.Errorf("a cut key is %v", key.Size())
	}
}

func TestKeyringIsBounded(t *testing.T) {
	var ring keyring
	text := readKey(t, "pkcs8.pem")
	first, err := ring.private(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxKeys {
		if _, err := ring.private(fmt.Sprintf("%s\n%d", text, i)); err != nil {
			t.Fatal(err)
		}
		if kept, _ := ring.private(text); kept != first {
			t.Fatalf("a key in use was forgotten after %d others", i)
		}
		if n := len(ring.recent) + len(ring.older); n > maxKeys {
			t.Fatalf("%d keys are kept, want %d at most", n, maxKeys)
		}
	}
}

func TestParsePublicKey(t *testing.T) {
	private := parseKey(t, "pkcs8.pem")
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&private.PublicKey)})
	for _, text := range []string{readKey(t, "public.pem"), string(pkcs1), strings.Join(strings.Fields(string(pkcs1)), " ")} {
		if key := parsePublicKey(text); key == nil || !key.Equal(&private.PublicKey) {
			t.Errorf("%.30q is the key %v", text, key)
		}
	}
	short := parsePrivate(t, newKey(t, minRSABits))
	if key := parsePublicKey(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&short.PublicKey)}))); key == nil {
		t.Error("a public key of 1024 bits is refused")
	}
	for _, text := range []string{"", "x", "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", readKey(t, "ec.pem"), readKey(t, "shortpublic.pem")} {
		if key := parsePublicKey(text); key != nil {
			t.Errorf("%.30q is the key %v", text, key)
		}
	}
}

// TestJudge: which keys sign, and which of them doctor names.
func TestJudge(t *testing.T) {
	confidential := &Client{Secret: "secret"}
	for name, test := range map[string]struct {
		key    SigningKey
		client *Client
		bits   int
		weak   bool
		defect error
	}{
		"2048 bits":    {SigningKey{Algorithm: RS256, PrivateKey: readKey(t, "pkcs8.pem")}, confidential, 2048, false, nil},
		"1024 bits":    {SigningKey{Algorithm: RS256, PrivateKey: newKey(t, 1024)}, confidential, 1024, true, nil},
		"2047 bits":    {SigningKey{Algorithm: RS256, PrivateKey: newKey(t, 2047)}, &Client{}, 2047, true, nil},
		"1023 bits":    {SigningKey{Algorithm: RS256, PrivateKey: newKey(t, 1023)}, confidential, 1023, false, ErrKeyShort},
		"unreadable":   {SigningKey{Algorithm: RS256}, confidential, 0, false, ErrKeyUnreadable},
		"HS256":        {SigningKey{Algorithm: HS256, PrivateKey: readKey(t, "pkcs8.pem")}, confidential, 0, false, nil},
		"HS256, empty": {SigningKey{Algorithm: HS256}, &Client{}, 0, false, ErrKeySecret},
	} {
		weak, err := test.key.Judge(test.client)
		if bits := test.key.Bits(); bits != test.bits || weak != test.weak || err != test.defect {
			t.Errorf("%s: %d bits, weak %v, %v; want %d, %v, %v", name, bits, weak, err, test.bits, test.weak, test.defect)
		}
	}
}

// newKey is a new key in PKCS #1.
func newKey(t *testing.T, bits int) string {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}
