package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"moserver-sidecar/e2e/stage"
)

// docs is where the samples are.
const docs = "../../docs/clients"

// install builds the clients, and installs what package-lock.json names, in a
// folder that is not the project's.
func install(dir string) error {
	for _, source := range []string{"testdata/node", "testdata/python", "testdata/ruby", docs} {
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			return err
		}
	}
	for _, command := range [][]string{
		{"npm", "ci", "--prefix", dir, "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"},
		{"cp", "../../go.mod", dir}, // for the version of Go's library
		{"mcs", "-out:" + dir + "/Refresh.exe", "-lib:" + stage.Newtonsoft, "-r:Newtonsoft.Json.dll", "-r:Microsoft.CSharp.dll", docs + "/Refresh.cs"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, goClientName))
}
