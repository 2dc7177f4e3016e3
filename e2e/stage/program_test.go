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
	for program, name := range packages() {
		if !slices.Contains(installed, name) {
			t.Errorf("%s is of the package %s, which is not in the Makefile", program, name)
		}
	}
}
