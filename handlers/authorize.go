package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// authorize passes a login on to WordPress, which has its pages. Of its answers those
// that lead back to the client change: a code is sealed, and where the client knows an
// issuer it is told it, with an error too (RFC 9207, 2).
func (s *server) authorize(c echo.Context) error {
	a, redirectURI, err := parseAuthorization(c.Request().URL.RawQuery)
	if err != nil {
		return statusError(err)
	}
	note(c).clientSent = a.ClientID
	return s.upstream.pass(c, func(answer *http.Response) error {
		answer.Header.Set(echo.HeaderCacheControl, "no-store")
		if answer.StatusCode/100 != 3 {
			return nil
		}
		location := answer.Header.Get(echo.HeaderLocation)
		before, code, after, granted := cutParameter("code", location, redirectURI)
		_, _, _, refused := cutParameter("error", location, redirectURI)
		if !granted && !refused {
			return nil
		}
		return s.withDatabase(c, func(ctx context.Context) error {
			if !granted {
				issuer, err := s.tokens.Refused(ctx, a)
				answer.Header.Set(echo.HeaderLocation, withIssuer(location, issuer))
				return err
			}
			r, err := s.tokens.Authorized(ctx, a, code)
			if err != nil {
				return err
			}
			if r.Code != code {
				s.metrics.sealed.Inc()
			}
			answer.Header.Set(echo.HeaderLocation, withIssuer(before+url.QueryEscape(r.Code)+after, r.Issuer))
			return nil
		})
	})
}

// withIssuer adds iss, unless it is empty, to an address with a query.
func withIssuer(address, issuer string) string {
	if issuer == "" {
		return address
	}
	query, fragment, cut := strings.Cut(address, "#")
	query += "&iss=" + url.QueryEscape(issuer)
	if cut {
		query += "#" + fragment
	}
	return query
}

// authorizationParameters are the parameters of an authorization request that must be
// the same to WordPress as to this server. One that is named "code" would look like
// an answer where WordPress repeats the query in a redirect to itself.
func authorizationParameters() []string {
	return []string{"client_id", "redirect_uri", "response_type", "scope", "state", "nonce", paramResource,
		"code_challenge", "code_challenge_method", "code"}
}

// parseAuthorization reads the query of an authorization request, which WordPress
// reads several times on its way through the login, each time a little differently.
// It refuses, with an oauth.Error, what not all of them read the same.
func parseAuthorization(query string) (a oauth.Authorization, redirectURI string, err error) {
	p, err := knownParameters(query)
	if err != nil {
		return a, "", err
	}
	if cleaned := asWordPressCleans(query); cleaned != query {
		again, err := knownParameters(cleaned)
		if err != nil {
			return a, "", err
		}
		if len(again) != len(p) {
			return a, "", errAmbiguous()
		}
	}
	a = oauth.Authorization{
		ClientID: p["client_id"], Scope: p["scope"], Nonce: p["nonce"], Resource: p[paramResource],
		Challenge: p["code_challenge"], Method: p["code_challenge_method"],
	}
	return a, p["redirect_uri"], a.Check()
}

func errAmbiguous() error {
	return malformed(reasonAmbiguous, "A parameter is repeated, or has a name that is read as that of another one")
}

// knownParameters are those of authorizationParameters, each of which may be there
// once, by its own name.
func knownParameters(query string) (parameters, error) {
	p, known := parameters{}, authorizationParameters()
	if strings.Count(query, "&") >= maxParameters { // PHP drops those beyond
		return nil, errAmbiguous()
	}
	for name, value := range allPairs(query) {
		for _, read := range phpNames(name) {
			_, repeated := p[read]
			if slices.Contains(known, read) && (repeated || read != name || read == "code") {
				return nil, errAmbiguous()
			}
		}
		if slices.Contains(known, name) {
			p[name] = unescape(value)
		}
	}
	return p, nil
}

// phpNames are the names that PHP may give a parameter: it ends a name at NUL, drops
// blanks before it, makes underscores of what no variable's name may have, and takes
// what comes before a bracket for an array. A bracket that is never closed is an
// underscore too.
func phpNames(name string) []string {
	name, _, _ = strings.Cut(strings.TrimLeft(name, " "), "\x00")
	array, _, _ := strings.Cut(name, "[")
	underscores := strings.NewReplacer(" ", "_", ".", "_", "[", "_")
	return slices.Compact([]string{underscores.Replace(name), underscores.Replace(array)})
}

// asWordPressCleans is a query after WordPress's esc_url_raw, which the plugin sends
// its own addresses through: what it drops from a name makes another name of it.
func asWordPressCleans(query string) string {
	for {
		cleaned := strings.NewReplacer("%0d", "", "%0D", "", "%0a", "", "%0A", "").Replace(strings.Map(func(r rune) rune {
			switch {
			case '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', r >= 0x80,
				strings.ContainsRune("-~+_.?#=!&;,/:%@$|*'()[]", r):
				return r
			}
			return -1
		}, query))
		if cleaned == query {
			return query
		}
		query = cleaned
	}
}

// cutParameter takes apart the address of a redirect around the value of a parameter. It
// is not found unless the redirect leads to the client, and has in its query one such
// parameter more than the client's own redirect URI.
func cutParameter(parameter, location, redirectURI string) (before, value, after string, found bool) {
	to, err := url.Parse(location)
	if err != nil {
		return "", "", "", false
	}
	client, err := url.Parse(redirectURI)
	if redirectURI != "" && (err != nil || !strings.EqualFold(to.Scheme, client.Scheme) || !strings.EqualFold(to.Host, client.Host)) {
		return "", "", "", false
	}
	start, end, times := 0, 0, 0
	for at, text := range queryPairs(location) {
		name, value, _ := strings.Cut(text, "=")
		if unescape(name) == parameter {
			end = at + len(text)
			start = end - len(value)
			times++
		}
	}
	for _, text := range queryPairs(redirectURI) {
		if name, _, _ := strings.Cut(text, "="); unescape(name) == parameter {
			times--
		}
	}
	return location[:start], unescape(location[start:end]), location[end:], times == 1 && start < end
}

// queryPairs are the parameters in the query of an address, and where each begins.
func queryPairs(address string) func(yield func(at int, text string) bool) {
	address, _, _ = strings.Cut(address, "#")
	path, query, _ := strings.Cut(address, "?")
	return func(yield func(int, string) bool) {
		at := len(path) + len("?")
		for text := range strings.SplitSeq(query, "&") {
			if !yield(at, text) {
				return
			}
			at += len(text) + len("&")
		}
	}
}
