package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// contractCase is one request against the tables in a known state.
type contractCase struct {
	Name    string
	Codes   []map[string]any // rows before; expires in seconds from now, or a literal
	Refresh []map[string]any
	Access  []map[string]any
	Options map[string]string
	Request contractRequest
	Want    contractWant
}

type contractRequest struct {
	Method      string // POST if empty
	Path        string // the token endpoint if empty
	Headers     map[string]string
	Form        formPairs
	JSON        any
	Body        *string
	Basic       []string // the client's id and secret
	BasicScheme string   `json:"basic_scheme"`
}

type contractWant struct {
	Status  int
	Body    any            // null: anything
	BodyHas []string       `json:"body_has"`
	Effects map[string]any // what changed in the tables; absent: anything
}

// formPairs is a form, in JSON an object or, where names repeat, pairs.
type formPairs [][2]string

// UnmarshalJSON implements json.Unmarshaler.
func (f *formPairs) UnmarshalJSON(text []byte) error {
	var object map[string]string
	if json.Unmarshal(text, &object) != nil {
		return json.Unmarshal(text, (*[][2]string)(f))
	}
	for name, value := range object {
		*f = append(*f, [2]string{name, value})
	}
	return nil
}

// readCases reads a file of cases. {app.id} and {app.secret} in it stand for
// those of the fixture client app.
func readCases(t *testing.T, file string) []contractCase {
	t.Helper()
	text := stage.ReadFile(t, filepath.Join("testdata/contract", file))
	for key, c := range readFixtures(t).Clients {
		for name, value := range map[string]string{"id": c.ID, "secret": c.Secret} {
			quoted, _ := json.Marshal(value) // a string can always be encoded
			text = strings.ReplaceAll(text, "{"+key+"."+name+"}", string(quoted[1:len(quoted)-1]))
		}
	}
	var document struct {
		RecordedOn string `json:"recorded_on"`
		Cases      []contractCase
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields() // a member that is not understood is not tested
	if err := decoder.Decode(&document); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(document.Cases) == 0 {
		t.Fatalf("%s has no cases", file)
	}
	return document.Cases
}

// build makes the HTTP request of a case.
func (c contractRequest) build(t *testing.T, base string) *http.Request {
	t.Helper()
	body, contentType := c.content(t)
	method, path := c.Method, c.Path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = stage.TokenPath
	}
	r, err := http.NewRequest(method, base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for name, value := range c.Headers {
		r.Header.Set(name, value)
	}
	if c.Basic != nil {
		scheme := c.BasicScheme
		if scheme == "" {
			scheme = "Basic"
		}
		r.Header.Set("Authorization", scheme+" "+base64.StdEncoding.EncodeToString([]byte(strings.Join(c.Basic, ":"))))
	}
	return r
}

// content is the body and its type.
func (c contractRequest) content(t *testing.T) (body []byte, contentType string) {
	t.Helper()
	switch {
	case c.Form != nil:
		var pairs []string
		for _, pair := range c.Form {
			pairs = append(pairs, pair[0], pair[1])
		}
		return []byte(stage.Encode(pairs...)), "application/x-www-form-urlencoded"
	case c.JSON != nil:
		text, err := json.Marshal(c.JSON)
		if err != nil {
			t.Fatal(err)
		}
		return text, "application/json"
	case c.Body != nil:
		return []byte(*c.Body), ""
	}
	return nil, ""
}

// prepare empties the tables and puts the rows of a case in place.
func (s *site) prepare(c contractCase, now time.Time) {
	s.t.Helper()
	for _, kind := range kinds() {
		name, _ := stage.Table(kind)
		s.Exec("DELETE FROM " + name)
	}
	s.Exec(`DELETE FROM {}options WHERE option_name LIKE 'mo\_oauth%'`)
	s.PutOption("mo_oauth_server_is_client_secret_encrypted", "1")
	for name, value := range c.Options {
		s.PutOption(name, value)
	}
	for kind, rows := range map[string][]map[string]any{"code": c.Codes, "refresh": c.Refresh, "access": c.Access} {
		for _, r := range rows {
			s.insert(kind, r, now)
		}
	}
}

// insert stores a row of a case.
func (s *site) insert(kind string, r map[string]any, now time.Time) {
	s.t.Helper()
	name, _ := stage.Table(kind)
	var columns, marks []string
	var values []any
	for column, value := range r {
		if seconds, isNumber := value.(float64); isNumber && column == "expires" {
			value = sandboxtest.Digits(now.Add(time.Duration(seconds) * time.Second))
		}
		columns, marks, values = append(columns, column), append(marks, "?"), append(values, value)
	}
	s.Exec("INSERT INTO "+name+" ("+strings.Join(columns, ",")+") VALUES ("+strings.Join(marks, ",")+")", values...)
}
