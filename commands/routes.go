package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// routeTimeout bounds each question to the site's own address.
const routeTimeout = 3 * time.Second

// route is where the web server sends a route of the plugin.
type route struct {
	here    bool   // to this server, and not to PHP
	unknown string // why neither can be said
}

// checkRoutes asks the site's own address, as clients do, whether /token reaches this
// server; and /authorize too, if php_upstream is set.
func checkRoutes(ctx context.Context, s config.Settings, home, base string) []wpdb.Finding {
	token := tokenRoute(ctx, base)
	login := token
	if s.PHPUpstream != "" && token.unknown == "" {
		login = loginRoute(ctx, base)
	}
	f := wpdb.Finding{Kind: wpdb.KindRoutePHP, Advice: true,
		Problem: fmt.Sprintf("Token requests to %s/token reach PHP, and not this server.", base),
		Remedy:  "Send them here, " + sendHere()}
	switch {
	case login.unknown != "":
		f.Kind = wpdb.KindRouteUnknown
		f.Problem = "It cannot be seen from here whether requests reach this server: " + login.unknown + "."
		f.Remedy = "Ask from elsewhere, which also says what is in the way: moserver-sidecar check --through " + quoteAddress(home)
	case token.here != login.here:
		name, other := "/token", "/authorize"
		if login.here {
			name, other = other, name
		}
		f = splitFinding(base, name, other)
	case token.here:
		return nil
	case closedAtPHP(ctx, base):
		f.Kind, f.Advice = wpdb.KindRouteClosed, false
		f.Problem = fmt.Sprintf("Nobody answers token requests to %s/token: they reach PHP, where moserver-close-token-route.php refuses them.", base)
		f.Remedy += " Or delete that file from wp-content/mu-plugins."
	}
	return []wpdb.Finding{f}
}

// splitFinding is for logins whose code goes to one server and comes from the other.
func splitFinding(base, here, elsewhere string) wpdb.Finding {
	return wpdb.Finding{Kind: wpdb.KindRouteSplit,
		Problem: fmt.Sprintf("At %s only %s reaches this server, and %s does not, so logins fail.", printable(base), here, elsewhere),
		Remedy:  "Send both here with " + shipped("docker/moserver-namespace.conf") + ", and reload this server if php_upstream is new; or neither, and remove php_upstream: " + shipped("docs/door.md") + "."}
}

// sendHere is the remedy for requests that reach PHP.
func sendHere() string {
	return "in nginx with " + shipped("docker/moserver-token.conf") + " or, with php_upstream, " + shipped("docker/moserver-namespace.conf") + "; " + shipped("packaging/") + " has files for Apache and Caddy."
}

// tokenRoute asks with GET, which changes nothing.
func tokenRoute(ctx context.Context, base string) route {
	a, err := askSite(ctx, http.MethodGet, base+"/token", "")
	switch {
	case err != nil:
		return unknownRoute(base, err)
	case a.here():
		return route{here: true}
	case a.php():
		return route{}
	}
	return route{unknown: fmt.Sprintf("GET %s/token has the status %d", base, a.status)}
}

// unknownRoute is a route of a site that cannot be asked.
func unknownRoute(base string, err error) route {
	problem, _ := unreachable(base, err)
	return route{unknown: problem}
}

// loginQuestion is the rest of an address of /authorize: only this server refuses a
// parameter that is given twice.
func loginQuestion(base string) string {
	question := "?"
	if strings.Contains(base, question) {
		question = "&"
	}
	return "/authorize" + question + "client_id=doctor&client_id=doctor"
}

// loginRoute asks for a login that cannot begin.
func loginRoute(ctx context.Context, base string) route {
	a, err := askSite(ctx, http.MethodGet, base+loginQuestion(base), "")
	switch {
	case err != nil:
		return unknownRoute(base, err)
	case a.status >= 500 || a.status == http.StatusForbidden || a.status == http.StatusTooManyRequests: // by what is in front
		return route{unknown: fmt.Sprintf("GET %s/authorize has the status %d", base, a.status)}
	}
	return route{here: a.here()}
}

// closedAtPHP reports whether the mu-plugin refuses token requests.
func closedAtPHP(ctx context.Context, base string) bool {
	a, err := askSite(ctx, http.MethodPost, base+"/token", "grant_type=refresh_token")
	return err == nil && a.closed()
}

// askSite asks the site's own address.
func askSite(ctx context.Context, method, address, form string) (siteAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, routeTimeout)
	defer cancel()
	r, err := newQuestion(ctx, method, address, form)
	if err != nil {
		return siteAnswer{}, err
	}
	return ask(r, new(http.Transport))
}

// newQuestion is a request as a client sends it.
func newQuestion(ctx context.Context, method, address, form string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", programName)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r, nil
}

// quoteAddress quotes an address for a shell.
func quoteAddress(address string) string {
	return "'" + strings.ReplaceAll(printable(address), "'", "%27") + "'"
}

// member is a text in the answer's JSON, empty if there is none.
func (a siteAnswer) member(name string) string {
	var members map[string]any
	_ = json.Unmarshal(a.body, &members)
	text, _ := members[name].(string)
	return text
}
