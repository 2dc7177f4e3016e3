package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"time"

	_ "github.com/go-sql-driver/mysql" // the floor is what it can do

	"moserver-sidecar/wpdb/sandbox"
)

// floorCommand makes this program the floor's process; a data source name follows.
const floorCommand = "floor"

// floorProcess is the least that a refresh can cost: one SELECT by an index and
// one INSERT, by the driver that the server uses, in a process of its own.
type floorProcess struct {
	command *exec.Cmd
	in      *json.Encoder
	out     *json.Decoder
}

// startFloor starts the process, which ends with this one.
func (s *stand) startFloor() {
	// It reaches the database with the settings of the sidecar's own connections.
	c := exec.Command("/proc/self/exe", floorCommand,
		s.server.DSN("interpolateParams=true&sql_mode=%27NO_ENGINE_SUBSTITUTION%27&tx_isolation=%27READ-COMMITTED%27"))
	c.Stderr = os.Stderr
	c.SysProcAttr = sandbox.ChildAttributes()
	in, err := c.StdinPipe()
	s.must(err)
	out, err := c.StdoutPipe()
	s.must(err)
	s.must(c.Start())
	s.t.Cleanup(func() {
		in.Close()
		_ = c.Wait() // it has said on standard error what went wrong
	})
	s.floor = &floorProcess{c, json.NewEncoder(in), json.NewDecoder(out)}
}

// run implements generator: the process carries out the load by itself.
func (f *floorProcess) run(l load) (r result, err error) {
	if err := errors.Join(f.in.Encode(l), f.out.Decode(&r)); err != nil {
		return r, fmt.Errorf("the floor's process: %w", err)
	}
	return r, nil
}

// serveFloor is the floor's process: it answers each load with its result.
func serveFloor(dsn string) error {
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var l load
		if err := in.Decode(&l); err != nil {
			return nil // the other side has ended
		}
		r, err := runFloor(db, l)
		if err != nil {
			return err
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
}

func runFloor(db *sql.DB, l load) (result, error) {
	workers := make([]worker, l.Connections)
	for i := range workers {
		w, err := newFloorWorker(db)
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
	tokens       series
}

func newFloorWorker(db *sql.DB) (*floorWorker, error) {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	find, err := conn.PrepareContext(ctx, "SELECT client_id, user_id, expires, scope FROM "+prefix+
		"moos_oauth_refresh_tokens WHERE refresh_token = CAST(? AS BINARY)")
	if err != nil {
		return nil, err
	}
	insert, err := conn.PrepareContext(ctx, "INSERT INTO "+prefix+
		"moos_oauth_access_tokens (access_token, client_id, user_id, expires, scope) VALUES (?, ?, ?, ?, ?)")
	return &floorWorker{conn, find, insert, allSeries()[refreshName]}, err
}

// do finds a refresh token and stores an access token.
func (w *floorWorker) do() error {
	var clientID, expires, scope string
	var user int64
	token := w.tokens.value(mathrand.IntN(tokens) + 1)
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
