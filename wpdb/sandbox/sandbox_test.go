package sandbox_test

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

func start(t *testing.T, o sandbox.Options) (*sandbox.Server, *sql.DB) {
	t.Helper()
	server := sandboxtest.Start(t, o)
	db, err := sql.Open("mysql", server.DSN("interpolateParams=true"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return server, db
}

func ask(t *testing.T, db *sql.DB, query string) (answer string) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return answer
}

func TestSite(t *testing.T) {
	server, db := start(t, sandbox.Options{TimeZone: "Asia/Tokyo"})
	for _, prefix := range []string{"wp_", "two_"} {
		if err := server.CreateSite(context.Background(), prefix); err != nil {
			t.Fatal(err)
		}
	}
	client := sandbox.Client{ID: "id", Name: "Café 📚", Secret: "s'\\", RedirectURI: "https://a.example.com/cb"}
	if err := server.PutClient(context.Background(), "two_", client); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT COUNT(*) FROM wp_moos_oauth_clients":       "0",
		"SELECT client_name FROM two_moos_oauth_clients":   client.Name,
		"SELECT client_secret FROM two_moos_oauth_clients": client.Secret,
		"SELECT user_login FROM wp_users WHERE ID = 2":     "alice",
		"SELECT @@system_time_zone":                        "JST",
		"SELECT @@time_zone":                               "SYSTEM",
	} {
		if got := ask(t, db, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestKillAndRun(t *testing.T) {
	server, db := start(t, sandbox.Options{Accounts: true})
	for _, statement := range []string{"CREATE TABLE kept (v int)", "INSERT INTO kept VALUES (7)"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	server.Kill()
	if err := db.Ping(); err == nil {
		t.Error("the server that was killed answers")
	}
	if err := server.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, db, "SELECT v FROM kept"); got != "7" {
		t.Errorf("the row is %q after the crash", got)
	}
}

func TestAccounts(t *testing.T) {
	server, _ := start(t, sandbox.Options{Accounts: true})
	stranger, err := sql.Open("mysql", "stranger:x@unix("+server.Socket+")/")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	if err := stranger.Ping(); err == nil {
		t.Error("anybody may come in")
	}
}

// The folder goes with the server, also when the server never came up.
func TestStop(t *testing.T) {
	server, _ := start(t, sandbox.Options{})
	for range 2 {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(server.Dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestStartFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, err := sandbox.Start(context.Background(), sandbox.Options{Args: []string{"--no-such-option"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("Start returned %v; it should quote the server's log", err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("a failed start leaves %v (%v)", left, err)
	}
}
