package stage

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// Person is somebody at a browser: with cookies, and a password for wp-login.php.
type Person struct {
	t     T
	blog  *Blog
	login string
	http  *http.Client
}

// Person is a user of the blog, who has not logged in yet. Everybody's password
// is as install.php and admin.php set it; there is also "admin".
func (b *Blog) Person(login string) *Person {
	b.WordPress.T.Helper()
	jar, err := cookiejar.New(nil)
	sandboxtest.NoError(b.WordPress.T, err)
	nginx := b.WordPress.Nginx.HTTP
	return &Person{b.WordPress.T, b, login, &http.Client{
		Timeout: nginx.Timeout, CheckRedirect: nginx.CheckRedirect, Transport: nginx.Transport, Jar: jar,
	}}
}

// Visit opens an address of the blog as a browser does: it follows redirects,
// logs in where a form asks for it, and consents. It returns the page at the end,
// or the redirect that leads to another site.
func (p *Person) Visit(address string) Answer {
	p.t.Helper()
	r := NewRequest(http.MethodGet, address, "")
	for range 10 {
		a := p.Send(r)
		switch location := a.Header.Get("Location"); {
		case location != "":
			next := p.resolve(r.URL, location)
			if next.Host != r.URL.Host {
				return a
			}
			r = NewRequest(http.MethodGet, next.String(), "")
		case strings.Contains(a.Text, `id="loginform"`) && !strings.Contains(a.Text, `id="login_error"`):
			r = p.fill(r.URL, a.Text, "log", p.login, "pwd", "the password of "+p.login)
		case strings.Contains(a.Text, `id="consent"`):
			r = p.fill(r.URL, a.Text)
		default:
			return a
		}
	}
	p.t.Fatalf("%s leads nowhere", Shorten(address))
	return Answer{}
}

// Send sends a request with the person's cookies.
func (p *Person) Send(r *http.Request) Answer {
	p.t.Helper()
	a, err := Do(p.http, r)
	sandboxtest.NoError(p.t, err)
	return a
}

func (p *Person) resolve(at *url.URL, reference string) *url.URL {
	p.t.Helper()
	u, err := at.Parse(reference)
	sandboxtest.NoError(p.t, err)
	return u
}

// fill sends the one form of a page, with its hidden fields and others, given as
// names and values in turn.
func (p *Person) fill(at *url.URL, page string, pairs ...string) *http.Request {
	p.t.Helper()
	attribute := func(tag, name string) (value string) {
		if m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
			value = html.UnescapeString(m[1])
		}
		return value
	}
	for _, input := range regexp.MustCompile(`<input type="hidden"[^>]*>`).FindAllString(page, -1) {
		pairs = append(pairs, attribute(input, "name"), attribute(input, "value"))
	}
	form := regexp.MustCompile(`<form[^>]*>`).FindString(page)
	return FormRequest(p.resolve(at, attribute(form, "action")).String(), pairs...)
}
