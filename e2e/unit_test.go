package e2e_test

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// unitFile is what README tells people to copy.
const unitFile = "../packaging/moserver-sidecar.service"

// TestUnit: systemd takes the unit, and finds it safe enough.
func TestUnit(t *testing.T) {
	t.Parallel()
	// systemd also looks whether the program is there.
	copied := stage.WriteFile(t, filepath.Join(stage.ShortDir(t), "moserver-sidecar.service"),
		stage.Substitute(t, stage.ReadFile(t, unitFile), "/usr/local/bin/moserver-sidecar", binary))
	for _, args := range [][]string{
		{"verify", "--man=no", "--generators=no", copied},
		{"security", "--offline=true", "--threshold=20", copied}, // 2.0
	} {
		out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
		if err != nil || args[0] == "verify" && strings.Contains(string(out), copied) {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
	unit := stage.ReadFile(t, unitFile)
	for _, line := range []string{"Restart=always", "StartLimitIntervalSec=0", "ExecReload=/bin/kill -HUP $MAINPID"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit has no %s", line)
		}
	}
	if !strings.Contains(stage.ReadFile(t, "../README.md"), strings.TrimPrefix(unitFile, "../")+" /etc/systemd/system/") {
		t.Error("README does not say how to install the unit")
	}
}

// TestUnitServes runs the unit's command in its environment, with a site's paths:
// nginx reaches the socket, and other users of the machine do not.
func TestUnitServes(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.Put("refresh", "r1", s.app, stage.Row{})
	unit := stage.ReadFile(t, unitFile)
	socket := filepath.Join(stage.ShortDir(t), "token.sock")
	unit = stage.Substitute(t, unit, "/var/www/html/wp-config.php", s.WPConfig)
	unit = stage.Substitute(t, unit, "/run/moserver/token.sock", socket)
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/moserver-sidecar (.*)$`).FindStringSubmatch(unit)
	if command == nil {
		t.Fatal("the unit starts something else")
	}
	var environment []string
	for _, line := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllStringSubmatch(unit, -1) {
		environment = append(environment, line[1])
	}
	server := stage.Start(t, environment, binary, strings.Fields(command[1])...)
	server.Await("listening")
	client := stage.HTTPClient("unix:" + socket)
	a, err := stage.Do(client, stage.FormRequest("http://localhost"+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
	if err != nil {
		t.Fatal(err)
	}
	a.WantTokens(t, "profile email")
	client.CloseIdleConnections()
	if mode := fileMode(t, socket); mode != fs.ModeSocket|0o660 {
		t.Errorf("the socket's mode is %s", mode)
	}
	server.Stop()
}
