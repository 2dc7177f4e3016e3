package commands

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPages: the help of all commands has one form, and fits on a terminal.
func TestPages(t *testing.T) {
	var all strings.Builder
	printList(&all)
	pages := map[string]string{"--help": all.String()}
	for _, c := range commands(nil) {
		var page strings.Builder
		printPage(&page, c)
		pages[c.Name()] = page.String()
		form := fmt.Sprintf("(?s)^moserver-sidecar %[1]s: [^\n]+\n\n  moserver-sidecar %[1]s.*\n\n.*\n\nExit status[:,].*\n\n", c.Name())
		if !regexp.MustCompile(form).MatchString(page.String()) {
			t.Errorf("%s: the page has not the form of the others:\n%s", c.Name(), page.String())
		}
		line := fmt.Sprintf("\n  %-11s %s\n", c.Name(), c.Short)
		if len(c.Name()) > 11 || !strings.Contains(all.String(), line) {
			t.Errorf("%s does not stand in its column of the list", c.Name())
		}
	}
	for name, page := range pages {
		for line := range strings.Lines(page) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 78 {
				t.Errorf("%s: a line has %d columns: %s", name, n, line)
			}
		}
	}
}
