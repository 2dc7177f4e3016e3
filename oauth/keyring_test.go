package oauth

import (
	"crypto/rsa"
	"fmt"
	"os"
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

func parseKey(t *testing.T, name string) *rsa.PrivateKey {
	t.Helper()
	key, err := parsePrivateKey(readKey(t, name))
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
	if key := parsePublicKey(readKey(t, "public.pem")); key == nil || !key.Equal(&private.PublicKey) {
		t.Errorf("the public key is %v", key)
	}
	for _, text := range []string{"", "x", "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", readKey(t, "ec.pem")} {
		if key := parsePublicKey(text); key != nil {
			t.Errorf("%.30q is the key %v", text, key)
		}
	}
}
