package stage

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Answer is a response of the server.
type Answer struct {
	Status int
	Header http.Header
	Text   string
	Body   map[string]any // nil if text is no JSON object
}

// String is the answer as a failure may show it.
func (a Answer) String() string { return fmt.Sprintf("%d %s", a.Status, Shorten(a.Text)) }

// Shorten is a text as a failure may show it: of each word that is long enough to
// be a token only the beginning.
func Shorten(text string) string {
	return regexp.MustCompile(`([0-9A-Za-z_-]{8})[0-9A-Za-z_.-]{16,}`).ReplaceAllString(text, "$1…")
}

// Do sends a request and reads the whole answer.
func Do(c *http.Client, r *http.Request) (Answer, error) {
	response, err := c.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	return ReadAnswer(response)
}

// ReadAnswer reads a response to its end.
func ReadAnswer(response *http.Response) (Answer, error) {
	text, err := io.ReadAll(response.Body)
	a := Answer{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	if json.Unmarshal(text, &a.Body) != nil {
		a.Body = nil
	}
	return a, err
}

// FormRequest is a POST of a form, given as names and values in turn.
func FormRequest(target string, pairs ...string) *http.Request {
	r := NewRequest(http.MethodPost, target, Encode(pairs...))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// JSONRequest is a POST of a JSON object, given as names and values in turn.
func JSONRequest(target string, pairs ...string) *http.Request {
	object := map[string]string{}
	for pair := range slices.Chunk(pairs, 2) {
		object[pair[0]] = pair[1]
	}
	text, _ := json.Marshal(object) // strings can always be encoded
	r := NewRequest(http.MethodPost, target, string(text))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return r
}

// NewRequest makes a request of parts that the tests have written themselves.
func NewRequest(method, target, body string) *http.Request {
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	return r
}

// Encode is an application/x-www-form-urlencoded body in the order given.
func Encode(pairs ...string) string {
	var parts []string
	for pair := range slices.Chunk(pairs, 2) {
		parts = append(parts, url.QueryEscape(pair[0])+"="+url.QueryEscape(pair[1]))
	}
	return strings.Join(parts, "&")
}

// Member is a string member of the body, empty if there is none.
func (a Answer) Member(name string) string {
	s, _ := a.Body[name].(string)
	return s
}
