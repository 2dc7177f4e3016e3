package handlers_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/handlers"
)

// hostile are requests that are made to cost much, by name: 64 KiB of body of
// each type, and headers as long as a server takes them. Nobody has to
// authenticate for them.
func hostile() map[string]func() *http.Request {
	const form, js, multi = formType, "application/json", "multipart/form-data; boundary=b"
	distinct := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < 1<<16-100; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	fill := func(before, unit, after string) string {
		return before + strings.Repeat(unit, (1<<16-len(before)-len(after))/len(unit)) + after
	}
	disposition := func(parameters string) string {
		return "--b\r\nContent-Disposition: form-data" + parameters + "\r\n\r\nx\r\n"
	}
	requests := map[string]func() *http.Request{}
	for name, body := range map[string][2]string{
		"form, percent signs":            {form, fill("", "%", "")},
		"form, percent signs in a value": {form, fill("code=", "%", "")},
		"form, bad escapes in a value":   {form, fill("code=", "%zz", "")},
		"form, escapes in a value":       {form, fill("client_secret=", "%41", "")},
		"form, bad UTF-8":                {form, fill("client_id=", "\xff", "")},
		"form, empty names":              {form, fill("", "&", "")},
		"form, many names":               {form, distinct("%x=1&")},
		"form, escaped names":            {form, distinct("%%63%x=1&")},
		"form, one repeated":             {form, fill("", "code=%61&", "")},
		"form, long scope":               {form, "grant_type=refresh_token&client_id=x&scope=" + distinct("%x+")},
		"json, array":                    {js, fill(`{"a":[`, "1,", "1]}")},
		"json, array of arrays":          {js, fill(`{"a":[`, "[],", "[]]}")},
		"json, array of strings":         {js, fill(`{"a":[`, `"",`, `""]}`)},
		"json, deep":                     {js, fill(`{"a":`, "[", "")},
		"json, deep and closed":          {js, `{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}"},
		"json, objects":                  {js, fill(`{"a":[`, `{"":{}},`, `{}]}`)},
		"json, empty names":              {js, fill("{", `"":0,`, `"":0}`)},
		"json, many names":               {js, "{" + distinct(`"%x":1,`) + `"":0}`},
		"json, escaped names":            {js, fill("{", `"\u0063":0,`, `"":0}`)},
		"json, one repeated":             {js, fill("{", `"code":"\n",`, `"code":"\n"}`)},
		"json, escaped one repeated":     {js, fill("{", `"cod\u0065":"\n",`, `"code":"\n"}`)},
		"json, escapes in a value":       {js, fill(`{"code":"`, `\u00e9`, `"}`)},
		"json, bad UTF-8":                {js, fill(`{"client_id":"`, "\xff", `"}`)},
		"json, white space":              {js, fill("{", " ", `"code":1}`)},
		"json, long number":              {js, fill(`{"a":`, "1", "}")},
		"multipart, parts":               {multi, fill("", disposition(";name=code"), "--b--")},
		"multipart, empty parts":         {multi, fill("", "--b\r\n\r\n\r\n", "--b--")},
		"multipart, headers of a part":   {multi, fill("--b\r\n", "a:b\r\n", "\r\n\r\n--b--")},
		"multipart, names of headers":    {multi, "--b\r\n" + distinct("%x:b\r\n")},
		"multipart, parameters":          {multi, disposition(distinct(";p%x=1")) + "--b--"},
		"multipart, parts of parameters": {multi, fill("", disposition(fill("", ";a=1", "")[:800]), "--b--")},
		"multipart, continuations":       {multi, disposition(distinct(";name*%d=a")) + "--b--"},
		"multipart, near boundaries":     {multi, fill("--b\r\n\r\n", "\r\n--bb", "")},
		"multipart, carriage returns":    {multi, fill("--b\r\n\r\n", "\r\n", "")},
		"multipart, long boundary":       {"multipart/form-data; boundary=" + strings.Repeat("b", 30_000), fill("", "--"+strings.Repeat("b", 29_990)+"\r\n", "")},
		"multipart, long type":           {"multipart/form-data; " + distinct("p%x=1;")[:30_000], "--b--"},
	} {
		requests[name] = func() *http.Request { return request("POST", tokenPath, body[0], body[1]) }
	}
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, header := range map[string][2]string{
		"header, Basic of percent signs": {"Authorization", basic(strings.Repeat("%", 22_000))},
		"header, Basic of escapes":       {"Authorization", basic(strings.Repeat("%41", 7_000) + ":" + strings.Repeat("%zz", 300))},
		"header, no base64":              {"Authorization", "Basic " + strings.Repeat("!", 30_000)},
		"header, X-Forwarded-For":        {"X-Forwarded-For", strings.Repeat("127.0.0.1,", 3_000)},
		"header, commas":                 {"X-Forwarded-For", strings.Repeat(",", 30_000)},
		"header, zone":                   {"X-Forwarded-For", "fe80::1%" + strings.Repeat("x", 30_000)},
	} {
		requests[name] = func() *http.Request {
			return request("POST", tokenPath, formType, "grant_type=refresh_token&client_id=x&client_secret=y", header[0], header[1])
		}
	}
	for name, path := range map[string]string{
		"path, slashes":           strings.Repeat("/", 30_000),
		"path, wp-json":           strings.Repeat("/wp-json/moserver", 1_700),
		"path, 2 KiB":             strings.Repeat("/wp-json/moserver", 120),
		"path, letters":           "/" + strings.Repeat("a", 30_000),
		"query, rest_route":       "/?rest_route=" + strings.Repeat("/moserver", 3_300),
		"query, names":            "/?" + distinct("%x&")[:30_000],
		"query, names of a token": tokenPath + "?" + distinct("%x&")[:30_000],
		"query, percent signs":    tokenPath + "?scope=" + strings.Repeat("%25", 10_000),
	} {
		requests[name] = func() *http.Request { return request("POST", path, formType, "") }
	}
	return requests
}

// BenchmarkCost is what requests cost that are made to cost much, beside a
// refresh with an ID token.
func BenchmarkCost(b *testing.B) {
	n := startInMemory(b)
	start := time.Now()
	b.Run("refresh with an ID token", func(b *testing.B) {
		for i := range b.N { // each at another second, so that each is signed
			n.clock = func() time.Time { return start.Add(time.Duration(i) * time.Second) }
			n.refresh(b, "openid")
		}
	})
	for name, request := range hostile() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n.Config.Handler.ServeHTTP(httptest.NewRecorder(), request())
			}
		})
	}
}

// TestCost: what such a request takes is bounded by its own length: less than an
// allocation for each eight bytes, and seven times its memory beside what io.ReadAll
// takes for a body, which is more in a build for the race detector. The time of each,
// beside a refresh, is BenchmarkCost's.
func TestCost(t *testing.T) {
	const size = 1 << 16
	f := newFixture(t, func(o *handlers.Options) { o.MaxBodyBytes = size })
	body := func() *http.Request { return request("POST", tokenPath, "text/plain", strings.Repeat("x", size)) }
	_, reading := allocated(body, func(r *http.Request) {
		if _, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, size)); err != nil {
			t.Fatal(err)
		}
	})
	for name, request := range hostile() {
		allocations, memory := allocated(request, func(r *http.Request) {
			recorder := httptest.NewRecorder()
			f.handler.ServeHTTP(recorder, r)
			if recorder.Code/100 != 4 || recorder.Code == http.StatusRequestEntityTooLarge {
				t.Errorf("%s: status %d", name, recorder.Code)
			}
		})
		if allocations > size/8 {
			t.Errorf("%s: %d allocations", name, allocations)
		}
		if memory > reading+7*size {
			t.Errorf("%s: %d bytes allocated, beside %d to read a body", name, memory, reading)
		}
	}
}

// allocated is how much serving a request allocates, the mean of three: how often,
// and how many bytes.
func allocated(request func() *http.Request, serve func(*http.Request)) (allocations, memory uint64) {
	requests := []*http.Request{request(), request(), request()}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, r := range requests {
		serve(r)
	}
	runtime.ReadMemStats(&after)
	rounds := uint64(len(requests))
	return (after.Mallocs - before.Mallocs) / rounds, (after.TotalAlloc - before.TotalAlloc) / rounds
}
