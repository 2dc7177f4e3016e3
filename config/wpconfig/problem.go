package wpconfig

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is something in a configuration file that this program does not
// understand and that matters to a setting: where it stands, what it is and
// what to do about it. It never contains the value of a password, key or salt.
type Problem struct {
	File string // as in Position
	Line int    // 0 if the Problem is with the file as a whole
	Text string
}

// String is "file:line: text", or "file: text" without a line.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

const maxFindings = 20

// finding is a Problem in the making.
type finding struct {
	at      Position
	setting string // the setting that it is about, or ""
	text    string
	path    string // stands for %s in the text, if it may be shown
	doubt   bool   // something that could not be evaluated may have set it
}

const elsewhere = "or give this program a PHP file that does so in place of this one"

// blame records what is wrong with a setting, once for each.
func (r *reader) blame(setting string, at Position, text string, doubt bool) {
	if r.blamed(setting) == nil {
		r.findings = append(r.findings, finding{at: at, setting: setting, text: setting + " " + text, doubt: doubt})
	}
}

func (r *reader) blamed(setting string) *finding {
	for i, f := range r.findings {
		if f.setting == setting {
			return &r.findings[i]
		}
	}
	return nil
}

// forgive takes back what was wrong with a variable that was then set anew.
func (r *reader) forgive(setting string) {
	kept := r.findings[:0]
	for _, f := range r.findings {
		if f.setting != setting {
			kept = append(kept, f)
		}
	}
	r.findings = kept
}

// find records what is wrong apart from any setting. The first few are enough
// to see what is the matter.
func (r *reader) find(line int, text, path string) {
	if len(r.findings) < maxFindings {
		r.findings = append(r.findings, finding{at: r.position(line), text: text, path: path})
	}
}

// blind records something that could have set anything. It becomes a Problem
// only if a required setting is not known in the end.
func (r *reader) blind(line int, text, path string) {
	f := finding{at: r.position(line), text: text, path: path}
	for _, known := range r.blinds {
		if known.text == f.text && known.path == f.path {
			return
		}
	}
	if len(r.blinds) < maxFindings {
		r.blinds = append(r.blinds, f)
	}
}

// setBlindly ends a sentence about something that may have been set blindly.
func (r *reader) setBlindly() string {
	at := r.blinds[0].at
	return " is set by line " + intValue(int64(at.Line)).text() + onlyIf(at.File != r.file.name, " of "+r.shown(at.File)) +
		", which this program cannot follow"
}

// reportMissing blames the required settings that nothing set, and with them
// whatever could have.
func (r *reader) reportMissing(given []string) {
	lacking := false
	for _, name := range []string{DBName, DBUser, DBPassword, DBHost, TablePrefix} {
		if slices.Contains(given, name) {
			continue
		}
		if _, ok := r.known(name); !ok {
			r.blame(name, Position{File: r.main}, missingText(name), true)
		}
		if f := r.blamed(name); f != nil && f.doubt {
			lacking = true
		}
	}
	if _, ok := r.known(Multisite); ok {
		for _, name := range []string{SubdomainInstall, VHost, Sunrise} {
			r.forgive(name)
		}
	}
	if lacking {
		r.findings = append(r.blinds, r.findings...)
	}
}

func missingText(name string) string {
	example := "define( '" + name + "', '…' );"
	if name == TablePrefix {
		example = "$table_prefix = 'wp_';"
	}
	return "is not set in this file or in one that it includes; add " + example + " with the value that WordPress uses, " + elsewhere
}

// report turns the findings into Problems. A path with a secret in it is not
// shown.
func (r *reader) report() []Problem {
	var problems []Problem
	for _, f := range r.findings {
		text := f.text
		if f.path != "" {
			text = strings.Replace(text, "%s", r.shown(f.path), 1)
		}
		problems = append(problems, Problem{r.shown(f.at.File), f.at.Line, text})
	}
	return problems
}

// shown lets a path be in which a secret occurs that occurs in the path given
// to Read too: there it is a word like "wordpress", and no secret.
func (r *reader) shown(path string) string {
	for _, secret := range r.secrets {
		if strings.Contains(path, secret) && !strings.Contains(r.main, secret) {
			return "(a path that is not shown, as it contains a secret)"
		}
	}
	return path
}

// shownName is a name for a Problem. A name that the file put together could be
// anything, so only what looks like a name is shown.
func shownName(name string) string {
	if name == "" || len(name) > 80 || isDigit(name[0]) || nameLength(name) < len(name) {
		return "…"
	}
	return name
}

// isSecret goes by the names that WordPress and its plugins give to constants
// with a secret in them.
func isSecret(name string) bool {
	for _, word := range []string{"PASS", "KEY", "SALT", "SECRET", "TOKEN"} {
		if strings.Contains(strings.ToUpper(name), word) {
			return true
		}
	}
	return false
}
