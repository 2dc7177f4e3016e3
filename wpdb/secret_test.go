package wpdb_test

import (
	"moserver-sidecar/wpdb"
	"testing"
)

// The stored values were computed by another program from the plugin's
// formula: base64 of (secret[i] + name[i mod length of name]) mod 256.
func TestSecretAsStored(t *testing.T) {
	for _, test := range []struct{ name, secret, stored string }{
		{"My App", "clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ", "sOVmst7IoOxzmty1r9tvgsXJurqRguPmtb91osXUsNM="},
		{"HS App", "HsSecretHsSecretHsSecretHsSecret", "kMZzptPircdotMPVq8WFtbjjm7iDs9XkkMZzptPircc="},
		{"Café Ünï 日本", "uNiCoDeSeCrEtuNiCoDeSeCrEtuNiCoD", "uK/PBhhkKO/TBiFlWgzzT98bh8a5KOySCBDjERhjVds="},
		{"Odd", "se:cr et+&=%ünd\"q'", "wsmestaEtNiPdaGJEiDSs4bVdg=="},
		{"Ω", "a", "Lw=="},
	} {
		if got := wpdb.EncryptSecret(test.secret, test.name); got != test.stored {
			t.Errorf("%s: the secret is stored as %q, want %q", test.name, got, test.stored)
		}
		if got, ok := wpdb.DecryptSecret(test.stored, test.name); !ok || got != test.secret {
			t.Errorf("%s: the secret is read as %q, %t, want %q", test.name, got, ok, test.secret)
		}
	}
}

// PHP's base64_decode passes over what is not base64 and does not ask for
// padding, so neither may this.
func TestSecretLeniency(t *testing.T) {
	for what, stored := range map[string]string{
		"no padding":       "wsmestaEtNiPdaGJEiDSs4bVdg",
		"half the padding": "wsmestaEtNiPdaGJEiDSs4bVdg=",
		"more padding":     "wsmestaEtNiPdaGJEiDSs4bVdg====",
		"padding inside":   "wsme=staEtNiPda==GJEiDSs4bVdg==",
		"spaces":           " wsmestaE tNiPdaGJ EiDSs4bV dg== ",
		"newline":          "wsmestaEtNiPda\r\nGJEiDSs4bVdg==\n",
		"other characters": "wsmes-taEtNi_PdaGé日JEiDSs\x004bV\xffdg==",
	} {
		if got, ok := wpdb.DecryptSecret(stored, "Odd"); !ok || got != "se:cr et+&=%ünd\"q'" {
			t.Errorf("%s: the secret is read as %q, %t", what, got, ok)
		}
	}
	// A lone last character carries six bits, which are no byte.
	if got, ok := wpdb.DecryptSecret(wpdb.EncryptSecret("abc", "Odd")+"A", "Odd"); !ok || got != "abc" {
		t.Errorf("with a lone last character the secret is read as %q, %t", got, ok)
	}
}

func TestSecretUnreadable(t *testing.T) {
	for _, test := range []struct{ stored, name string }{
		{"", "My App"}, {"", ""}, {"sOVmst7I", ""}, {"====", "My App"}, {"?!", "My App"}, {"A", "My App"},
	} {
		if got, ok := wpdb.DecryptSecret(test.stored, test.name); ok || got != "" {
			t.Errorf("%q with the name %q is read as %q, %t", test.stored, test.name, got, ok)
		}
	}
}

func FuzzSecret(f *testing.F) {
	f.Add("clFqnXSsSYlEbbOAUYmAqAsvhFUaUdcZ", "My App")
	f.Add("uNiCoDeSeCrEt", "Café Ünï 日本")
	f.Add("wsmestaEtNiPdaGJEiDSs4bVdg", "\xff\x00")
	f.Add("A", "")
	f.Fuzz(func(t *testing.T, secret, name string) {
		// As a stored value, whatever it is, it must not stop the server.
		if got, ok := wpdb.DecryptSecret(secret, name); !ok && got != "" {
			t.Errorf("what cannot be read is read as %q", got)
		}
		if name == "" || secret == "" {
			return
		}
		if got, ok := wpdb.DecryptSecret(wpdb.EncryptSecret(secret, name), name); !ok || got != secret {
			t.Errorf("%q with the name %q comes back as %q, %t", secret, name, got, ok)
		}
	})
}
