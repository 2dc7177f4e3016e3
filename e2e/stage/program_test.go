package stage

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPackages: what Require names, make deps installs.
func TestPackages(t *testing.T) {
	var installed []string
	for _, list := range regexp.MustCompile(`(?m)^(?:PACKAGES|CLIENTS) =((?:.*\\\n)*.*)$`).FindAllStringSubmatch(ReadFile(t, ProjectFile(t, "Makefile")), -1) {
		installed = append(installed, strings.Fields(list[1])...)
	}
	for name, p := range programs() {
		if !slices.Contains(installed, p.debian) {
			t.Errorf("%s is of the package %s, which is not in the Makefile", name, p.debian)
		}
	}
}
