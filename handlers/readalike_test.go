package handlers_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"moserver-sidecar/handlers"
)

// phpSays answers like a paid edition's PHP, with what it was sent.
func phpSays(answer string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Cache-Control", "private")
		fmt.Fprintf(w, "%s %s", answer, body)
	}))
}

// TestReadAlike: a token request is passed on only if its grant is PHP's alone, and
// PHP can read nothing else in it than this server has.
func TestReadAlike(t *testing.T) {
	php := phpSays("PHP:")
	t.Cleanup(php.Close)
	d := newDoor(t, php.URL, func(o *handlers.Options) { o.MaxBodyBytes = 64 << 10 })
	many := strings.Repeat("a&", 3) + "b0=1"
	for i := range 998 {
		many += fmt.Sprintf("&c%d=", i)
	}
	multipart := "--B\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--B--\r\n"
	for _, c := range []struct {
		query, contentType, body string
		header                   string
		want                     string // passed, or the error
	}{
		{"", formType, "grant_type=password&username=a&password=b%2Bc&x-y=1", "", "passed"},
		{"?rest_route=/moserver/Token/", formType, "grant_type=client_credentials", "", "passed"},
		{"", formType, "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b", "", "passed"},
		{"", "application/json; charset=utf-8", `{"grant_type":"password","x":{"a.b":[1]},"y":1e9}`, "", "passed"},
		{"", "multipart/form-data; boundary=B", multipart, "", "passed"},
		{"", formType, "grant_type=x&" + strings.TrimPrefix(many, "a&a&a&"), "", "passed"}, // 1,000
		{"", formType, "grant_type=x&y=1&" + strings.TrimPrefix(many, "a&a&a&"), "", "invalid_request"},
		{"", formType, "grant_type=password&pad=" + strings.Repeat("x", 50_000), "", "passed"},
		{"", formType, "grant_type=x&grant.type=authorization_code", "", "invalid_request"},
		{"", formType, "grant_type=x&grant%20type=authorization_code", "", "invalid_request"},
		{"", formType, "grant_type=x&+grant_type=authorization_code", "", "invalid_request"},
		{"", formType, "grant_type=x&grant_type%00=authorization_code", "", "invalid_request"},
		{"", formType, "grant_type=x&grant[type=authorization_code", "", "invalid_request"},
		{"", formType, "grant_type=x&client_id[]=1", "", "invalid_request"},
		{"", formType, "grant_type=x&grant_type=x", "", "invalid_request"},
		{"?grant_type=authorization_code", formType, "grant_type=x", "", "invalid_request"},
		{"?_method=GET", formType, "grant_type=x", "", "invalid_request"},
		{"?rest_route=/moserver/revoke", formType, "grant_type=x", "", "invalid_request"},
		{"", formType, "grant_type=x&rest_route=/moserver/x", "", "invalid_request"},
		{"", formType, "grant_type=x", "X-HTTP-Method-Override: GET\r\n", "invalid_request"},
		{"", formType, "grant_type=x", "Content_Type: application/json\r\n", "invalid_request"},
		{"", formType, "grant_type=x", "Content-Type: application/json\r\n", "invalid_request"},
		{"", "application/json", `{"grant_type":"x","grant_type":"authorization_code"}`, "", "invalid_request"},
		{"", "application/json", `{"grant_type":"x","grant\u002etype":"y"}`, "", "invalid_request"},
		{"", "multipart/form-data; boundary=B", strings.Replace(multipart, "form-data; ", "form-data; x=1; ", 1), "", "invalid_request"},
		{"", "multipart/form-data; boundary=B,C", multipart, "", "invalid_request"},
		{"", formType, "grant_type=revoke&token=x", "", "invalid_client"}, // ours
		{"", formType, "grant_type=Refresh-Token", "", "passed"},
		{"", formType, "grant_type=Refresh_Token", "", "unsupported_grant_type"},
		{"", formType, "grant_type=refresh:_token", "", "unsupported_grant_type"},
		{"", formType, "grant_type=refresh_token%20", "", "unsupported_grant_type"},
		{"", formType, "grant_type=%3Cb%3Erefresh_token", "", "unsupported_grant_type"},
		{"", formType, "grant_type=", "", "invalid_request"},
	} {
		status, got := d.raw(fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s",
			tokenPath, c.query, c.contentType, len(c.body), c.header, c.body))
		passed := status == http.StatusOK && got == "PHP: "+c.body
		if passed != (c.want == "passed") || !passed && !strings.Contains(got, `"error":"`+c.want+`"`) {
			t.Errorf("%s %.80s: want %s, got %d %.200s", c.query, c.body, c.want, status, got)
		}
	}
	if status, got := d.raw("POST /wp-json/moserver/revoke HTTP/1.1\r\nHost: x\r\nContent-Type: " + formType + "\r\nContent-Length: 12\r\n\r\ngrant_type=x"); strings.Contains(got, "PHP") {
		t.Errorf("revocation was passed on: %d %s", status, got)
	}
}

// TestPassedGuesses: a secret that PHP refuses counts like one that is refused here,
// whatever status PHP says it with.
func TestPassedGuesses(t *testing.T) {
	for answer, counts := range map[string]bool{
		`{"error": "invalid_client"}`: true, `{"error":"invalid_grant"}`: true,
		`Warning: in PHP {"access_token":"x"}`: false, `{"error":"invalid_scope"}`: false,
	} {
		php := phpSays(answer)
		t.Cleanup(php.Close)
		d := newDoor(t, php.URL, func(o *handlers.Options) { o.AuthFailures = 3 })
		statuses := map[int]int{}
		for range 8 {
			body := "grant_type=password&client_id=" + clientID + "&client_secret=" + clientSecret
			status, got := d.raw(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", tokenPath, formType, len(body), body))
			if statuses[status]++; status == http.StatusOK && got != answer+" "+body {
				t.Errorf("PHP's answer was changed: %s", got)
			}
		}
		if limited := statuses[http.StatusTooManyRequests] > 0; limited != counts || statuses[http.StatusOK] < 3 {
			t.Errorf("%s: %v", answer, statuses)
		}
		if log := d.wholeLog(); strings.Contains(log, "Warning") || strings.Contains(log, "invalid_scope") || !strings.Contains(log, "grant_sent=password") {
			t.Errorf("%s: the log: %s", answer, log)
		}
	}
}
