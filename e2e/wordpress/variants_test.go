package wordpress_test

import (
	"strconv"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// variant is a WordPress that people have.
type variant struct {
	name    string
	options stage.WordPressOptions
	load    bool // whether people also come in crowds
}

// variants are those that differ in what the server must read of them: where
// tables and options are, which address the routes have, which time the
// database keeps.
func variants() []variant {
	return []variant{
		{"one site", stage.WordPressOptions{TimeZone: "Europe/Berlin"}, true},
		{"plain permalinks in a folder", stage.WordPressOptions{
			Folder: "/blog", PlainPermalinks: true, Prefix: "Site7_", TimeZone: "America/New_York",
		}, false},
		{"network", stage.WordPressOptions{Multisite: true, TimeZone: "Asia/Tokyo"}, false},
		{"network in a folder", stage.WordPressOptions{Multisite: true, Folder: "/wp/blog", Prefix: "Site7_"}, false},
	}
}

// TestWordPress starts each variant once, and has people use it: they log in,
// and administrators change things meanwhile.
func TestWordPress(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := stage.StartWordPress(t, binary, v.options)
			if zone := v.options.TimeZone; zone != "" && w.Strings("SELECT NOW() = UTC_TIMESTAMP()")[0] != "0" {
				t.Fatalf("the database keeps UTC and not %s, and so this test would prove nothing", zone)
			}
			blogs := []*stage.Blog{w.Blog}
			if w.Two != nil {
				blogs = append(blogs, w.Two)
			}
			for _, b := range blogs {
				p := newPeople(b, "usual")
				t.Run("blog "+strconv.Itoa(b.ID), func(t *testing.T) {
					t.Run("login", func(t *testing.T) { login(t, p) })
					if b == w.Blog { // nginx here has no rule for the other's wp-login.php
						t.Run("browser", func(t *testing.T) { browser(t, p) })
					}
					if v.load {
						t.Run("fresh codes", func(t *testing.T) { freshCodes(t, p) })
						t.Run("change over", func(t *testing.T) { changeOver(t, p) })
						w.RunWholeConf("")
						t.Run("nginx.conf", func(t *testing.T) { login(t, p) })
					}
					t.Run("two at once", func(t *testing.T) { twoAtOnce(t, p) })
					adminChanges(t, p)
				})
			}
			if w.Two != nil {
				t.Run("each blog has its own", func(t *testing.T) { ownOptions(t, w) })
				t.Run("member of one blog", func(t *testing.T) { membership(t, w) })
				t.Run("blog deleted", func(t *testing.T) { blogDeleted(t, w) })
			}
		})
	}
}

// people are those of a blog: a client and two users, told from others by a
// name.
type people struct {
	*stage.Blog
	client     stage.Client
	alice, bob int
}

func newPeople(b *stage.Blog, name string) *people {
	suffix := name + strconv.Itoa(b.ID)
	return &people{
		Blog:   b,
		client: b.AddClient(stage.Client{Name: "App " + suffix, Redirect: "https://app" + suffix + ".example.com/cb"}),
		alice:  b.AddUser("alice" + suffix),
		bob:    b.AddUser("bob" + suffix),
	}
}

// redeem exchanges a code at the token endpoint.
func (p *people) redeem(c stage.Client, code string) stage.Answer {
	return p.Token(append(stage.CodeForm(c, code), "redirect_uri", c.Redirect)...)
}

// refresh uses a refresh token at the token endpoint.
func (p *people) refresh(c stage.Client, token string) stage.Answer {
	return p.Token(stage.RefreshForm(c, token)...)
}

// grant is a refresh token of a user, as a login gives it.
func (p *people) grant(t *testing.T, user int) string {
	t.Helper()
	a := p.redeem(p.client, p.Authorize(p.client, user, "profile email"))
	a.WantTokens(t, "profile email")
	return a.Member("refresh_token")
}
