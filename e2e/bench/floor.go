package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"time"

	_ "github.com/go-sql-driver/mysql" // the floor is what it can do

	"moserver-sidecar/wpdb/sandbox"
)

// floorCommand makes this program the floor's process: args are the data source
// name, the table prefix and the number of refresh tokens.
const floorCommand = "floor"

// floorProcess is the least that a refresh can cost: one SELECT by an index and
// one INSERT, by the driver that the server uses, in a process of its own.
type floorProcess struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

// startFloor starts the process. It ends with this one, or when its standard
// input does.
func startFloor(dsn, prefix string, tokens int) (*floorProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self, floorCommand, dsn, prefix, fmt.Sprint(tokens))
	c.Stderr = os.Stderr
	c.SysProcAttr = sandbox.ChildAttributes()
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &floorProcess{command: c, in: in, out: json.NewDecoder(out)}, c.Start()
}

func (f *floorProcess) stop() {
	f.in.Close()
	_ = f.command.Wait() // it has said on standard error what went wrong
}

// run implements generator: the process carries the load out by itself.
func (f *floorProcess) run(l load) (result, error) {
	var answer floorAnswer
	if err := json.NewEncoder(f.in).Encode(l); err != nil {
		return result{}, err
	}
	if err := f.out.Decode(&answer); err != nil {
		return result{}, fmt.Errorf("the floor's process: %w", err)
	}
	if answer.Error != "" {
		return result{}, fmt.Errorf("the floor: %s", answer.Error)
	}
	return answer.Result, nil
}

type floorAnswer struct {
	Result result
	Error  string
}

// serveFloor is the floor's process: a load a line, and its result.
func serveFloor(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("%s is started by this program itself", floorCommand)
	}
	var tokens int
	if _, err := fmt.Sscan(args[2], &tokens); err != nil {
		return err
	}
	db, err := sql.Open("mysql", args[0])
	if err != nil {
		return err
	}
	defer db.Close()
	requests, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var l load
		if err := requests.Decode(&l); err != nil {
			return nil // the other side has ended
		}
		var answer floorAnswer
		answer.Result, err = runFloor(db, args[1], tokens, l)
		if err != nil {
			answer.Error = err.Error()
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

func runFloor(db *sql.DB, prefix string, tokens int, l load) (result, error) {
	workers := make([]worker, l.Connections)
	for i := range workers {
		w, err := newFloorWorker(db, prefix, tokens)
		if err != nil {
			return result{}, err
		}
		defer w.close()
		workers[i] = w
	}
	return run(workers, l)
}

// floorWorker is a connection to the database with its two statements.
type floorWorker struct {
	conn         *sql.Conn
	find, insert *sql.Stmt
	tokens       int
}

func newFloorWorker(db *sql.DB, prefix string, tokens int) (*floorWorker, error) {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &floorWorker{conn: conn, tokens: tokens}
	w.find, err = conn.PrepareContext(ctx, strings.ReplaceAll(
		"SELECT client_id, user_id, expires, scope FROM {}moos_oauth_refresh_tokens WHERE refresh_token = CAST(? AS BINARY)", "{}", prefix))
	if err != nil {
		return nil, err
	}
	w.insert, err = conn.PrepareContext(ctx, strings.ReplaceAll(
		"INSERT INTO {}moos_oauth_access_tokens (access_token, client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)", "{}", prefix))
	return w, err
}

// do finds a refresh token and stores an access token.
func (w *floorWorker) do() error {
	var clientID, expires, scope string
	var user int64
	token := stockedValue('r', mathrand.IntN(w.tokens)+1)
	if err := w.find.QueryRow(token).Scan(&clientID, &user, &expires, &scope); err != nil {
		return err
	}
	var value [16]byte
	_, _ = rand.Read(value[:]) // it never fails
	expires = time.Now().UTC().Add(time.Hour).Format(time.DateTime)
	_, err := w.insert.Exec(hex.EncodeToString(value[:]), clientID, user, expires, scope)
	return err
}

func (w *floorWorker) close() {
	w.find.Close()
	w.insert.Close()
	w.conn.Close()
}
