package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // to look at the rows
	"github.com/jmoiron/sqlx"

	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// Write implements io.Writer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

// await waits until the log has a text.
func (b *logBuffer) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		b.mu.Lock()
		log := b.bytes.String()
		b.mu.Unlock()
		if strings.Contains(log, text) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log does not say %q:\n%s", text, log)
		}
	}
}

// TestPurgeTimer: without indexes the timer says what to do, once; with them it
// deletes.
func TestPurgeTimer(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	if err := server.CreateSite(ctx, "wp_"); err != nil {
		t.Fatal(err)
	}
	store, err := wpdb.Open(wpdb.Config{Network: "unix", Address: server.Socket, User: "root", Name: server.Name(), Charset: "utf8mb4", Prefix: "wp_"},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	db := sqlx.MustOpen("mysql", server.DSN("sql_mode=%27%27"))
	defer db.Close()
	db.MustExec("INSERT INTO wp_moos_oauth_refresh_tokens (refresh_token, expires) VALUES ('old', '2020-01-01 00:00:00'), ('lives', '2037-01-01 00:00:00')")

	var log logBuffer
	timer := newPurgeTimer(store, 24*time.Hour, slog.New(slog.NewTextHandler(&log, nil)))
	timer.first, timer.every = time.Millisecond, time.Millisecond
	ended := make(chan struct{})
	go func() {
		timer.run(ctx)
		close(ended)
	}()
	log.await(t, "moserver-sidecar migrate")
	if m, err := store.Migrate(ctx, wpdb.MigrateOptions{}); err != nil || !m.Complete() {
		t.Fatalf("Migrate: %+v, %v", m, err)
	}
	log.await(t, "table=wp_moos_oauth_refresh_tokens rows=1")
	cancel()
	<-ended
	var left []string
	if err := db.Select(&left, "SELECT refresh_token FROM wp_moos_oauth_refresh_tokens"); err != nil || len(left) != 1 || left[0] != "lives" {
		t.Errorf("left is %q, %v", left, err)
	}
	if text := log.bytes.String(); strings.Count(text, "from the table wp_moos_oauth_refresh_tokens") != 1 || strings.Contains(text, "ERROR") {
		t.Errorf("it should tell each problem once:\n%s", text)
	}

	never := newPurgeTimer(store, 0, slog.New(slog.DiscardHandler))
	never.first = 0
	never.run(context.Background()) // returns at once: it is switched off
}
