package wordpress_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"moserver-sidecar/e2e/stage"
)

// The pair of RFC 7636, appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// pkce are the parameters of an authorization request with a challenge.
func pkce(more ...string) []string {
	return append([]string{"code_challenge", challenge, "code_challenge_method", "S256"}, more...)
}

// TestSealedCodes: people log in through the door with a browser, and what their
// clients asked for at /authorize is enforced at /token.
func TestSealedCodes(t *testing.T) {
	t.Parallel()
	for _, options := range []stage.WordPressOptions{{Door: true}, {Door: true, Folder: "/blog", PlainPermalinks: true}} {
		w := stage.StartWordPress(t, binary, options)
		p := newPeople(w.Blog, "door")
		alice := p.Person("alicedoor1")
		t.Run("PKCE", func(t *testing.T) { proofKey(t, p, alice) })
		t.Run("raw codes", func(t *testing.T) { rawCodes(t, p, alice) })
		t.Run("two at once", func(t *testing.T) { twoNonces(t, p, alice) })
		t.Run("iss", func(t *testing.T) { issuerInRedirect(t, p, alice) })
		t.Run("two servers", func(t *testing.T) { twoServers(t, p, alice) })
		t.Run("metadata", func(t *testing.T) { trueMetadata(t, p) })
	}
}

// exchange redeems a code with more parameters.
func (p *people) exchange(c stage.Client, code string, more ...string) stage.Answer {
	return p.Token(slices.Concat(stage.CodeForm(c, code), []string{"redirect_uri", c.Redirect}, more)...)
}

// public is a client without a secret.
func (p *people) public(t *testing.T, name string) stage.Client {
	t.Helper()
	c := p.AddClient(stage.Client{Name: name, Redirect: "https://public.example.com/cb"})
	p.WordPress.Exec("UPDATE {}moos_oauth_clients SET client_secret = '' WHERE client_id = ?", c.ID)
	c.Secret = ""
	return c
}

// proofKey goes all five steps each time: login, consent, and the way back.
func proofKey(t *testing.T, p *people, alice *stage.Person) {
	for _, c := range []stage.Client{p.client, p.public(t, "Single page")} {
		code := p.logIn(alice, c, "profile email", pkce("state", "s")...).Get("code")
		if len(code) != 143 {
			t.Fatalf("the code has %d characters", len(code))
		}
		p.exchange(c, code).WantError(t, http.StatusBadRequest, "invalid_grant")
		p.exchange(c, code, "code_verifier", verifier+"x").WantError(t, http.StatusBadRequest, "invalid_grant")
		a := p.exchange(c, code, "code_verifier", verifier)
		a.WantTokens(t, "profile email")
		p.wantUser(t, a, p.alice)
		p.exchange(c, code, "code_verifier", verifier).WantError(t, http.StatusBadRequest, "invalid_grant")

		code = p.logIn(alice, c, "profile email").Get("code")
		if len(code) != 100 {
			t.Errorf("without a challenge the code has %d characters", len(code))
		}
		p.exchange(c, code, "code_verifier", verifier).WantError(t, http.StatusBadRequest, "invalid_grant")
		p.exchange(c, code).WantTokens(t, "profile email")
	}
	at := p.authorizeURL(p.client, "profile email", "prompt", "allow")
	for _, more := range []string{"code_challenge[]=x", "code.challenge=" + challenge, "code%5Bchallenge=x", "co%0ade_challenge=x", "nonce=a&nonce=b"} {
		if a := alice.Send(stage.NewRequest(http.MethodGet, at+"&"+stage.Encode(pkce()...)+"&"+more, "")); a.Status != http.StatusBadRequest || a.Member("error") != "invalid_request" {
			t.Errorf("%s: %s", more, a)
		}
	}
	for _, prompt := range []string{"allow", "consent"} {
		a := alice.Send(stage.NewRequest(http.MethodGet, p.authorizeURL(p.client, "profile email", "prompt", prompt), ""))
		if a.WantHeader(t, "Cache-Control", "no-store"); a.Status != map[string]int{"allow": http.StatusFound, "consent": http.StatusOK}[prompt] {
			t.Errorf("prompt=%s: %s", prompt, a)
		}
	}
}

// rawCodes: PHP gives codes at addresses that are no /authorize to the server, and
// such a code is no way around PKCE.
func rawCodes(t *testing.T, p *people, alice *stage.Person) {
	public := p.public(t, "Raw")
	p.logIn(alice, public, "profile email") // she consents
	spellings := []string{"auth<orize", "auth{orize", "aut%0Dhorize"}
	if p.WordPress.Options.PlainPermalinks {
		spellings = []string{"authorize/x", "x/moserver/authorize"}
	}
	for _, spelling := range spellings {
		for _, c := range []stage.Client{public, p.client} {
			at := strings.Replace(p.authorizeURL(c, "profile email", pkce("prompt", "allow")...), "authorize", spelling, 1)
			r := stage.NewRequest(http.MethodGet, p.URL+"/", "")
			r.URL.Opaque = strings.TrimPrefix(at, "http:")
			a := alice.Send(r)
			back, err := url.Parse(a.Header.Get("Location"))
			if err != nil || len(back.Query().Get("code")) != 40 {
				t.Fatalf("%s: PHP does not give its code there, so this proves nothing: %s", spelling, a)
			}
			code := back.Query().Get("code")
			p.exchange(c, code, "code_verifier", verifier).WantError(t, http.StatusBadRequest, "invalid_grant")
			if c.Secret == "" {
				p.exchange(c, code).WantError(t, http.StatusBadRequest, "invalid_grant")
			} else {
				p.exchange(c, code).WantTokens(t, "profile email")
			}
		}
	}
}

// twoNonces: of two people and two tabs that log in at the same time each gets the own
// nonce, although the table cuts ID tokens and WordPress keeps only the last one.
func twoNonces(t *testing.T, p *people, alice *stage.Person) {
	if column := p.WordPress.Strings("SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME = 'id_token'"); len(column) != 1 || column[0] != "varchar" {
		t.Fatalf("id_token is %v, so this proves nothing", column)
	}
	bob := p.Person("bobdoor1")
	type login struct {
		who        int
		nonce, got string
	}
	logins := []login{{who: p.alice, nonce: "alice's first tab"}, {who: p.alice, nonce: "alice's second tab"}, {who: p.bob, nonce: "bob's"}}
	for i, person := range []*stage.Person{alice, alice, bob} {
		logins[i].got = p.logIn(person, p.client, "openid", pkce("nonce", logins[i].nonce)...).Get("code")
	}
	for _, l := range logins {
		a := p.exchange(p.client, l.got, "code_verifier", verifier)
		p.wantIDToken(t, a, l.who, "RS256")
		claims := jwt.MapClaims{}
		if _, _, err := jwt.NewParser().ParseUnverified(a.Member("id_token"), claims); err != nil || claims["nonce"] != l.nonce {
			t.Errorf("nonce %v, want %s", claims["nonce"], l.nonce)
		}
	}
}

// issuerInRedirect: a client that was told an issuer gets it, and one that was not,
// such as Auth.js with a provider of type "oauth", gets none.
func issuerInRedirect(t *testing.T, p *people, alice *stage.Person) {
	if back := p.logIn(alice, p.client, "profile email", pkce("state", "s")...); back.Has("iss") {
		t.Errorf("without openid iss is %s", back.Get("iss"))
	}
	back := p.logIn(alice, p.client, "openid", pkce("state", "s")...)
	if got := back["iss"]; len(got) != 1 || got[0] != p.issuer() || back.Get("state") != "s" {
		t.Errorf("with openid iss is %v, want %s", got, p.issuer())
	}
}

// twoServers: another server with the same key opens the seals, one with another key
// does not; a changed key is taken into use without a restart.
func twoServers(t *testing.T, p *people, alice *stage.Person) {
	upstream := []string{"--php-upstream", "http://127.0.0.1:1"}
	file := stage.WriteFile(t, filepath.Join(t.TempDir(), "key"), strings.Repeat("k", 32))
	same, other := p.WordPress.Serve(upstream...), p.WordPress.Serve(append(upstream, "--seal-key-file", file)...)
	code := p.logIn(alice, p.client, "profile email", pkce()...).Get("code")
	redeem := func(s *stage.Sidecar) stage.Answer {
		return s.Redeem(p.client, code, "redirect_uri", p.client.Redirect, "code_verifier", verifier)
	}
	redeem(other).WantError(t, http.StatusBadRequest, "invalid_grant")
	other.Await("reason=code_seal_broken")
	redeem(same).WantTokens(t, "profile email")

	// The salts' secret as a file of its own: the same key, and so the same seals.
	var salts []string
	for line := range strings.Lines(stage.ReadFile(t, p.WordPress.WPConfig)) {
		if parts := strings.Split(line, "'"); len(parts) > 3 && (strings.HasSuffix(parts[1], "_KEY") || strings.HasSuffix(parts[1], "_SALT")) {
			salts = append(salts, parts[3])
		}
	}
	if err := os.WriteFile(file, []byte(strings.Join(salts, "\x00")), 0o600); err != nil {
		t.Fatal(err)
	}
	other.Signal(syscall.SIGHUP)
	other.Await("the changes are in use")
	code = p.logIn(alice, p.client, "profile email", pkce()...).Get("code")
	redeem(other).WantTokens(t, "profile email")
	for _, s := range []*stage.Sidecar{same, other, p.WordPress.Sidecar} {
		if log := s.Stderr.String(); strings.Contains(log, salts[0]) || strings.Contains(log, code) {
			t.Error("a key or a code is in the log")
		}
	}
}

// trueMetadata: what AI clients read is true of this server, with the issuer that
// they asked for.
func trueMetadata(t *testing.T, p *people) {
	for _, path := range []string{"", "/wp-json/moserver", "/wp-json/moserver/mcp"} {
		at := p.WordPress.Options.Folder + "/.well-known/oauth-authorization-server" + path
		a := p.WordPress.Nginx.Get(at)
		if a.Member("issuer") != p.URL+path || a.Body["registration_endpoint"] == nil || !strings.HasSuffix(a.Member("revocation_endpoint"), "/moserver/revoke") {
			t.Errorf("%s: %s", at, a)
		}
	}
}

// TestSealingNeedsAKey: without one the server does not start, and says so in a line.
func TestSealingNeedsAKey(t *testing.T) {
	t.Parallel()
	w := stage.StartWordPress(t, binary, stage.WordPressOptions{})
	text := strings.Replace(stage.ReadFile(t, w.WPConfig), strings.Repeat("NONCE_SALT", 8), "put your unique phrase here", 1)
	bad := stage.WriteFile(t, filepath.Join(t.TempDir(), "wp-config.php"), text)
	p := stage.Start(t, nil, binary, "serve", "--wp-config", bad, "--listen", stage.FreeAddress(t), "--php-upstream", "http://127.0.0.1:1")
	p.AwaitThat("it ends", func() bool { return !p.Running() })
	if log := p.Stderr.String(); strings.Count(log, "\n") != 1 || !strings.Contains(log, "seal_key_file") || strings.Contains(log, "AUTH_KEYAUTH_KEY") {
		t.Error(log)
	}
}

// BenchmarkAuthorize measures what the door adds to the step of /authorize that gives a
// code, beside PHP without it: each request is paired with one of the other kind.
func BenchmarkAuthorize(b *testing.B) {
	w := stage.StartWordPress(b, binary, stage.WordPressOptions{Door: true})
	p := newPeople(w.Blog, "cost")
	alice := p.Person("alicecost1")
	p.logIn(alice, p.client, "openid", pkce()...)
	_, direct, _ := strings.Cut(stage.ReadFile(b, filepath.Join(w.Nginx.Dir, "site.conf")), "listen 127.0.0.1:")
	direct, _, _ = strings.Cut(direct, ";")
	at := p.authorizeURL(p.client, "openid", pkce("prompt", "allow", "nonce", "n")...)
	var took [2][]float64
	for i := 0; b.Loop(); i++ {
		for j := range took {
			kind := (i + j) % len(took)
			r := stage.NewRequest(http.MethodGet, at, "")
			if kind == 1 {
				r.Host, r.URL.Host = r.URL.Host, "127.0.0.1:"+direct
			}
			start := time.Now()
			if a := alice.Send(r); !strings.HasPrefix(a.Header.Get("Location"), p.client.Redirect+"?code=") {
				b.Fatal(a)
			}
			took[kind] = append(took[kind], float64(time.Since(start).Microseconds())/1000)
		}
	}
	for i, name := range []string{"door-p50-ms", "php-p50-ms"} {
		slices.Sort(took[i])
		b.ReportMetric(took[i][len(took[i])/2], name)
	}
}
