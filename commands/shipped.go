package commands

import (
	"os"
	"path/filepath"
	"strings"
)

// shipped is where a reader finds a file or folder of the project: where the packages put
// it, if that is on this machine, else its place in the repository.
func shipped(path string) string { return shippedBelow("/", path) }

func shippedBelow(root, path string) string {
	const share = "/usr/share/moserver-sidecar/"
	installed := strings.NewReplacer("docker/", share+"nginx/", "packaging/", share, "docs/", "/usr/share/doc/moserver-sidecar/docs/").Replace(path)
	if _, err := os.Stat(filepath.Join(root, installed)); err != nil {
		return path
	}
	return installed
}
