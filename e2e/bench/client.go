package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
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
	next             func() (request, error)
	shed             bool      // 503 with Retry-After is an answer like another
	end              time.Time // when the last answer is waited for no longer

	conn   net.Conn
	reader *bufio.Reader
	body   []byte
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
	head, err := w.exchange(r)
	if err != nil {
		w.close()
		if !time.Now().Before(w.end) {
			return errNoAnswer
		}
		return fmt.Errorf("%s: %w", w.address, err)
	}
	if head.close {
		w.close()
	}
	return w.judge(head, r.want)
}

func (w *httpWorker) exchange(r request) (answerHead, error) {
	if err := w.connect(); err != nil {
		return answerHead{}, err
	}
	if err := w.conn.SetDeadline(w.end); err != nil {
		return answerHead{}, err
	}
	if _, err := w.conn.Write(r.text); err != nil {
		return answerHead{}, err
	}
	return w.read()
}

// judge says if an answer is what a run counts.
func (w *httpWorker) judge(head answerHead, want []byte) error {
	switch {
	case head.status == 200 && bytes.Contains(w.body, want):
		return nil
	case head.status == 503 && head.retryAfter && w.shed:
		return errShed
	case head.status == 200: // it may have a token in it
		return fmt.Errorf("%s: status 200 and %d bytes without %q", w.address, len(w.body), want)
	}
	return fmt.Errorf("%s: status %d, %.300s", w.address, head.status, w.body)
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

// answerHead is what counts of an answer's status line and headers.
type answerHead struct {
	status     int
	length     int // of the body; -1: it comes in chunks
	close      bool
	retryAfter bool
}

// read reads an answer; its body is then in w.body.
func (w *httpWorker) read() (answerHead, error) {
	line, err := w.reader.ReadSlice('\n')
	if err != nil {
		return answerHead{}, err
	}
	var head answerHead
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return head, errors.New("not HTTP/1.1")
	}
	if head.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return head, err
	}
	for {
		if line, err = w.reader.ReadSlice('\n'); err != nil {
			return head, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if err := head.header(line); err != nil {
			return head, err
		}
	}
	return head, w.readBody(head.length)
}

func (h *answerHead) header(line []byte) (err error) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		h.length, err = strconv.Atoi(string(value))
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		h.length = -1
	case bytes.EqualFold(name, []byte("Connection")):
		h.close = bytes.EqualFold(value, []byte("close"))
	case bytes.EqualFold(name, []byte("Retry-After")):
		h.retryAfter = true
	}
	return err
}

func (w *httpWorker) readBody(length int) error {
	w.body = w.body[:0]
	if length >= 0 {
		return w.readBytes(length)
	}
	for {
		line, err := w.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := w.readBytes(int(size)); err != nil {
			return err
		}
		if _, err := w.reader.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}

func (w *httpWorker) readBytes(n int) error {
	start := len(w.body)
	w.body = append(w.body, make([]byte, n)...)
	_, err := io.ReadFull(w.reader, w.body[start:])
	return err
}
