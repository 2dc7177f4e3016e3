package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// lastAnswer is how long the answers to the last requests of a load are waited
// for.
const lastAnswer = 10 * time.Second

// request is what a worker sends, and what it must get.
type request struct {
	text []byte // of HTTP/1.1, head and body
	want []byte // that the body of an answer of status 200 contains
}

// httpWorker is one connection that is kept open. net/http's client would take
// more of the processor than the server that it is to measure.
type httpWorker struct {
	network, address string
	tls              *tls.Config // nil: in clear text
	next             func() (request, error)
	shed             bool      // 503 with Retry-After is an answer like another
	end              time.Time // when the last answer is waited for no longer

	conn   net.Conn
	reader *bufio.Reader
	body   bytes.Buffer
}

// errShed says that the server has refused a request as it should when it has
// too many.
var errShed = errors.New("503 with Retry-After")

// errNoAnswer says that there was no answer until the end.
var errNoAnswer = errors.New("no answer until the end")

// do sends one request and checks its answer.
func (w *httpWorker) do() error {
	r, err := w.next()
	if err != nil {
		return err
	}
	answer, err := w.exchange(r)
	for err != nil && w.shed && time.Now().Before(w.end) { // under overload a connection that is idle is closed
		w.close()
		answer, err = w.exchange(r)
	}
	if err != nil {
		w.close()
		if !time.Now().Before(w.end) {
			return errNoAnswer
		}
		return fmt.Errorf("%s: %w", w.address, err)
	}
	if answer.Close {
		w.close()
	}
	return w.judge(answer, r.want)
}

// exchange sends a request and reads the answer; its body is then in w.body.
func (w *httpWorker) exchange(r request) (answer *http.Response, err error) {
	if err := w.connect(); err != nil {
		return nil, err
	}
	if err := w.conn.SetDeadline(w.end); err != nil {
		return nil, err
	}
	if _, err := w.conn.Write(r.text); err != nil {
		return nil, err
	}
	if answer, err = http.ReadResponse(w.reader, nil); err != nil {
		return nil, err
	}
	w.body.Reset()
	_, err = w.body.ReadFrom(answer.Body)
	return answer, err
}

// judge tells whether an answer is what a run counts.
func (w *httpWorker) judge(answer *http.Response, want []byte) error {
	switch {
	case answer.StatusCode == 200 && bytes.Contains(w.body.Bytes(), want):
		return nil
	case answer.StatusCode == 503 && answer.Header.Get("Retry-After") != "" && w.shed:
		return errShed
	case answer.StatusCode == 200: // it may have a token in it
		return fmt.Errorf("%s: status 200 and %d bytes without %q", w.address, w.body.Len(), want)
	}
	return fmt.Errorf("%s: status %d, %.300s", w.address, answer.StatusCode, &w.body)
}

// connect opens the connection, if it is not open. Where a unix socket has as
// many waiting as it takes, it tries again.
func (w *httpWorker) connect() (err error) {
	if w.conn != nil {
		return nil
	}
	for {
		w.conn, err = net.DialTimeout(w.network, w.address, time.Until(w.end))
		if !errors.Is(err, syscall.EAGAIN) || !time.Now().Before(w.end) {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	if err != nil {
		w.conn = nil
		return err
	}
	if w.tls != nil {
		w.conn = tls.Client(w.conn, w.tls)
	}
	w.reader = bufio.NewReader(w.conn)
	return nil
}

// close closes the connection; the next request opens another.
func (w *httpWorker) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}
