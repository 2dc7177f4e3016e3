package commands

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // to look at the rows
	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb"
	"moserver-sidecar/wpdb/migrate"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"moserver-sidecar/wpdb/tokens"
)

// TestPurgeTimer: without indexes the timer says what to do, once; with them it
// deletes.
func TestPurgeTimer(t *testing.T) {
	server := sandboxtest.Start(t, sandbox.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	if err := server.CreateSite(ctx, "wp_"); err != nil {
		t.Fatal(err)
	}
	db, err := wpdb.Open(wpdb.Config{Network: "unix", Address: server.Socket, User: "root", Name: server.Name(), Charset: "utf8mb4", Prefix: "wp_"},
		slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows := sqlx.MustOpen("mysql", server.DSN("sql_mode=%27%27"))
	defer rows.Close()
	rows.MustExec("INSERT INTO wp_moos_oauth_refresh_tokens (refresh_token, expires) VALUES ('old', '2020-01-01 00:00:00'), ('lives', '2037-01-01 00:00:00')")

	var log stage.Buffer
	logged := func(text string) {
		stage.Eventually(t, stage.Patience, "the log says "+text, func() bool { return strings.Contains(log.String(), text) })
	}
	counted := newMetrics().purged
	timer := newPurgeTimer(func(ctx context.Context, o tokens.PurgeOptions) ([]tokens.Purged, error) {
		return tokens.Purge(ctx, db, o)
	}, 24*time.Hour, counted, slog.New(slog.NewTextHandler(&log, nil)))
	timer.first, timer.every = time.Millisecond, time.Millisecond
	ended := make(chan struct{})
	go func() {
		timer.run(ctx)
		close(ended)
	}()
	logged("moserver-sidecar migrate")
	if m, err := migrate.Run(ctx, db, migrate.Options{}); err != nil || !m.Complete() {
		t.Fatalf("Migrate: %+v, %v", m, err)
	}
	logged("table=wp_moos_oauth_refresh_tokens rows=1")
	cancel()
	<-ended
	var left []string
	if err := rows.Select(&left, "SELECT refresh_token FROM wp_moos_oauth_refresh_tokens"); err != nil || len(left) != 1 || left[0] != "lives" {
		t.Errorf("left is %q, %v", left, err)
	}
	if n := testutil.ToFloat64(counted.WithLabelValues("wp_moos_oauth_refresh_tokens")); n != 1 {
		t.Errorf("%v rows are counted, want 1", n)
	}
	if text := log.String(); strings.Count(text, "from the table wp_moos_oauth_refresh_tokens") != 1 || strings.Contains(text, "ERROR") {
		t.Errorf("it should tell each problem once:\n%s", text)
	}

	never := newPurgeTimer(func(ctx context.Context, o tokens.PurgeOptions) ([]tokens.Purged, error) {
		return tokens.Purge(ctx, db, o)
	}, 0, counted, slog.New(slog.DiscardHandler))
	never.first = 0
	never.run(context.Background()) // returns at once: it is switched off
}
