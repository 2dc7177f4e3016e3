package config

import (
	"fmt"
	"strings"
	"testing"
)

// wpSalts are eight good salts; change replaces the nth by another text.
func wpSalts(n int, change string) string {
	text := strings.TrimSuffix(wpConfig, "require_once ABSPATH . 'wp-settings.php';\n")
	for i, name := range []string{"AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"} {
		value := strings.Repeat(fmt.Sprint(i), 64)
		if i == n {
			value = change
		}
		text += fmt.Sprintf("define( '%s', '%s' );\n", name, value)
	}
	return text
}

// TestSealKey: with php_upstream there is a key that nobody can guess, or a problem
// of one line that says what to do; without it there is none.
func TestSealKey(t *testing.T) {
	keyFile := file(t, "key", strings.Repeat("k", 32)+"\n")
	for name, test := range map[string]struct {
		wpConfig, keyFile string
		off               bool
		want              string // the beginning of the key; empty: none
		problem           string // empty: none
	}{
		"salts":            {wpConfig: wpSalts(-1, ""), want: strings.Repeat("0", 64) + "\x00" + strings.Repeat("1", 64) + "\x00"},
		"off":              {wpConfig: wpSalts(-1, ""), off: true},
		"off, no salts":    {wpConfig: wpConfig, off: true},
		"no salts":         {wpConfig: wpConfig, problem: "wp-config.php's eight keys and salts are none"},
		"one is missing":   {wpConfig: wpSalts(7, ""), problem: "set seal_key_file to a file that openssl"},
		"one is short":     {wpConfig: wpSalts(3, strings.Repeat("x", 31)), problem: "set seal_key_file"},
		"WordPress's own":  {wpConfig: wpSalts(0, "put your unique phrase here"), problem: "set seal_key_file"},
		"a file":           {wpConfig: wpConfig, keyFile: keyFile, want: strings.Repeat("k", 32)},
		"a file and salts": {wpConfig: wpSalts(-1, ""), keyFile: keyFile, want: strings.Repeat("k", 32)},
		"a short file":     {wpConfig: wpSalts(-1, ""), keyFile: file(t, "key", strings.Repeat("k", 31)+"\n"), problem: "must have 32 bytes or more"},
		"no such file":     {wpConfig: wpSalts(-1, ""), keyFile: "/nonexistent/key", problem: "cannot be read: no such file"},
	} {
		flags := map[string]string{"wp_config": file(t, "wp-config.php", test.wpConfig), "seal_key_file": test.keyFile}
		if !test.off {
			flags["php_upstream"] = "http://127.0.0.1:8088"
		}
		s, problems := Load(Sources{Flags: flags})
		if test.problem == "" {
			if len(problems) > 0 || (s.SealKey == "") != (test.want == "") || !strings.HasPrefix(s.SealKey, test.want) {
				t.Errorf("%s: key %q, problems %v", name, s.SealKey, problems)
			}
		} else if len(problems) != 1 || !strings.Contains(problems[0].Text, test.problem) || strings.ContainsAny(problems[0].Text, "\n\x00") {
			t.Errorf("%s: problems %v, want one with %q", name, problems, test.problem)
		}
	}
}

// TestProofKey: it is the same for all programs with a site's settings, with php_upstream
// or without, and another one for each site.
func TestProofKey(t *testing.T) {
	key := func(wpConfig string, flags map[string]string) string {
		flags["wp_config"] = file(t, "wp-config.php", wpConfig)
		s, problems := Load(Sources{Flags: flags})
		if len(problems) > 0 || s.ProofKey != "" && s.ProofKey == s.SealKey {
			t.Errorf("%v: problems %v, or the secret itself", flags, problems)
		}
		return s.ProofKey
	}
	ours := key(wpSalts(-1, ""), map[string]string{})
	if len(ours) != 32 || key(wpSalts(-1, ""), map[string]string{"php_upstream": "http://127.0.0.1:8088"}) != ours {
		t.Errorf("%q, or another one with php_upstream", ours)
	}
	for name, other := range map[string]string{
		"other salts":      key(wpSalts(3, strings.Repeat("x", 64)), map[string]string{}),
		"another database": key(wpSalts(-1, ""), map[string]string{"db_name": "staging"}),
		"another prefix":   key(wpSalts(-1, ""), map[string]string{"table_prefix": "staging_"}),
		"a key file":       key(wpConfig, map[string]string{"seal_key_file": file(t, "key", strings.Repeat("k", 32))}),
	} {
		if other == ours || len(other) != 32 {
			t.Errorf("%s: %q", name, other)
		}
	}
	if got := key(wpSalts(0, "put your unique phrase here"), map[string]string{}); got != "" {
		t.Errorf("anybody can have %q", got)
	}
}
