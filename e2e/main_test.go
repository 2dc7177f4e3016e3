// Package e2e_test tests the server from outside, as its users meet it: the
// program that go build makes, a real MariaDB, a wp-config.php, and HTTP.
package e2e_test

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// What TestMain makes for all tests.
var (
	binary   string          // moserver-sidecar, built with the race detector
	database *sandbox.Server // for the tests that do it no harm; each has a site of its own in it
)

func TestMain(m *testing.M) {
	// These tests wait for other processes most of the time, so more of them
	// run at once than there are processors.
	_ = flag.Set("test.parallel", "8") // the flag is there; the command line counts after this
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if missing := missingPackages(); len(missing) > 0 {
		return fail("these tests need other programs; on Debian: apt-get install " + strings.Join(missing, " "))
	}
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	// The tests' own connections break when a test kills the database.
	if err := mysql.SetLogger(log.New(io.Discard, "", 0)); err != nil {
		return fail(err)
	}
	binary = filepath.Join(dir, "moserver-sidecar")
	if out, err := exec.Command("go", "build", "-race", "-o", binary, "moserver-sidecar").CombinedOutput(); err != nil {
		return fail(fmt.Sprintf("go build: %v\n%s", err, out))
	}
	if database, err = sandboxtest.Open(sandbox.Options{}); err != nil {
		return fail(err)
	}
	defer database.Stop()
	return m.Run()
}

func fail(reason any) int {
	fmt.Fprintln(os.Stderr, reason)
	return 1
}

// missingPackages are the Debian packages of the programs that are not there.
func missingPackages() (missing []string) {
	for _, p := range []struct{ program, name string }{
		{"curl", "curl"},
		{"gcc", "gcc"}, // for the race detector
		{"mariadbd", "mariadb-server-core"},
		{"mariadb", "mariadb-client-core"},
		{"mariadb-install-db", "mariadb-server-core"},
		{"nginx", "nginx-light"},
	} {
		if _, err := find(p.program); err != nil && !slices.Contains(missing, p.name) {
			missing = append(missing, p.name)
		}
	}
	for _, zone := range zones() {
		if _, err := os.Stat("/usr/share/zoneinfo/" + zone); err != nil {
			return append(missing, "tzdata")
		}
	}
	return missing
}

// find looks for a program on the PATH and where daemons are, which is often
// not on the PATH of a plain user.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/" + program)
}
