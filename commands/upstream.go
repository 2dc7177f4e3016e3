package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"moserver-sidecar/config"
	"moserver-sidecar/wpdb"
)

// upstreamTimeout bounds each question to php_upstream.
const upstreamTimeout = 5 * time.Second

// checkSite asks php_upstream and the site's own address who answers there.
func checkSite(ctx context.Context, db *wpdb.DB, s config.Settings) []wpdb.Finding {
	home, base, err := siteAddress(ctx, db, s)
	if err != nil {
		return nil // others say so
	}
	return append(checkUpstream(ctx, s, home, base), checkRoutes(ctx, s, home, base)...)
}

// checkUpstream asks php_upstream what the server would have from it, as the site's
// own address: the index of WordPress's REST API, and /authorize.
func checkUpstream(ctx context.Context, s config.Settings, home, base string) []wpdb.Finding {
	if s.PHPUpstream == "" {
		return []wpdb.Finding{{Kind: wpdb.KindUpstreamOff, Advice: true,
			Problem: "php_upstream is not set: PKCE is not enforced, and grants that only PHP knows do not work.",
			Remedy:  shipped("docs/door.md") + " says what it brings, what it costs and how to put it in."}}
	}
	index, err := askUpstream(ctx, s.PHPUpstream, strings.TrimSuffix(base, "moserver"))
	if err != nil {
		return broken(s, "it does not answer: "+err.Error(), "Start the web server there, or correct php_upstream.")
	}
	var api struct{ Namespaces []string }
	switch err := json.Unmarshal(index.body, &api); {
	case strings.HasPrefix(string(index.body), "<?php"):
		return broken(s, "it sends WordPress's source instead of running it", "Give the web server there a PHP: fastcgi_pass in nginx.")
	case index.status/100 == 3:
		return broken(s, fmt.Sprintf("WordPress redirects %s to another address, so it sees another host or scheme than that", home),
			"Let the web server there pass on what it gets, in nginx: fastcgi_param HTTP_HOST $http_host; fastcgi_param HTTPS $moserver_https if_not_empty;")
	case err != nil || len(api.Namespaces) == 0:
		return broken(s, fmt.Sprintf("no REST API of WordPress answers (status %d)", index.status),
			"Name the address where PHP itself answers as WordPress; "+shipped("docker/moserver-door.conf")+" is one for nginx.")
	case !slices.Contains(api.Namespaces, "moserver"):
		return nil // the plugin is not active; others say so
	}
	login, err := askUpstream(ctx, s.PHPUpstream, base+"/authorize")
	switch {
	case err != nil:
		return broken(s, "it does not answer for /authorize: "+err.Error(), "See PHP's log.")
	case login.status == http.StatusLoopDetected || login.status == http.StatusBadGateway:
		return broken(s, "it sends the plugin's routes back to this server", "Name an address without moserver-namespace.conf, where PHP itself answers.")
	case login.status == http.StatusNotFound:
		return broken(s, fmt.Sprintf("WordPress has no /authorize there, because it does not see that its address is %s", home),
			"Tell PHP the host with its port, the port and https, in nginx: fastcgi_param HTTP_HOST $http_host; fastcgi_param SERVER_PORT $moserver_port; fastcgi_param HTTPS $moserver_https if_not_empty;")
	}
	return nil
}

// siteAddress returns the site's address, and the address below which the plugin has its
// routes.
func siteAddress(ctx context.Context, db *wpdb.DB, s config.Settings) (home, base string, err error) {
	options, err := db.QueryOptions(ctx, "SELECT option_name, option_value FROM "+wpdb.QuoteName(db.Tables.Options)+
		" WHERE option_name IN (?, ?)", wpdb.OptionHome, wpdb.OptionPermalinks)
	home = cmp.Or(s.Home, options[wpdb.OptionHome])
	return home, wpdb.IssuerOf(home, options[wpdb.OptionPermalinks]), err
}

func broken(s config.Settings, problem, remedy string) []wpdb.Finding {
	return []wpdb.Finding{{Kind: wpdb.KindUpstream, Problem: fmt.Sprintf("php_upstream %s cannot be used: %s.", s.PHPUpstream, problem), Remedy: remedy}}
}

// siteAnswer is the beginning of an answer of the site.
type siteAnswer struct {
	status int
	header http.Header
	body   []byte
}

// askUpstream asks php_upstream for an address of the site, as the server does.
func askUpstream(ctx context.Context, upstream, address string) (siteAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, upstreamTimeout)
	defer cancel()
	site, err := url.Parse(address)
	if err != nil {
		return siteAnswer{}, err
	}
	target := *site
	target.Scheme = "http"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return siteAnswer{}, err
	}
	r.Header.Set("X-Forwarded-Proto", site.Scheme)
	return ask(r, transportTo(upstream))
}

// transportTo asks a server of this machine's settings, whatever the address in the request.
func transportTo(setting string) *http.Transport {
	network, address := config.Endpoint(setting)
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address) // which takes the loopback one for all addresses
	}}
}

// ask sends a request. It follows no redirect.
func ask(r *http.Request, transport *http.Transport) (siteAnswer, error) {
	transport.DisableKeepAlives = true
	response, err := transport.RoundTrip(r)
	if err != nil {
		return siteAnswer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20)) // the index has all routes of all plugins
	return siteAnswer{response.StatusCode, response.Header, body}, err
}
