// Package history records what clients, PHP and administrators did, when, and what came
// of it, so that it can be judged afterwards.
package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"moserver-sidecar/oauth"
)

// Kind is what was done.
type Kind string

// What clients ask of the server.
const (
	Redeem     Kind = "redeem"
	Refresh    Kind = "refresh"
	Revoke     Kind = "revoke"
	Introspect Kind = "introspect"
	Resource   Kind = "resource"
)

// What PHP does on the same tables, a statement each.
const (
	PHPIssues Kind = "PHP issues"
	PHPSees   Kind = "PHP sees"
	PHPTakes  Kind = "PHP takes"
)

// What an administrator does.
const (
	EndAll     Kind = "end all" // of the kind that is presented, a part of "tokens revoke"
	CloseSite  Kind = "close site"
	OpenSite   Kind = "open site"
	DropClient Kind = "drop client"
	PutClient  Kind = "put client"
	DropUser   Kind = "drop user"
	PutUser    Kind = "put user"
)

// Crash is the death of a database, which may forget what it has shown and not written yet.
const Crash Kind = "crash"

// Stored is the look into the tables when all is over.
const Stored Kind = "stored"

// Outcome is what came of an operation.
type Outcome string

// The outcomes. Unknown is no answer, or one that promises nothing: the operation may
// have been carried out, now or later, or not.
const (
	OK      Outcome = "ok"
	Refused Outcome = "refused"
	Unknown Outcome = "unknown"
)

// Reason is why something was refused, as far as its client can tell.
type Reason string

// The reasons. Any other is one that no client here should ever get.
const (
	NoToken  Reason = "token" // it is not there
	Expired  Reason = "expired"
	NoUser   Reason = "user"
	NoClient Reason = "client"
	Closed   Reason = "closed" // the plugin is deactivated
)

// Forever is when an operation returns whose outcome is unknown.
const Forever = math.MaxInt64

// Op is an operation.
type Op struct {
	Grant   int             `json:"grant,omitempty"`  // the login that it concerns; 0: all, or all of Client
	Client  string          `json:"client,omitempty"` // its id
	Worker  int             `json:"worker"`           // who did it
	Server  int             `json:"server,omitempty"` // which was asked; 0: none
	Kind    Kind            `json:"kind"`
	Token   oauth.Presented `json:"token"`
	Rotates bool            `json:"rotates,omitempty"` // the policy replaces the client's refresh tokens

	Call    int64   `json:"call"`   // nanoseconds since the beginning
	Return  int64   `json:"return"` // Forever: unknown
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`

	Access  string `json:"access,omitempty"` // tokens that were given
	Refresh string `json:"refresh,omitempty"`
	Expires int64  `json:"expires,omitempty"` // of the access token, seconds after the answer
	Alive   bool   `json:"alive,omitempty"`   // what introspection, or PHP's look, says of the token

	Values []oauth.Presented `json:"values,omitempty"` // what is stored of the grant's user
}

// Recorder collects operations. It is safe for concurrent use.
type Recorder struct {
	mu    sync.Mutex
	start time.Time
	ops   []Op
}

// New begins a history.
func New() *Recorder { return &Recorder{start: time.Now()} }

// Now is the time since the beginning, by a clock that never jumps.
func (r *Recorder) Now() int64 { return int64(time.Since(r.start)) }

// Add adds an operation that has just returned, or whose outcome will never be known. It
// returns it with its time.
func (r *Recorder) Add(op Op) Op {
	op.Return = r.Now()
	if op.Outcome == Unknown {
		op.Return = Forever
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, op)
	return op
}

// Ops are the operations so far.
func (r *Recorder) Ops() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ops[:len(r.ops):len(r.ops)]
}

// Save writes a header and operations into a file, a line of JSON each.
func Save(path string, header any, ops []Op) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	if err := e.Encode(header); err != nil {
		return err
	}
	for _, op := range ops {
		if err := e.Encode(op); err != nil {
			return err
		}
	}
	return w.Flush()
}

// Load reads what Save has written.
func Load(path string, header any) (ops []Op, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	if err := d.Decode(header); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for d.More() {
		var op Op
		if err := d.Decode(&op); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		ops = append(ops, op)
	}
	return ops, nil
}
