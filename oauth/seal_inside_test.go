package oauth

import (
	"bytes"
	"crypto/rand"
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
