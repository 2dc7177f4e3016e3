package clients_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"moserver-sidecar/e2e/stage"
)

// trouble is something that lets a refresh fail, and that ends.
type trouble struct {
	name       string
	begin, end func(t *testing.T, s *site)
}

// troubles are in the order of their columns in the table. What is over is over:
// the last one has no end.
func troubles() []trouble {
	return []trouble{
		{"no database", func(t *testing.T, s *site) {
			s.Flush()
			s.Server.Kill()
		}, func(t *testing.T, s *site) {
			if err := s.Server.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
		}},
		{"no sidecar", func(t *testing.T, s *site) { s.Sidecar.Stop() }, func(t *testing.T, s *site) {
			s.Sidecar = s.Serve("--listen", "unix:"+filepath.Join(s.Nginx.Dir, "token.sock"))
		}},
		{"another secret", func(t *testing.T, s *site) { s.setSecret("of an administrator") },
			func(t *testing.T, s *site) { s.setSecret(oddSecret) }},
		{"the token is over", func(t *testing.T, s *site) { s.Exec("DELETE FROM {}moos_oauth_refresh_tokens") }, nil},
	}
}

// patient is a program of a library that has a refresh token from before the
// trouble, and what was seen of it.
type patient struct {
	*session
	client   client
	wire     *tap
	token    string
	errors   []string
	requests []int // for the refresh in each trouble
}

// TestOutage: what a program of each library sees of each trouble. It must not
// lose its refresh token, and go on with it after the trouble. What was seen is
// the table of docs/clients/outage.md.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--request-timeout", "3s")
	patients := admit(t, s)
	for _, trouble := range troubles() {
		trouble.begin(t, s)
		for _, p := range patients {
			p.begin("refresh") // all wait at once
		}
		for _, p := range patients {
			p.suffer(trouble)
		}
		if trouble.end == nil {
			break
		}
		trouble.end(t, s)
		for _, p := range patients {
			p.goOn(trouble)
		}
	}
	var rows table
	for _, p := range patients {
		cells := append([]string{p.name}, p.errors...)
		rows.add(p.client, append(cells, fmt.Sprint(p.requests[0])))
	}
	rows.compare(t, len(libraries()), filepath.Join(docs, "outage.md"), "outage", "Library", "503: no database",
		"502: no sidecar", "`invalid_client`: another secret", "`invalid_grant`: the token is over", "Requests in an outage")
}

// admit starts a program of each library with a refresh token of its own.
func admit(t *testing.T, s *site) (patients []*patient) {
	for _, c := range libraries() {
		p := &patient{client: c, wire: newTap(t, s.Nginx.Address), token: s.grant("kept by " + c.name)}
		p.session = open(t, c, environment(t, p.wire.base, s.app, "REFRESH_TOKEN="+p.token))
		patients = append(patients, p)
	}
	return patients
}

// suffer is the end of a refresh during a trouble.
func (p *patient) suffer(trouble trouble) {
	heard := p.hear("refresh")
	if heard.OK {
		p.t.Errorf("%s, %s: it refreshed", p.name, trouble.name)
	}
	if heard.RefreshToken != p.token {
		p.t.Errorf("%s, %s: its refresh token is lost", p.name, trouble.name)
	}
	kind, details, _ := strings.Cut(heard.Error, ", ")
	p.errors = append(p.errors, "`"+kind+"`, "+details)
	p.requests = append(p.requests, len(p.wire.posts()))
}

// goOn is a refresh after a trouble.
func (p *patient) goOn(trouble trouble) {
	if p.must("refresh").RefreshToken != p.token {
		p.t.Errorf("%s, after %s: it has another refresh token", p.name, trouble.name)
	}
	p.wire.posts() // these are not those of a trouble
}

// TestSamplesInOutage: the samples say that nothing is wrong with the token, and
// leave it as it is.
func TestSamplesInOutage(t *testing.T) {
	t.Parallel()
	s := newSite(t, "--request-timeout", "3s")
	token := s.grant("kept by samples")
	tryAll := func(trouble, address string) {
		t.Run(trouble, func(t *testing.T) {
			for _, c := range samples() {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					runSample(t, c, environment(t, "http://"+address, s.app, "REFRESH_TOKEN="+token)).wantTryLater(t, c)
				})
			}
		})
	}
	for _, trouble := range troubles()[:2] {
		trouble.begin(t, s)
		tryAll(trouble.name, s.Nginx.Address)
		trouble.end(t, s)
	}
	tryAll("no nginx", stage.FreeAddress(t))
	s.WantRow("refresh", token, true)
}

// wantTryLater checks how a sample ends in an outage. newman breaks lines, has
// no exit status but 1, and runs no script without an answer.
func (r ran) wantTryLater(t *testing.T, c client) {
	t.Helper()
	status := 75 // of sysexits.h
	if strings.HasPrefix(c.name, "Postman") {
		status = 1
		if strings.Contains(r.stdout, "ECONNREFUSED") {
			return
		}
	}
	letters := strings.Join(strings.FieldsFunc(r.stdout+r.stderr, func(l rune) bool { return !unicode.IsLetter(l) }), "")
	if r.status != status || !strings.Contains(letters, "saysnothingofthetokenkeepitandtryagainlater") {
		t.Errorf("exit status %d, want %d\n%s%s", r.status, status, r.stdout, r.stderr)
	}
}
