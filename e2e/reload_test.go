package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// logReloaded is what the log says when changed settings are in use.
const logReloaded = "the changes are in use"

// awaitLog waits until the log has texts that it has not had before something is done.
func awaitLog(server *stage.Sidecar, do func(), texts ...string) {
	before := len(server.Stderr.String())
	do()
	for _, text := range texts {
		server.AwaitThat(text, func() bool { return strings.Contains(server.Stderr.String()[before:], text) })
	}
}

// hangup has the server read its settings again, and waits until the log has texts.
func hangup(server *stage.Sidecar, texts ...string) {
	awaitLog(server, func() { server.Signal(syscall.SIGHUP) }, texts...)
}

// setPassword changes the password of the site's account in the database.
func (s *site) setPassword(password string) {
	s.t.Helper()
	s.Exec("ALTER USER wp@localhost IDENTIFIED BY '" + password + "'")
}

// writePassword changes it in wp-config.php, as an editor does.
func (s *site) writePassword(password string) {
	s.t.Helper()
	if err := os.Rename(stage.WriteWPConfig(s.t, s.Server, s.Prefix, "wp", password), s.WPConfig); err != nil {
		s.t.Fatal(err)
	}
}

// TestPasswordChanged: the password of the database's account changes under load, there
// first and then in wp-config.php. Requests wait for that; none fails.
func TestPasswordChanged(t *testing.T) {
	t.Parallel()
	const other, third = stage.DBPassword + "-2", stage.DBPassword + "-3"
	s := newSite(t, sandboxtest.Start(t, sandbox.Options{Accounts: true}))
	s.account("")
	server := s.Serve("--db-max-connections", "60")
	var more sync.WaitGroup
	answers := refreshLoad(s, server, func() {
		time.Sleep(200 * time.Millisecond)
		unlock := s.lock("{}moos_oauth_access_tokens") // each request needs a connection of its own
		s.setPassword(other)
		awaitLog(server, func() {
			for i := range 40 {
				token := fmt.Sprintf("more %d", i)
				s.Put("refresh", token, s.app, stage.Row{})
				more.Go(func() {
					a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, token)...))
					if err != nil || a.Status != http.StatusOK {
						t.Errorf("%v, %s", err, a)
					}
				})
			}
		}, "Access denied")
		time.Sleep(3 * time.Second) // longer than it takes to look once more
		began := time.Now()
		awaitLog(server, func() {
			s.writePassword(other)
			stage.Eventually(t, stage.Patience, "it looks at the database with the new password", func() bool {
				return len(s.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%' AND INFO NOT LIKE 'INSERT%'")) > 0
			})
			unlock()
		}, logReloaded)
		t.Logf("in use %s after it was written", time.Since(began).Round(time.Millisecond))
		more.Wait()
		time.Sleep(200 * time.Millisecond)
	})
	if _, away := s.judge(answers); away > 0 {
		t.Errorf("%d clients did not outlast a change of the password", away)
	}

	// Written first and changed then; and nobody asks but a monitor.
	s.writePassword(third)
	hangup(server, "refuses the user", "keeping the database in use")
	s.Put("refresh", "r1", s.app, stage.Row{})
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	s.setPassword(third)
	s.Exec("KILL USER wp@localhost")
	stage.Eventually(t, stage.Patience, "readyz is 200 again", func() bool { return server.Get("/readyz").Status == http.StatusOK })
	server.Refresh(s.app, "r1").WantTokens(t, "profile email")
	if text := server.Stderr.String(); strings.Contains(text, stage.DBPassword) || strings.Count(text, logReloaded) != 2 {
		t.Errorf("a password is in the log, or it does not tell of two changes:\n%s", stage.Tail(text))
	}
}

// TestHangup: SIGHUP takes changed settings into use without the end of anything.
func TestHangup(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	for _, token := range []string{"r1", "r2", "r3", "r4"} {
		s.Put("refresh", token, s.app, stage.Row{})
	}
	file := stage.WriteFile(t, filepath.Join(t.TempDir(), "moserver.yaml"), "auth_failures: 2")
	server := s.Serve("--config", file)
	wrong := s.app
	wrong.Secret += "x"
	guess := func() stage.Answer {
		r := stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(wrong, "r1")...)
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		return server.Send(r)
	}
	for _, want := range []int{400, 400, 429} {
		if a := guess(); a.Status != want {
			t.Errorf("want %d, got %s", want, a)
		}
	}
	unlock := s.lock("{}moos_oauth_access_tokens")
	inFlight := make(chan stage.Answer, 1)
	go func() {
		a, err := server.Do(stage.FormRequest(server.Base+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
		if err != nil {
			t.Error(err)
		}
		inFlight <- a
	}()
	s.awaitInsert()
	stage.WriteFile(t, file, "auth_failures: 2\nrotate_refresh_tokens: all\npurge_after: 30d\nlog_format: json\n")
	hangup(server, `need a restart" settings="[purge_after log_format]"`, logReloaded)
	unlock()
	a := <-inFlight
	if a.WantTokens(t, "profile email"); a.Member("refresh_token") != "r1" {
		t.Error("the request in flight was answered by other settings")
	}
	wantRotated := func(token string) {
		t.Helper()
		a := server.Refresh(s.app, token)
		if a.WantTokens(t, "profile email"); a.Member("refresh_token") == token {
			t.Errorf("%s was not rotated", token)
		}
	}
	wantRotated("r2")
	if a := guess(); a.Status != http.StatusTooManyRequests {
		t.Errorf("what was counted is forgotten: %s", a)
	}

	stage.WriteFile(t, file, "auth_failures: 0\nrotate_refresh_tokens: s0mething\nno_such_setting: 1\n")
	hangup(server, "keeping the settings in use", "rotate_refresh_tokens", file+":3")
	wantRotated("r3")
	if strings.Contains(server.Stderr.String(), "s0mething") {
		t.Error("a value is in the log")
	}
	stage.WriteFile(t, file, "auth_failures: 0\nrotate_refresh_tokens: all\n")
	hangup(server, logReloaded)
	if a := guess(); a.Status != http.StatusBadRequest {
		t.Errorf("auth_failures is 0: %s", a)
	}
	s.otherTables(server)
	wantRotated("r4")
	hangup(server, "nothing has changed")
}

// otherTables has a server go to another site and back, and not to one without tables.
func (s *site) otherTables(server *stage.Sidecar) {
	s.t.Helper()
	own := stage.ReadFile(s.t, s.WPConfig)
	other := newSite(s.t, database)
	other.Put("refresh", "o1", other.app, stage.Row{})
	stage.WriteFile(s.t, s.WPConfig, stage.ReadFile(s.t, other.WPConfig))
	hangup(server, logReloaded)
	server.Refresh(other.app, "o1").WantTokens(s.t, "profile email")
	stage.WriteFile(s.t, s.WPConfig, strings.ReplaceAll(own, s.Prefix, "nowhere_"))
	hangup(server, "nowhere_", "keeping the database in use")
	a := server.Refresh(other.app, "o1")
	a.WantError(s.t, http.StatusBadRequest, "invalid_grant") // it was rotated
	stage.WriteFile(s.t, s.WPConfig, own)
	hangup(server, logReloaded)
}
