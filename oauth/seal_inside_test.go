package oauth

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzUnmarshal: no inside of a seal breaks the reading, and what is read is
// written the same way again.
func FuzzUnmarshal(f *testing.F) {
	whole := seal{code: "00ff", made: time.Unix(1772366400, 0), client: clientDigest("x"),
		verifier: make([]byte, verifierLength), resource: resourceDigest("urn:x"), nonce: "n"}
	f.Add(whole.marshal())
	f.Add(seal{code: "Not hex", made: time.Unix(0, 0)}.marshal())
	f.Add(whole.marshal()[:sealHeader])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := unmarshal(b)
		if !ok {
			return
		}
		again, ok := unmarshal(s.marshal())
		if diff := cmp.Diff(s, again, cmp.AllowUnexported(seal{})); !ok || diff != "" {
			t.Errorf("%x (-first +again):\n%s", b, diff)
		}
	})
}

// TestSealKeepsAnyCode: other editions may make codes of another form.
func TestSealKeepsAnyCode(t *testing.T) {
	seals, err := NewSeals(bytes.Repeat([]byte("s"), MinSealSecret))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"", "0", "00", "0A", "abc", "é\x00+/=", string(bytes.Repeat([]byte("x"), maxCode))} {
		text, err := seals.close(seal{code: code}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if inside := seals.open(text); inside == nil || inside.code != code {
			t.Errorf("%q became %+v", code, inside)
		}
	}
	if _, err := seals.close(seal{code: string(make([]byte, maxCode+1))}, rand.Reader); err == nil {
		t.Error("a code is sealed that no table has")
	}
}

// TestUnmarshalRefuses what is cut, or of another version than this program writes.
func TestUnmarshalRefuses(t *testing.T) {
	whole := seal{code: "00ff", verifier: make([]byte, verifierLength), resource: resourceDigest("urn:x")}.marshal()
	for n := range whole {
		if s, ok := unmarshal(whole[:n]); ok {
			t.Errorf("cut at %d: %+v", n, s)
		}
	}
	whole[0]++
	if s, ok := unmarshal(whole); ok {
		t.Errorf("another version: %+v", s)
	}
	seals, err := NewSeals(bytes.Repeat([]byte("s"), MinSealSecret))
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, seals.aead.NonceSize())
	if s := seals.open(base64.RawURLEncoding.EncodeToString(seals.aead.Seal(nonce, nonce, whole, nil))); s != nil {
		t.Errorf("another version is opened: %+v", s)
	}
}
