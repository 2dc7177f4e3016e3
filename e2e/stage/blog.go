package stage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// Blog is one blog of a WordPress, which may be its only one.
type Blog struct {
	ID  int
	URL string // without a slash at the end

	WordPress *WordPress // that it is of
}

// Args are the arguments of what PHP does.
type Args map[string]any

// Route is the address of a route of the blog's REST API, such as
// "moserver/token", in the form that the blog's permalinks have.
func (b *Blog) Route(name string) string {
	if b.WordPress.Options.PlainPermalinks {
		return b.URL + "/?rest_route=/" + url.QueryEscape(name)
	}
	return b.URL + "/wp-json/" + name
}

// PHP has WordPress do something, and reads what it returns into result, which
// may be nil. The actions are the functions of wordpress/admin.php.
func (b *Blog) PHP(action string, args Args, result any) {
	b.WordPress.T.Helper()
	sandboxtest.NoError(b.WordPress.T, b.TryPHP(action, args, result))
}

// TryPHP is PHP that may be called in any goroutine.
func (b *Blog) TryPHP(action string, args Args, result any) error {
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	r := NewRequest(http.MethodPost, b.Route("stage/"+action), string(body))
	r.Header.Set("Content-Type", "application/json")
	a, err := Do(b.WordPress.Nginx.HTTP, r)
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return fmt.Errorf("PHP, %s: %s", action, a)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(a.Text), result); err != nil {
		return fmt.Errorf("PHP, %s: %w: %s", action, err, a)
	}
	return nil
}

// AddClient makes a client in wp-admin, for which PHP chooses the id, the secret
// and the key. Of c the name, the redirect URI and the algorithm count.
func (b *Blog) AddClient(c Client) Client {
	b.WordPress.T.Helper()
	b.PHP("add_client", Args{"name": c.Name, "redirect_uri": c.Redirect, "algorithm": c.Alg}, &c)
	return c
}

// AddUser makes a user who is a subscriber of the blog, and returns the id.
func (b *Blog) AddUser(login string) (id int) {
	b.WordPress.T.Helper()
	b.PHP("add_user", Args{"login": login}, &id)
	return id
}

// Authorize lets a user log in for a client, and returns the code that PHP has
// written.
func (b *Blog) Authorize(c Client, user int, scope string) (code string) {
	b.WordPress.T.Helper()
	b.PHP("authorize", AuthorizeArgs(c, user, scope), &code)
	return code
}

// AuthorizeArgs are the arguments of the action "authorize". A test that adds
// "code" chooses the code itself.
func AuthorizeArgs(c Client, user int, scope string) Args {
	return Args{"client_id": c.ID, "redirect_uri": c.Redirect, "user": user, "scope": scope, "code": ""}
}

// Token sends a form to the token endpoint, through nginx.
func (b *Blog) Token(pairs ...string) Answer {
	b.WordPress.T.Helper()
	return b.WordPress.Nginx.Send(FormRequest(b.Route("moserver/token"), pairs...))
}

// Resource asks PHP whose an access token is.
func (b *Blog) Resource(accessToken string) Answer {
	b.WordPress.T.Helper()
	return b.WordPress.Nginx.Send(b.ResourceRequest(accessToken))
}

// ResourceRequest is the request that Resource sends.
func (b *Blog) ResourceRequest(accessToken string) *http.Request {
	r := NewRequest(http.MethodGet, b.Route("moserver/resource"), "")
	r.Header.Set("Authorization", "Bearer "+accessToken)
	return r
}
