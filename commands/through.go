package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"moserver-sidecar/config"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb"
)

// Who answers token requests at an address.
const (
	answererHere    = "this server"
	answererSidecar = "a moserver-sidecar"
	answererPHP     = "PHP"
	answererUnknown = "unknown"
)

// through is what --through has found, in the form of --json.
type through struct {
	OK        bool             `json:"ok"`
	Addresses []throughAddress `json:"addresses"`
	Client    string           `json:"client"` // the address that the server sees of this client; empty: unknown
	Problems  []printedFinding `json:"problems"`
	Warnings  []printedFinding `json:"warnings"` // it works, and yet
	asker     asker
	accept    kinds
	door      bool // php_upstream is set
}

// throughAddress is who answers at a form of the token endpoint's address.
type throughAddress struct {
	URL      string `json:"url"`
	Answerer string `json:"answered_by"`
}

// checkThrough asks from outside who answers token requests.
func checkThrough(w io.Writer, site string, settings config.Settings, accept kinds, asJSON bool) error {
	addresses, err := tokenAddresses(site)
	if err != nil {
		return err
	}
	t := &through{Addresses: []throughAddress{}, Problems: []printedFinding{}, Warnings: []printedFinding{},
		asker: asker{proof: oauth.NewProof(settings.ProofKey)}, accept: accept, door: settings.PHPUpstream != ""}
	ctx, stop := untilSignal()
	defer stop()
	t.look(ctx, addresses)
	if asJSON {
		err = printJSON(w, t)
	} else {
		t.print(w)
	}
	if err == nil && !t.OK {
		return errFailed
	}
	return err
}

// tokenAddresses are the forms of the token endpoint's address at a site's address, the
// usual one first; only the one that is given, if it is one.
func tokenAddresses(site string) ([]string, error) {
	if !strings.Contains(site, "://") {
		site = "https://" + site
	}
	u, err := url.Parse(site)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("--through must be the address of the site, such as https://example.com or https://example.com/blog")
	}
	if strings.Contains(u.Path, "/moserver/") || u.Query().Has("rest_route") {
		return []string{u.String()}, nil
	}
	if u.RawQuery != "" {
		return nil, errors.New("--through must be the address of the site, without a query")
	}
	pretty, plain := wpdb.IssuerOf(u.String(), "pretty"), wpdb.IssuerOf(u.String(), "")
	return []string{pretty + "/token", plain + "/token"}, nil
}

// look asks at each address. What WordPress has in two forms is one finding.
func (t *through) look(ctx context.Context, addresses []string) {
	var found [][]wpdb.Finding
	for _, address := range addresses {
		who, findings := t.address(ctx, address)
		t.Addresses = append(t.Addresses, throughAddress{address, who})
		found = append(found, findings)
		if len(findings) > 0 && findings[0].Kind == wpdb.KindRouteUnreachable {
			break // nor does it answer the rest
		}
	}
	for i, findings := range found {
		for _, f := range findings {
			// Clients use the usual form, unless nobody knows that.
			unused := i > 0 || f.Kind == wpdb.KindRouteUnknown
			f.Advice = f.Advice || t.answered() && t.Addresses[i].Answerer == answererUnknown && unused
			t.add(f)
		}
	}
	t.OK = t.answered() && len(t.Problems) == 0
}

// answered reports whether this server answers at one of the addresses.
func (t *through) answered() bool {
	return slices.ContainsFunc(t.Addresses, func(a throughAddress) bool { return a.Answerer == answererHere || a.Answerer == answererSidecar })
}

// add adds a finding, of each kind one.
func (t *through) add(f wpdb.Finding) {
	list := &t.Problems
	if f.Advice {
		list = &t.Warnings
	}
	same := func(p printedFinding) bool { return p.Kind == f.Kind }
	if !slices.ContainsFunc(*list, same) && !slices.Contains(t.accept, f.Kind) {
		*list = append(*list, printedFinding{f.Kind, f.Problem, f.Remedy})
	}
}

// address finds out who answers at an address. What counts is POST; GET tells of
// redirects and caches, and whatever is between must let both through.
func (t *through) address(ctx context.Context, address string) (who string, findings []wpdb.Finding) {
	var answers []seen
	for _, q := range [...]struct{ method, forwarded string }{{http.MethodGet, ""}, {http.MethodGet, ""}, {http.MethodPost, ""}, {http.MethodPost, forgedAddress}} {
		s, err := t.asker.follow(ctx, q.method, address, q.forwarded)
		if err != nil {
			problem, remedy := unreachable(s.address, err)
			return answererUnknown, []wpdb.Finding{{Kind: wpdb.KindRouteUnreachable, Problem: fmt.Sprintf("%s cannot be asked: %s.", printable(s.address), problem), Remedy: remedy}}
		}
		answers = append(answers, s)
	}
	get, post := answers[:2], answers[2:]
	who, findings = t.judge(post[0])
	for _, s := range answers {
		s.cached = s.cached || who == answererHere && s.here() && !s.proved // it was stored when another client asked
		if f := s.cachedFinding(); f != nil {
			findings = append(findings, *f)
		}
	}
	if who == answererHere {
		t.Client = post[0].header.Get(oauth.HeaderClient)
		if f := addressFinding(post[0], post[1]); f != nil {
			findings = append(findings, *f)
		}
	}
	if f := t.split(ctx, who, post[0]); f != nil {
		findings = append(findings, *f)
	}
	by, met := t.judge(get[0])
	if who == answererUnknown && by == answererHere && post[0].redirected() {
		findings[0].Problem += " There this server answers."
	}
	if (who == answererHere || who == answererSidecar) && len(met) > 0 && !get[0].here() {
		met[0].Advice = true // clients do not GET
		findings = append(findings, met[0])
	}
	return who, findings
}

// judge says who has given an answer, and what is wrong with that.
func (t *through) judge(s seen) (who string, findings []wpdb.Finding) {
	switch {
	case s.proved:
		return answererHere, nil
	case s.here() && t.asker.proof == nil:
		return answererSidecar, nil
	case s.cached: // which says nothing of who would have answered
		return answererUnknown, nil
	case s.here():
		return answererUnknown, []wpdb.Finding{{Kind: wpdb.KindRouteOther,
			Problem: fmt.Sprintf("At %s a moserver-sidecar answers that does not have this site's settings.", printable(s.address)),
			Remedy:  "Give the settings that the server has: --config /etc/moserver/moserver.yaml, if that sets more than wp_config. Otherwise see whether the web server's file names this site's socket; if it does, run: systemctl restart moserver-sidecar (its settings or its program may be older), and see whether a proxy removes the header " + oauth.HeaderChallenge + "."}}
	}
	f := s.strange()
	if f.Kind == wpdb.KindRoutePHP || f.Kind == wpdb.KindRouteClosed {
		who = answererPHP
	} else {
		who = answererUnknown
	}
	return who, []wpdb.Finding{f}
}

// split is the finding where this server has answered a token request and, with
// php_upstream, somebody else would have the login; nil if not, or if that cannot be said.
func (t *through) split(ctx context.Context, who string, token seen) *wpdb.Finding {
	base, ok := strings.CutSuffix(strings.TrimSuffix(token.address, "/"), "/token")
	door := who == answererSidecar && t.door || who == answererHere && (t.door || token.header.Get(oauth.HeaderDoor) != "")
	if !ok || !door {
		return nil
	}
	login, err := t.asker.follow(ctx, http.MethodGet, base+loginQuestion(base), "")
	if err != nil || login.here() || login.cached || login.status >= http.StatusInternalServerError {
		return nil
	}
	if f := login.strange(); f.Kind != wpdb.KindRoutePHP && f.Kind != wpdb.KindRouteUnknown {
		return nil // what is in the way stops no browser
	}
	f := splitFinding(base, "/token", "/authorize")
	return &f
}

// print writes the report for people.
func (t *through) print(w io.Writer) {
	for _, f := range t.Problems {
		fmt.Fprintf(w, "problem: %s %s\n", f.Problem, f.Remedy)
	}
	for _, f := range t.Warnings {
		fmt.Fprintf(w, "warning: %s %s\n", f.Problem, f.Remedy)
	}
	for _, a := range t.Addresses {
		switch a.Answerer {
		case answererHere:
			fmt.Fprintf(w, "ok: this server, with this site's settings, answers at %s\n", printable(a.URL))
		case answererSidecar:
			fmt.Fprintf(w, "ok: a moserver-sidecar answers at %s\n", printable(a.URL))
		}
	}
	if t.Client != "" && t.Client != "unknown" {
		fmt.Fprintf(w, "ok: it sees this client at the address %s\n", printable(t.Client))
	}
	if t.asker.proof == nil && t.answered() {
		fmt.Fprintln(w, "whose it is cannot be told: that takes the site's settings (--wp-config), with good keys and salts in wp-config.php, or seal_key_file")
	}
}
