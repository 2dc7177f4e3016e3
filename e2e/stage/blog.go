package stage

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// Blog is one blog of a WordPress, which may be its only one.
type Blog struct {
	ID  int
	URL string // without a slash at the end

	site *WordPress
}

// Args are the arguments of what PHP does.
type Args map[string]any

// Route is the address of a route of the blog's REST API, such as
// "moserver/token", in the form that the blog's permalinks have.
func (b *Blog) Route(name string) string {
	if b.site.options.PlainPermalinks {
		return b.URL + "/?rest_route=/" + url.QueryEscape(name)
	}
	return b.URL + "/wp-json/" + name
}

// PHP has WordPress do something, and reads what it returns into result, which
// may be nil. The actions are the functions of wordpress/admin.php.
func (b *Blog) PHP(action string, args Args, result any) {
	t := b.site.t
	t.Helper()
	body, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRequest(http.MethodPost, b.Route("stage/"+action), string(body))
	r.Header.Set("Content-Type", "application/json")
	a := b.site.Nginx.Send(r)
	if a.Status != http.StatusOK {
		t.Fatalf("PHP, %s: %d %s", action, a.Status, a.Text)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal([]byte(a.Text), result); err != nil {
		t.Fatalf("PHP, %s: %v: %s", action, err, a.Text)
	}
}

// AddClient makes a client in wp-admin, for which PHP chooses the id, the secret
// and the key. Of c the name, the redirect URI and the algorithm count.
func (b *Blog) AddClient(c Client) Client {
	b.site.t.Helper()
	b.PHP("add_client", Args{"name": c.Name, "redirect_uri": c.Redirect, "algorithm": c.Alg}, &c)
	return c
}

// AddUser makes a user who is a subscriber of the blog, and returns the id.
func (b *Blog) AddUser(login string) (id int) {
	b.site.t.Helper()
	b.PHP("add_user", Args{"login": login}, &id)
	return id
}

// Authorize lets a user log in for a client, and returns the code that PHP has
// written.
func (b *Blog) Authorize(c Client, user int, scope string) (code string) {
	b.site.t.Helper()
	b.PHP("authorize", Args{"client_id": c.ID, "redirect_uri": c.Redirect, "user": user, "scope": scope}, &code)
	return code
}

// Token sends a form to the token endpoint, through nginx.
func (b *Blog) Token(pairs ...string) Answer {
	b.site.t.Helper()
	return b.site.Nginx.Send(FormRequest(b.Route("moserver/token"), pairs...))
}

// Resource asks PHP whose an access token is.
func (b *Blog) Resource(accessToken string) Answer {
	b.site.t.Helper()
	r := NewRequest(http.MethodGet, b.Route("moserver/resource"), "")
	r.Header.Set("Authorization", "Bearer "+accessToken)
	return b.site.Nginx.Send(r)
}
