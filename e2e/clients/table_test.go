package clients_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// table is what was seen of each client, for people.
type table struct {
	mu   sync.Mutex
	rows []row
}

type row struct {
	client client
	cells  []string
}

func (t *table) add(c client, cells []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, row{c, cells})
}

// compare holds the table to the one that is in a file between two marks; with
// -update it writes it there. It does neither when only some clients were run,
// or one failed.
func (t *table) compare(test *testing.T, clients int, path, mark string, heads ...string) {
	test.Helper()
	if len(t.rows) < clients || test.Failed() {
		test.Logf("%d of %d clients: %s is not looked at", len(t.rows), clients, path)
		return
	}
	before, written, after := split(test, path, mark)
	seen := t.markdown(heads)
	if *update {
		if err := os.WriteFile(path, []byte(before+seen+after), 0o644); err != nil {
			test.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(t.comparable(written), "\n"), strings.Split(t.comparable(seen), "\n")); diff != "" {
		test.Errorf("%s is not what was seen (-want +got); run go test ./e2e/clients -update\n%s", path, diff)
	}
}

// split returns what a file has before, between and after two marks, which stay
// outside.
func split(t *testing.T, path, mark string) (before, between, after string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+mark+" -->\n", "<!-- /"+mark+" -->"
	before, rest, found := strings.Cut(string(text), begin)
	between, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no table between %s and %s", path, strings.TrimSpace(begin), end)
	}
	return before + begin, between, end + after
}

// markdown is the table, its rows in the order of the roster.
func (t *table) markdown(heads []string) string {
	order := slices.Concat(samples(), libraries(), websites())
	position := func(r row) int {
		return slices.IndexFunc(order, func(c client) bool { return c.name == r.client.name })
	}
	slices.SortFunc(t.rows, func(a, b row) int { return position(a) - position(b) })
	lines := []string{"| " + strings.Join(heads, " | ") + " |", strings.Repeat("|---", len(heads)) + "|"}
	for _, r := range t.rows {
		lines = append(lines, "| "+strings.Join(r.cells, " | ")+" |")
	}
	return strings.Join(lines, "\n") + "\n"
}

// comparable is a table without the clients that the distribution has in
// another version than Debian 12, on which the tables are made.
func (t *table) comparable(markdown string) string {
	system, err := os.ReadFile("/etc/os-release")
	if err == nil && strings.Contains(string(system), "VERSION_CODENAME=bookworm") {
		return markdown
	}
	for _, r := range t.rows {
		if !r.client.pinned {
			markdown = regexp.MustCompile(`(?m)^\| `+regexp.QuoteMeta(r.client.name)+` \|.*\n`).ReplaceAllString(markdown, "")
		}
	}
	return markdown
}

// styles are the ways in which requests carried credentials.
func styles(posts []*http.Request) string {
	var seen []string
	for _, r := range posts {
		if style := credentials(r); !slices.Contains(seen, style) {
			seen = append(seen, style)
		}
	}
	return strings.Join(seen, "; ")
}

func yes(can bool) string {
	if can {
		return "yes"
	}
	return "–"
}
