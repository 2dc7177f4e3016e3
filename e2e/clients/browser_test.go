package clients_test

import (
	"bufio"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// browser is a Chromium without a window, which is told what to do by the DevTools
// protocol, over a pair of pipes.
type browser struct {
	t       *testing.T
	out     *os.File
	answers *bufio.Reader
	session string   // of its one page
	calls   int      // so many were made
	visited []string // the addresses that it has sent requests to
}

// message is one of the DevTools protocol, of either direction.
type message struct {
	ID        int            `json:"id,omitempty"`
	SessionID string         `json:"sessionId,omitempty"`
	Method    string         `json:"method,omitempty"`
	Params    any            `json:"params,omitempty"`
	Error     map[string]any `json:"error,omitempty"`
	Result    struct {
		TargetID  string
		SessionID string
		ErrorText string
		Result    struct{ Value any }
	} `json:"result,omitzero"`
}

// startBrowser starts a Chromium that accepts one certificate that nobody has signed,
// as a user does who was asked.
func startBrowser(t *testing.T, certificateFile string) *browser {
	t.Helper()
	block, _ := pem.Decode([]byte(stage.ReadFile(t, certificateFile)))
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	toBrowser, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	cmd := exec.Command("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe",
		"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(digest[:]))
	cmd.SysProcAttr = sandbox.ChildAttributes()
	cmd.ExtraFiles = []*os.File{toBrowser, fromBrowser} // 3 and 4
	stage.StartCommand(t, nil, cmd)
	toBrowser.Close()
	fromBrowser.Close()
	if err := in.SetReadDeadline(time.Now().Add(3 * stage.Patience)); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, out: out, answers: bufio.NewReader(in)}
	page := b.call("Target.createTarget", map[string]any{"url": "about:blank"}).Result.TargetID
	b.session = b.call("Target.attachToTarget", map[string]any{"targetId": page, "flatten": true}).Result.SessionID
	b.call("Network.enable", nil)
	return b
}

// call calls a method, and reads on until its answer.
func (b *browser) call(method string, params any) message {
	b.t.Helper()
	b.calls++
	text, err := json.Marshal(message{ID: b.calls, SessionID: b.session, Method: method, Params: params})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		text, err := b.answers.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("the browser, %s: %v", method, err)
		}
		var request struct{ Request struct{ URL string } }
		m := message{Params: &request}
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.t.Fatalf("the browser, %s: %v", method, err)
		}
		if m.Method == "Network.requestWillBeSent" {
			b.visited = append(b.visited, request.Request.URL)
		}
		if m.ID == b.calls {
			if m.Error["message"] == "Inspected target navigated or closed" {
				return m // the page was left before it could be asked
			}
			if m.Error != nil || m.Result.ErrorText != "" {
				b.t.Fatalf("the browser, %s: %v %s", method, m.Error, m.Result.ErrorText)
			}
			return m
		}
	}
}

// open goes to an address.
func (b *browser) open(address string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": address})
}

// on waits until an element is on the page, and does something with it, in JavaScript.
func (b *browser) on(selector, do string) {
	b.t.Helper()
	script := fmt.Sprintf("(() => { const e = document.querySelector(%q); if (document.readyState !== 'complete' || !e) return false; %s; return true })()", selector, do)
	stage.Eventually(b.t, stage.Patience, "the page has "+selector, func() bool {
		return b.call("Runtime.evaluate", map[string]any{"expression": script}).Result.Result.Value == true
	})
}

// TestBrowser: a whole login as a person has it, in a browser: from a website that
// uses Auth.js to wp-login.php and PHP's page of consent, and back with a sealed code.
func TestBrowser(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	website := "http://" + stage.FreeAddress(t)
	app := d.AddClient(stage.Client{Name: "Website", Redirect: website + "/auth/callback/wordpress"})
	d.open(t, "Node.js: Auth.js", app)
	b := startBrowser(t, d.CertificateFile())
	b.open(website + "/auth/signin")
	b.on("form[action$='/signin/wordpress'] button", "e.click()")
	b.on("#loginform", "e.log.value = 'alice'; e.pwd.value = 'the password of alice'; e.submit()")
	b.on("#consent #allow", "e.click()")
	b.on("body", "if (!e.innerText.includes('\"visitor\":\"alice\"')) return false")
	var back url.Values
	for _, address := range b.visited {
		if query, found := strings.CutPrefix(address, app.Redirect+"?"); found {
			back, _ = url.ParseQuery(query)
		}
	}
	if code := back.Get("code"); len(code) < 100 || back.Has("iss") {
		t.Errorf("want a sealed code, and no issuer for a client that knows none; the code has %d characters, and iss is %q", len(code), back.Get("iss"))
	}
	if tokens := d.Strings("SELECT user_id FROM {}moos_oauth_access_tokens WHERE client_id = ?", app.ID); len(tokens) != 1 || tokens[0] != fmt.Sprint(d.alice) {
		t.Errorf("access tokens of the website: %v, want one of user %d", tokens, d.alice)
	}
}
