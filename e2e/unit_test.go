package e2e_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// units are those of the package, with paths of this machine.
func units(t *testing.T, config string) (dir string) {
	t.Helper()
	dir = stage.ShortDir(t)
	if out, err := exec.Command("sh", "../packaging/units.sh", "www-data", dir).CombinedOutput(); err != nil {
		t.Fatalf("units.sh: %v\n%s", err, out)
	}
	for _, unit := range []string{"moserver-sidecar.service", "moserver-sidecar@.service"} {
		path := filepath.Join(dir, unit)
		text := stage.Substitute(t, stage.ReadFile(t, path), "/usr/bin/moserver-sidecar", binary)
		stage.WriteFile(t, path, strings.Replace(text, "/etc/moserver/moserver.yaml", config, 1))
	}
	return dir
}

// TestUnits: systemd takes the units, those of one site of several too, and finds them
// safe enough.
func TestUnits(t *testing.T) {
	t.Parallel()
	dir := units(t, "/etc/moserver/moserver.yaml")
	for _, name := range []string{"moserver-sidecar.service", "moserver-sidecar.socket", "moserver-sidecar@blog.service", "moserver-sidecar@blog.socket"} {
		cmd := exec.Command("systemd-analyze", "verify", "--man=no", "--generators=no", name)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "moserver") {
			t.Errorf("systemd-analyze verify %s: %v\n%s", name, err, out)
		}
	}
	service := filepath.Join(dir, "moserver-sidecar.service")
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", service).CombinedOutput(); err != nil { // 2.0
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	for file, lines := range map[string][]string{
		"moserver-sidecar.service":  {"Restart=always", "StartLimitIntervalSec=0", "ExecReload=/bin/kill -HUP $MAINPID", "User=moserver", "SupplementaryGroups=www-data", "Requires=moserver-sidecar.socket"},
		"moserver-sidecar.socket":   {"ListenStream=/run/moserver/token.sock", "SocketGroup=www-data", "SocketMode=0660"},
		"moserver-sidecar@.service": {"ExecStart=" + binary + " serve --config /etc/moserver/%i.yaml", "Requires=moserver-sidecar@%i.socket"},
		"moserver-sidecar@.socket":  {"ListenStream=/run/moserver/%i.sock"},
	} {
		text := stage.ReadFile(t, filepath.Join(dir, file))
		for _, line := range lines {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%s has no %s", file, line)
			}
		}
	}
}

// TestUnitServes runs the unit's command with a settings file as the package has it, in
// which one line is filled in, on a socket that systemd has opened.
func TestUnitServes(t *testing.T) {
	t.Parallel()
	s := newSite(t, database)
	s.Put("refresh", "r1", s.app, stage.Row{})
	settings := regexp.MustCompile(`(?m)^[a-z_]+:`).ReplaceAllString(stage.ReadFile(t, "../config.example.yaml"), "#$0")
	config := stage.WriteFile(t, filepath.Join(stage.ShortDir(t), "moserver.yaml"), settings+"wp_config: "+s.WPConfig+"\n")
	unit := stage.ReadFile(t, filepath.Join(units(t, config), "moserver-sidecar.service"))
	command := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(unit)
	if command == nil {
		t.Fatal("the unit starts nothing")
	}
	socket := filepath.Join(stage.ShortDir(t), "token.sock")
	server := stage.Start(t, nil, "systemd-socket-activate", append([]string{"-l", socket}, strings.Fields(command[1])...)...)
	server.AwaitThat("somebody listens", func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	client := stage.HTTPClient("unix:" + socket)
	a, err := stage.Do(client, stage.FormRequest("http://localhost"+stage.TokenPath, stage.RefreshForm(s.app, "r1")...))
	if err != nil {
		t.Fatal(err)
	}
	a.WantTokens(t, "profile email")
	client.CloseIdleConnections()
	server.Stop()
}
