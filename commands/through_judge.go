package commands

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// here reports whether this server has answered: only it has the token route for GET,
// to refuse it, and only it refuses a parameter that is given twice.
func (a siteAnswer) here() bool {
	told := a.member("error_description")
	return a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") == http.MethodPost ||
		strings.HasPrefix(told, "A parameter is repeated") || strings.HasPrefix(told, "The parameter grant_type is repeated")
}

// php reports whether WordPress's REST API has answered: it has no token route for GET,
// and finds no client in a POST without one.
func (a siteAnswer) php() bool {
	code, refusal := a.member("code"), a.member("error")
	return a.closed() || strings.HasPrefix(code, "rest_") || !a.here() && (strings.HasPrefix(refusal, "invalid_") || strings.HasPrefix(refusal, "unsupported_"))
}

// closed reports whether it was the mu-plugin that refuses token requests.
func (a siteAnswer) closed() bool { return a.member("code") == "moserver_token_route_closed" }

// wall is something that refuses requests before any server sees them, and how its pages
// can be told, in lower case.
type wall struct {
	name          string
	header, value string
	words         []string
	remedy        string
}

// walls are those that WordPress sites have, the most particular first.
func walls() []wall {
	const cloudflare = `In Cloudflare, add a WAF custom rule for URI Path contains "/moserver/token" with the action Skip; Bot Fight Mode cannot be skipped, so turn it off.`
	return []wall{
		{"a challenge page of Cloudflare", "Cf-Mitigated", "challenge", []string{"/cdn-cgi/challenge-platform/"}, cloudflare},
		{"Cloudflare's firewall", "", "", []string{"| cloudflare</title>", "cf-error-details"}, cloudflare},
		{"Sucuri's firewall", "", "", []string{"sucuri website firewall", "sucuri.net"}, `In Sucuri's dashboard, add /wp-json/moserver/token to the allowed URL paths.`},
		{"Wordfence", "", "", []string{"wordfence"}, "Wordfence is a part of PHP, which must not see token requests: send them here in the web server."},
		{"mod_security", "", "", []string{"mod_security", "modsecurity", "<h1>not acceptable!</h1>"}, `Turn it off for this address, in nginx with "modsecurity off;" in the location, in Apache with "SecRuleEngine Off" in a LocationMatch.`},
		{"a challenge page", "", "", []string{"captcha", "challenge"}, "Exempt /wp-json/moserver/token from it: programs cannot solve it."},
	}
}

// wall is what has refused a request with a page of its own, nil if that is not known. A
// page that is not found may have the same words, as WordPress's with such plugins.
func (a siteAnswer) wall() *wall {
	if !slices.Contains([]int{http.StatusOK, http.StatusAccepted, http.StatusForbidden, http.StatusNotAcceptable, http.StatusTooManyRequests, http.StatusServiceUnavailable}, a.status) {
		return nil
	}
	page := strings.ToLower(string(a.body[:min(len(a.body), 64<<10)]))
	for _, w := range walls() {
		marked := w.header != "" && strings.EqualFold(a.header.Get(w.header), w.value)
		if marked || a.member("code") == "" && slices.ContainsFunc(w.words, func(word string) bool { return strings.Contains(page, word) }) {
			return &w
		}
	}
	return nil
}

// strange is the finding for an answer that is not this server's.
func (s seen) strange() wpdb.Finding {
	asked := s.method + " " + printable(s.address)
	status := s.status
	switch w := s.wall(); {
	case s.closed():
		return wpdb.Finding{Kind: wpdb.KindRouteClosed, Problem: fmt.Sprintf("%s reaches PHP, where moserver-close-token-route.php refuses it: nobody answers token requests.", asked),
			Remedy: "Send them here in the web server: " + sendHere() + " Or delete that file from wp-content/mu-plugins."}
	case w != nil:
		return wpdb.Finding{Kind: wpdb.KindRouteBlocked, Problem: fmt.Sprintf("%s is stopped by %s (status %d).", asked, w.name, status), Remedy: w.remedy}
	case s.php():
		return wpdb.Finding{Kind: wpdb.KindRoutePHP, Problem: fmt.Sprintf("%s reaches PHP, and not this server.", asked), Remedy: "Send it here in the web server: " + sendHere()}
	case s.redirected():
		return s.redirectFinding()
	case status == http.StatusUnauthorized:
		return wpdb.Finding{Kind: wpdb.KindRouteBlocked, Problem: asked + " asks for a password of the web server (status 401).", Remedy: "Exempt it: in its location of nginx auth_basic off;"}
	case slices.Contains([]int{http.StatusForbidden, http.StatusNotAcceptable, http.StatusTooManyRequests}, status):
		return wpdb.Finding{Kind: wpdb.KindRouteBlocked, Problem: fmt.Sprintf("%s is refused with status %d, and not by this server: a firewall, or a rule of the web server.", asked, status),
			Remedy: "Find the line in the web server's error log, or in your CDN's security events, and exempt the address."}
	case status == http.StatusBadGateway || status >= http.StatusServiceUnavailable:
		return wpdb.Finding{Kind: wpdb.KindRouteDown, Problem: fmt.Sprintf("%s has the status %d: something in front does not reach this server.", asked, status),
			Remedy: "Is it running, and at the address that the web server's file names? moserver-sidecar healthcheck --ready asks it."}
	}
	return wpdb.Finding{Kind: wpdb.KindRouteUnknown, Problem: fmt.Sprintf("%s has the status %d, which is neither this server's nor WordPress's answer.", asked, status),
		Remedy: "Give the address of the site as in wp-admin under Settings, General, with its folder."}
}

// redirected reports whether a redirect has ended the request.
func (s seen) redirected() bool { return len(s.redirects) > 0 && s.status/100 == 3 }

func (s seen) redirectFinding() wpdb.Finding {
	last := s.redirects[len(s.redirects)-1]
	f := wpdb.Finding{Kind: wpdb.KindRouteRedirect,
		Problem: fmt.Sprintf("POST %s is redirected with status %d to %s, %s: clients ask there with GET, and get no token.", printable(last.from), last.status, printable(last.to), last.difference()),
		Remedy:  "Give clients the latter as the token endpoint, and run: moserver-sidecar check --through " + quoteAddress(last.to)}
	if len(s.redirects) == mostRedirects {
		f.Problem, f.Remedy = fmt.Sprintf("%s is redirected for ever.", printable(s.redirects[0].from)), "See the rules of the web server and the CDN for http, https and www."
	}
	return f
}

// difference is what a redirect changes.
func (h hop) difference() string {
	from, err1 := url.Parse(h.from)
	to, err2 := url.Parse(h.to)
	switch {
	case err1 != nil || err2 != nil:
	case from.Hostname() != to.Hostname():
		return "another host"
	case from.Scheme != to.Scheme:
		return "another scheme"
	case strings.TrimSuffix(from.Path, "/") == strings.TrimSuffix(to.Path, "/"):
		return "which differs by a slash"
	}
	return "another address"
}

// cachedFinding is the finding for an answer that a cache had; nil if none had it. An
// answer to a POST that is stored goes to somebody else.
func (s seen) cachedFinding() *wpdb.Finding {
	if !s.cached {
		return nil
	}
	return &wpdb.Finding{Kind: wpdb.KindRouteCached, Advice: s.method != http.MethodPost,
		Problem: fmt.Sprintf("The answer to %s %s comes from a cache, although it says no-store.", s.method, printable(s.address)),
		Remedy:  `Exempt it: in nginx proxy_cache off; in its location, in Cloudflare a cache rule "Bypass cache" for URI Path contains "/moserver/".`}
}

// addressFinding judges the address that the server has seen of a client at local,
// without and with a forged X-Forwarded-For; nil if all is well.
func addressFinding(s, forged seen) *wpdb.Finding {
	at := s.header.Get(oauth.HeaderClient)
	f := &wpdb.Finding{Kind: wpdb.KindRouteAddress, Advice: true}
	if forged.header.Get(oauth.HeaderClient) == forgedAddress {
		f.Problem = "The server believes an X-Forwarded-For that any client can write, so auth_failures limits nobody."
		f.Remedy = "Let the outermost proxy set it: proxy_set_header X-Forwarded-For $remote_addr; " + shipped("docs/proxies.md") + " says whom the others should believe."
		return f
	}
	address, err := netip.ParseAddr(at)
	switch {
	case err != nil && s.local.IsLoopback(): // it is trusted itself
	case err != nil:
		f.Problem = "The server does not learn the addresses of clients, so auth_failures limits nobody."
		f.Remedy = "In the web server: proxy_set_header X-Forwarded-For $remote_addr; and if it is another machine, name that in trusted_proxies."
		return f
	case address != s.local && (!inside(s.local) || inside(address) || s.between()):
		f.Problem = fmt.Sprintf("The server sees this client as %s, which is a proxy's address or the CDN's (here it is %s), so all clients share one limit of auth_failures.", address, s.local)
		f.Remedy = "Name its networks in the web server, in nginx with set_real_ip_from; " + shipped("docs/proxies.md") + " has the lines for each."
		return f
	}
	return nil
}

// inside reports whether an address is not one of the internet, so that it is another
// one out there. Mobile carriers and the like share the first (RFC 6598).
func inside(a netip.Addr) bool {
	return netip.MustParsePrefix("100.64.0.0/10").Contains(a) || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast()
}

// between reports whether a CDN or proxy names itself.
func (a siteAnswer) between() bool {
	return slices.ContainsFunc([]string{"Cf-Ray", "Via", "X-Cache", "X-Served-By", "X-Amz-Cf-Id", "X-Sucuri-Id"}, func(name string) bool { return a.header.Get(name) != "" })
}
