package wpdb_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"moserver-sidecar/wpdb"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestKindsAreDocumented holds the page to the list: each once, and no other.
func TestKindsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []wpdb.Kind
	for _, line := range regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllStringSubmatch(string(page), -1) {
		for _, id := range strings.Split(line[1], ", ") {
			documented = append(documented, wpdb.Kind(strings.Trim(id, "`")))
		}
	}
	kinds := wpdb.Kinds()
	slices.Sort(kinds)
	slices.Sort(documented)
	if !slices.Equal(documented, kinds) {
		t.Errorf("docs/findings.md has %q\nthere are %q", documented, kinds)
	}
}

// TestKindsAreAll holds Kinds to the constants, each with a name of its own.
func TestKindsAreAll(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "finding.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []wpdb.Kind
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, wpdb.Kind(name))
		}
		return true
	})
	if kinds := wpdb.Kinds(); len(declared) == 0 || !slices.Equal(declared, kinds) {
		t.Errorf("declared are %q\nKinds returns %q", declared, kinds)
	}
	slices.Sort(declared)
	if n := len(slices.Compact(declared)); n != len(wpdb.Kinds()) {
		t.Errorf("%d different names, %d kinds", n, len(wpdb.Kinds()))
	}
}
