package commands

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// arrows are the packages of the program, and what of the project each may import.
// None runs back up.
func arrows() map[string][]string {
	return map[string][]string{
		"":                {"commands", "config", "handlers", "oauth"},
		"commands":        {"config", "oauth", "oauth/memory", "wpdb", "wpdb/doctor", "wpdb/migrate", "wpdb/sandbox", "wpdb/store", "wpdb/tokens"},
		"config":          {"config/wpconfig"},
		"config/wpconfig": {},
		"handlers":        {"oauth"},
		"oauth":           {},
		"oauth/memory":    {"oauth"},
		"wpdb":            {"oauth"},
		"wpdb/doctor":     {"oauth", "wpdb"},
		"wpdb/migrate":    {"wpdb", "wpdb/doctor"},
		"wpdb/sandbox":    {},
		"wpdb/store":      {"oauth", "wpdb"},
		"wpdb/tokens":     {"oauth", "wpdb"},
	}
}

// TestArrows holds the packages to the arrows.
func TestArrows(t *testing.T) {
	const module = "moserver-sidecar"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "-deps", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if words[0] != module && !strings.HasPrefix(words[0], module+"/") {
			continue
		}
		seen++
		from := strings.TrimPrefix(strings.TrimPrefix(words[0], module), "/")
		allowed, known := arrows()[from]
		if !known {
			t.Errorf("%s is a package that the drawing does not have", words[0])
		}
		for _, to := range words[1:] {
			if name, ours := strings.CutPrefix(to, module+"/"); ours && !slices.Contains(allowed, name) {
				t.Errorf("%s must not import %s", words[0], to)
			}
			if from == "oauth" && (to == "net/http" || to == "database/sql") {
				t.Errorf("the protocol must not know %s", to)
			}
		}
	}
	if seen != len(arrows()) {
		t.Errorf("the drawing has %d packages, the program %d", len(arrows()), seen)
	}
}

// TestFigures holds the code to what keeps it readable: functions of at most 60
// lines, files of at most 250, and documentation for whatever is exported.
func TestFigures(t *testing.T) {
	const longestFunction, longestFile = 60, 250
	functions := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		lines := func(n ast.Node) int { return files.Position(n.End()).Line - files.Position(n.Pos()).Line + 1 }
		if n := files.File(file.Pos()).LineCount(); n > longestFile {
			t.Errorf("%s has %d lines", path, n)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			functions++
			if n := lines(f); n > longestFunction {
				t.Errorf("%s: %s has %d lines", path, f.Name.Name, n)
			}
		}
		undocumented(file, func(name string) { t.Errorf("%s: %s is exported and has no documentation", path, name) })
		return nil
	})
	if err != nil || functions < 500 {
		t.Errorf("looked at %d functions: %v", functions, err)
	}
}

// undocumented tells of each exported name of a file at the top level that has no
// comment.
func undocumented(file *ast.File, tell func(name string)) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil {
				tell(d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
						tell(s.Name.Name)
					}
				case *ast.ValueSpec:
					for _, name := range s.Names {
						if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
							tell(name.Name)
						}
					}
				}
			}
		}
	}
}

// TestNamedFiles: the pages for people who join name only files that are there.
func TestNamedFiles(t *testing.T) {
	named := 0
	for _, page := range []string{"../CONTRIBUTING.md", "../docs/design.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile("`([a-z0-9_]+/[a-z0-9_/]*(?:[a-z0-9_]+\\.go)?)`").FindAllStringSubmatch(string(text), -1) {
			named++
			if _, err := os.Stat("../" + name[1]); err != nil {
				t.Errorf("%s names %s, which is not there", page, name[1])
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d files were found", named)
	}
}
