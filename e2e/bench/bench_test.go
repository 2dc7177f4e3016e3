package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server for one handler, and returns a target on it.
func serve(t *testing.T, handler http.HandlerFunc) *httpTarget {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	return &httpTarget{network: "tcp", addresses: []string{address}, next: refreshWith(address, tokenPath, allSeries()[refreshName], 10, "good")}
}

// runUntil runs a load until enough says so of what has been sent; as that is no
// time, a busy machine only takes longer for it.
func runUntil(target *httpTarget, l load, enough func(sent int) bool) (result, error) {
	errEnough := errors.New("enough")
	next, sent := target.next, atomic.Int64{}
	target.next = func() (request, error) {
		if enough(int(sent.Add(1)) - 1) {
			return request{}, errEnough
		}
		return next()
	}
	l.Duration = time.Minute
	r, err := target.run(l)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return r, err
}

// TestRequest: what a server gets is a refresh that it can read, on connections
// that are kept open.
func TestRequest(t *testing.T) {
	var wrong atomic.Int64
	var mu sync.Mutex
	from := map[string]bool{}
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_id") != clientID || len(r.PostFormValue("refresh_token")) != 32 || r.URL.Path != tokenPath {
			wrong.Add(1)
		}
		mu.Lock()
		defer mu.Unlock()
		from[r.RemoteAddr] = true
		io.WriteString(w, "good")
	})
	r, err := runUntil(target, load{Connections: 3}, func(sent int) bool {
		mu.Lock()
		defer mu.Unlock()
		return sent >= 100 && len(from) >= 3
	})
	if err != nil || len(r.Latencies) < 100 || wrong.Load() > 0 || len(from) != 3 {
		t.Errorf("%d requests on %d connections, %d of them wrong, error %v", len(r.Latencies), len(from), wrong.Load(), err)
	}
}

// TestAnswers: an answer that is not the expected one ends a run.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		shed   bool
		fails  bool
	}{
		"with a length": {answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "good") }},
		"in chunks": {answer: func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "go")
			w.(http.Flusher).Flush()
			io.WriteString(w, "od")
		}},
		"and no more on this connection": {answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			io.WriteString(w, "good")
		}},
		"another text":        {fails: true, answer: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "bad") }},
		"another status":      {fails: true, answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "good", 400) }},
		"refused, unexpected": {fails: true, answer: refuse},
		"refused":             {shed: true, answer: refuse},
	} {
		t.Run(name, func(t *testing.T) {
			target := serve(t, test.answer)
			target.shed = test.shed
			const requests = 20
			r, err := runUntil(target, load{Connections: 2}, func(sent int) bool { return sent >= requests })
			if (err != nil) != test.fails {
				t.Errorf("error %v", err)
			}
			carriedOut, refused := requests, 0
			switch {
			case test.fails:
				carriedOut = 0
			case test.shed:
				carriedOut, refused = 0, requests
			}
			if len(r.Latencies) != carriedOut || len(r.Shed) != refused {
				t.Errorf("%d refused, %d carried out", len(r.Shed), len(r.Latencies))
			}
		})
	}
}

func refuse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// TestStall: all requests that were due while a server stalled are late, not
// only the one that it stalled with.
func TestStall(t *testing.T) {
	const stall = 400 * time.Millisecond
	var n atomic.Int64
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			time.Sleep(stall)
		}
		io.WriteString(w, "good")
	})
	r, err := runUntil(target, load{Connections: 1, Rate: 100}, func(sent int) bool { return sent >= 60 })
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, latency := range r.Latencies {
		if time.Duration(latency)*time.Microsecond > stall/4 {
			late++
		}
	}
	if late < 20 { // of the 40 that were due meanwhile
		t.Errorf("%d of %d requests were late", late, len(r.Latencies))
	}
}

// TestNobody: a server that is not there ends a run.
func TestNobody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	target := &httpTarget{network: "tcp", addresses: []string{listener.Addr().String()}, next: refreshWith("x", tokenPath, allSeries()[refreshName], 10, "good")}
	if _, err := target.run(load{Connections: 1, Duration: time.Minute}); err == nil || errors.Is(err, errNoAnswer) {
		t.Errorf("error %v", err)
	}
}

// TestProcesses: this process is there, has taken time and has memory.
func TestProcesses(t *testing.T) {
	times, err := processes{"self": os.Getpid()}.cpu()
	if err != nil || times[loadGenerator] <= 0 {
		t.Errorf("times %v, error %v", times, err)
	}
	if most := peak(os.Getpid()); most < 1<<20 {
		t.Errorf("peak %d", most)
	}
	if _, err := (processes{"nobody": 1 << 30}).cpu(); err == nil {
		t.Error("a process that is not there has taken time")
	}
}

// sample is a report with all that one can have, and every goal met.
func sample() report {
	r := report{Scenario: "main", Title: "A & B", Date: time.Now(), Command: "make bench", Notes: []string{"a note"}}
	rates := map[string]float64{floorName: 1000, refreshName: 2000, refreshName + besideSuffix: 900, rotatingName: 1800, openIDName: 900,
		codeName: 1000, codeName + besideSuffix: 400, phpName: 10}
	for _, n := range connectionCounts() {
		for name, rate := range rates {
			r.Cells = append(r.Cells,
				&cell{Target: name, Connections: n, Rate: rate, Shed: 0.1,
					CPU: map[string]float64{"sidecar": 0.05, "database": 100 / rate / rate, loadGenerator: 1}},
				&cell{Target: name, Connections: n, Rate: rate / 2, Offered: rate / 2, P50: time.Millisecond, P99: 2 * time.Millisecond})
		}
	}
	return r
}

func TestReport(t *testing.T) {
	r := sample()
	missed := func() (n int) {
		for _, g := range mainGoals(r, 1000) {
			if !g.met() {
				n++
			}
		}
		return n
	}
	if n := missed(); n > 0 {
		t.Errorf("%d goals are missed: %v", n, mainGoals(r, 1000))
	}
	r.find(refreshName, 64, false).Rate /= 3
	if n := missed(); n != 2 { // beside the floor and beside PHP
		t.Errorf("%d goals are missed: %v", n, mainGoals(r, 1000))
	}
	dir := t.TempDir()
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.json", "main.md"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(text) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPage: the summary takes the place of an earlier one, and nothing else.
func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte("before\n"+markBegin+"\nold\n"+markEnd+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := sample().writePage(path); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(path)
	text := string(got)
	if !strings.HasPrefix(text, "before\n"+markBegin) || !strings.HasSuffix(text, markEnd+"\nafter\n") ||
		strings.Contains(text, "old") || strings.Count(text, "| refresh | 2000 |") != 1 {
		t.Errorf("the page is\n%s", text)
	}
	if err := os.WriteFile(path, []byte("no marks"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sample().writePage(path); err == nil {
		t.Error("a page without marks was written")
	}
}
