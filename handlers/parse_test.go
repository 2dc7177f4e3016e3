package handlers

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"moserver-sidecar/oauth"
)

func TestParseBody(t *testing.T) {
	const form, multi, js = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json"
	part := func(header, value string) string {
		return "--b\r\nContent-Disposition: form-data; " + header + "\r\n\r\n" + value + "\r\n"
	}
	for name, test := range map[string]struct {
		contentType, body string
		want              parameters // nil: refused
	}{
		"form":                     {form, "grant_type=refresh_token&refresh_token=r0", parameters{"grant_type": "refresh_token", "refresh_token": "r0"}},
		"form, broken charset":     {form + "; charset: UTF - 8", "code=a+b%20c", parameters{"code": "a b c"}},
		"form, type in capitals":   {"Application/X-WWW-Form-URLencoded", "code=a", parameters{"code": "a"}},
		"form, percent not coded":  {form, "client_secret=50%&code=%zz%41%4", parameters{"client_secret": "50%", "code": "%zzA%4"}},
		"form, semicolon":          {form, "code=a;b", parameters{"code": "a;b"}},
		"form, odd pieces":         {form, "&&code&=x&code=a&", parameters{"code": "a"}},
		"form, unknown twice":      {form, "state=1&state=2&username=x&code=a", parameters{"code": "a"}},
		"form, two resources":      {form, "resource=a&resource=b&code_verifier=v", parameters{"resource": "a b", "code_verifier": "v"}},
		"json, two resources":      {js, `{"resource":["a","b"]}`, parameters{"resource": `["a","b"]`}},
		"form, same twice":         {form, "code=a&code=a&code=", parameters{"code": "a"}},
		"form, different twice":    {form, "code=a&code=b", nil},
		"form, empty":              {form, "grant_type=&code=", parameters{}},
		"form, nothing":            {form, "", parameters{}},
		"text":                     {"text/plain", "code=a", parameters{}},
		"no type":                  {"", "code=a", parameters{}},
		"multipart":                {multi, part(`name="code"`, "a") + part(`name="scope"`, "b c") + "--b--", parameters{"code": "a", "scope": "b c"}},
		"multipart, file":          {multi, part(`name="code"; filename="x"`, "a") + "--b--", parameters{}},
		"multipart, repeated":      {multi, part(`name="code"`, "a") + part(`name="code"`, "b") + "--b--", nil},
		"multipart, cut":           {multi, part(`name="code"`, "a"), nil},
		"multipart, no boundary":   {"multipart/form-data", "x", nil},
		"multipart, unknown twice": {multi, part(`name="state"`, "1") + part(`name="state"`, "2") + part(`name="code"`, "a") + "--b--", parameters{"code": "a"}},
		"multipart, no header":     {multi, "--b\r\nno colon\r\n\r\na\r\n--b--", nil},
		"multipart, many lines":    {multi, strings.Repeat("\n", 398) + part(`name="code"`, "a") + "--b--", nil},
		"multipart, semicolons":    {multi, part(`name="code"`, "a") + part(`name="x"`, strings.Repeat(";", 400)) + "--b--", nil},
		"multipart, long type":     {multi + "; x=" + strings.Repeat("x", 1024), part(`name="code"`, "a") + "--b--", nil},
		"multipart, empty":         {multi, "--b--", parameters{}},
		"json":                     {js, `{"code":"a","scope":"b c"}`, parameters{"code": "a", "scope": "b c"}},
		"json, charset":            {js + ";charset=utf-8", `{"code":"é"}`, parameters{"code": "é"}},
		"json, api":                {"application/vnd.api+json", `{"code":"a"}`, parameters{"code": "a"}},
		"json, numbers":            {js, `{"code":123456789012345678901,"scope":1.5}`, parameters{"code": "123456789012345678901", "scope": "1.5"}},
		"json, booleans":           {js, `{"code":true,"scope":false}`, parameters{"code": "1"}},
		"json, null":               {js, `{"code":null,"scope":""}`, parameters{}},
		"json, unknown member":     {js, `{"a":{"b":[1,{"c":null}]},"code":"a","d":[]}`, parameters{"code": "a"}},
		"json, nothing":            {js, " \n", parameters{}},
		"json, of another tree":    {"text/vnd.api+json", `{"code":"a"}`, parameters{}},
		"xml":                      {"application/xml", "code=a", parameters{}},
		"json, array":              {js, `["a"]`, nil},
		"json, string":             {js, `"a"`, nil},
		"json, null alone":         {js, `null`, nil},
		"json, cut":                {js, `{"code":`, nil},
		"json, two":                {js, `{"code":"a"}{}`, nil},
		"json, array as value":     {js, `{"code":["a"]}`, nil},
		"json, object as value":    {js, `{"code":{"a":1}}`, nil},
		"json, repeated":           {js, `{"code":"a","code":"b"}`, nil},
		"json, escapes":            {js, ` {"cod\u0065" : "\u0061\"}" , "x":"\\\"","scope":"b"} `, parameters{"code": `a"}`, "scope": "b"}},
		"json, bad UTF-8":          {js, "{\"code\":\"\xff\"}", nil},
		"json, deep":               {js, `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, nil},
	} {
		got, err := parseBody(test.contentType, []byte(test.body))
		var refused oauth.Error
		if test.want == nil {
			if !errors.As(err, &refused) || refused.Code != oauth.InvalidRequest {
				t.Errorf("%s: got %v and error %v, want invalid_request", name, got, err)
			}
		} else if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestCredentials(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	one := func(id, secret string) []oauth.Credential {
		return []oauth.Credential{{ClientID: id, ClientSecret: secret}}
	}
	body := parameters{"client_id": "b", "client_secret": "c"}
	for name, test := range map[string]struct {
		header string
		want   []oauth.Credential
	}{
		"none":                   {"", one("b", "c")},
		"basic":                  {"Basic " + encode("i:s"), one("i", "s")},
		"scheme in lower case":   {"basic " + encode("i:s"), one("i", "s")},
		"two spaces and a tab":   {"BASIC  \t" + encode("i:s") + " ", one("i", "s")},
		"no padding":             {"Basic " + strings.TrimRight(encode("i:se"), "="), one("i", "se")},
		"junk inside":            {"Basic " + encode("i:s")[:2] + "!-@[`{.:_é" + encode("i:s")[2:], one("i", "s")},
		"a digit more":           {"Basic " + encode("i:s") + "x", one("i", "s")},                                                                   // which PHP passes over
		"all of its digits":      {"Basic " + encode("i:s\xfb\xef\xbe\xff\xff\xff\xf7\xdf\x7d"), one("i", "s\xfb\xef\xbe\xff\xff\xff\xf7\xdf\x7d")}, // +, / and 9
		"colon in the secret":    {"Basic " + encode("i:s:t"), one("i", "s:t")},
		"no colon":               {"Basic " + encode("i"), one("i", "")},
		"no secret":              {"Basic " + encode("i:"), one("i", "")},
		"no id":                  {"Basic " + encode(":s"), one("", "s")},
		"url-encoded":            {"Basic " + encode("i%20d:s%2Bt+u"), append(one("i%20d", "s%2Bt+u"), one("i d", "s+t u")...)},
		"unreadable":             {"Basic !!!", one("b", "c")},
		"empty":                  {"Basic", one("b", "c")},
		"bearer":                 {"Bearer " + encode("i:s"), one("b", "c")},
		"base64 alone":           {encode("i:s"), one("b", "c")},
		"no space":               {"Basic" + encode("i:s"), one("b", "c")},
		"percent that is itself": {"Basic " + encode("i:50%"), one("i", "50%")},
	} {
		if diff := cmp.Diff(test.want, credentials(basicCredentials(test.header), body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := credentials(nil, parameters{"client_secret": "c"}); got != nil {
		t.Errorf("a secret without an id: %v", got)
	}
}

// FuzzParseBody: any body either has parameters, each known and with a value,
// or is invalid_request in words that RFC 6749, 5.2 allows.
func FuzzParseBody(f *testing.F) {
	for _, contentType := range []string{
		"application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json", "text/plain", "",
	} {
		f.Add(contentType, []byte("grant_type=refresh_token&code=%zz&code=a"))
		f.Add(contentType, []byte(`{"code":1,"a":[{}],"scope":null}`))
		f.Add(contentType, []byte("--b\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\na\r\n--b--"))
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		p, err := parseBody(contentType, body)
		for name, value := range p {
			if !isParameter(name) || value == "" {
				t.Errorf("parameter %q is %q", name, value)
			}
		}
		var refused oauth.Error
		if err != nil && (!errors.As(err, &refused) || refused.Code != oauth.InvalidRequest || strings.ContainsAny(refused.Description, "\"\\\n")) {
			t.Errorf("error %v", err)
		}
	})
}

// FuzzForm: what a client encodes as url.Values does arrives as it was.
func FuzzForm(f *testing.F) {
	f.Add("r0", "se:cr et+&=%ünd\"q'")
	f.Fuzz(func(t *testing.T, token, secret string) {
		values := url.Values{"refresh_token": {token}, "client_secret": {secret}, "other": {secret}}
		p, err := parseForm(values.Encode())
		if err != nil || p["refresh_token"] != token || p["client_secret"] != secret {
			t.Errorf("%q and %q arrive as %v, error %v", token, secret, p, err)
		}
	})
}

// FuzzCredentials: a header of HTTP Basic gives the raw parts first, and the
// decoded ones of RFC 6749, 2.3.1 among its readings.
func FuzzCredentials(f *testing.F) {
	f.Add("Basic !!!", "my app", "50% + é:")
	f.Fuzz(func(t *testing.T, header, id, secret string) {
		basicCredentials(header)
		for _, part := range [][2]string{{id, secret}, {url.QueryEscape(id), url.QueryEscape(secret)}} {
			if part[0] == "" || strings.Contains(part[0], ":") {
				continue
			}
			readings := basicCredentials("Basic " + base64.StdEncoding.EncodeToString([]byte(part[0]+":"+part[1])))
			if want := (oauth.Credential{ClientID: part[0], ClientSecret: part[1]}); readings[0] != want {
				t.Errorf("first reading %v, want %v", readings[0], want)
			}
			if last := readings[len(readings)-1]; part[0] != id && (last.ClientID != id || last.ClientSecret != secret) {
				t.Errorf("last reading %v of %q and %q", last, id, secret)
			}
		}
	})
}

// FuzzJSON: an object has the same strings for encoding/json, where no name is
// repeated.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(` { "code" : "\u0061\"}" , "x":[{"code":"]"}],"scope":"b" } `))
	f.Add([]byte(`{"":{},"token":-1.5e3,"code":true}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parseJSON(body)
		var want map[string]json.RawMessage
		if json.Unmarshal(body, &want) != nil && err == nil && len(bytes.TrimSpace(body)) > 0 {
			t.Fatalf("%q is no JSON object, but is read as %v", body, p)
		}
		for name, value := range p {
			var s string
			if json.Unmarshal(want[name], &s) == nil && s != value {
				t.Errorf("%s is %q, want %q", name, value, s)
			}
		}
	})
}
