package handlers

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"moserver-sidecar/oauth"
)

// parseRequest is what a server makes of a POST with a form, of 200 bytes at most.
func parseRequest(target string, body io.Reader) (oauth.Request, *remark, error) {
	r := httptest.NewRequest(http.MethodPost, target, body)
	r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	c := echo.New().NewContext(r, httptest.NewRecorder())
	request, err := (&server{options: Options{MaxBodyBytes: 200}}).parse(c)
	return request, note(c), err
}

// TestParse: every parameter arrives in its place.
func TestParse(t *testing.T) {
	form := url.Values{}
	for _, name := range []string{
		"grant_type", "code", "code_verifier", "redirect_uri", "resource", "refresh_token", "scope", "token", "token_type_hint", "client_id", "client_secret",
	} {
		form.Set(name, "1"+name[:3]+name[len(name)-2:])
	}
	got, noted, err := parseRequest("/?scope=ignored&code=ignored", strings.NewReader(form.Encode()))
	want := oauth.Request{
		Credentials: []oauth.Credential{{ClientID: "1cliid", ClientSecret: "1cliet"}},
		GrantType:   "1grape", Code: "1codde", CodeVerifier: "1coder", RedirectURI: "1redri", Resource: "1resce",
		RefreshToken: "1refen", Scope: "1scope", Token: "1token", TokenTypeHint: "1toknt",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || noted.clientSent != "1cliid" {
		t.Errorf("%v, for the log %q (-want +got):\n%s", err, noted.clientSent, diff)
	}
	if got, _, err := parseRequest("/?scope=email&code=ignored", strings.NewReader("")); err != nil || !cmp.Equal(got, oauth.Request{Scope: "email"}) {
		t.Errorf("an empty body: %+v, %v", got, err)
	}
}

// failingBody is a body whose reading fails.
type failingBody struct{ err error }

func (b failingBody) Read([]byte) (int, error) { return 0, b.err }

// TestParseRefuses a body that is not there in full: half a form is another request.
func TestParseRefuses(t *testing.T) {
	body := "code=" + strings.Repeat("c", 195)
	if got, _, err := parseRequest("/", strings.NewReader(body)); err != nil || len(got.Code) != 195 {
		t.Errorf("200 bytes: %+v, %v", got, err)
	}
	for reason, body := range map[oauth.Reason]io.Reader{
		reasonTooLarge: strings.NewReader(body + "c"),
		reasonSlow:     failingBody{os.ErrDeadlineExceeded},
		reasonBody:     failingBody{io.ErrUnexpectedEOF},
		reasonRepeated: strings.NewReader("code=a&code=b"),
	} {
		got, _, err := parseRequest("/", body)
		var refused oauth.Error
		if errors.As(err, &refused); refused.Code != oauth.InvalidRequest || refused.Reason != reason || refused.Description == "" || got.Code != "" {
			t.Errorf("%s: %+v, %v", reason, got, err)
		}
	}
}
