package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// reader is the state of PHP after what has been read of a configuration.
type reader struct {
	env  Env
	main string // the path given to Read
	file source // the one being read
	// stack are the files that are being read, from the first.
	stack []string
	steps int // of the budget, used so far
	bytes int
	spent bool            // the budget is used up
	once  map[string]bool // for include_once

	consts  map[string]constant
	vars    map[string]value
	prefix  Position // of the last assignment to $table_prefix
	putenv  bool     // the environment has been changed
	loads   bool     // variables into the environment, out of a .env file
	local   bool     // a .env.local counts too
	dotenvs *dotenv

	doubt  *doubt // the condition being followed that could not be evaluated
	halt   halt
	result value // of the last return

	findings []finding
	blinds   []finding
	secrets  []string
}

// source is a file as the code in it sees it.
type source struct {
	name string // in Positions
	path string // of __FILE__
}

// constant is a PHP constant; one that may be defined or not is unsure.
type constant struct {
	val    value
	at     Position
	unsure bool
}

// doubt is a condition that could not be evaluated.
type doubt struct {
	line int
	val  value
}

// halt says how much of the reading has come to its end.
type halt int

const (
	running  halt = iota
	fileDone      // return
	allDone       // exit, or wp-settings.php
)

const maxDepth = 5 // of includes

func newReader(name string, env Env) *reader {
	r := &reader{env: env, main: name, once: map[string]bool{},
		consts: map[string]constant{}, vars: map[string]value{}}
	r.file = source{name: name, path: r.resolve(name)}
	// wp-load.php defines ABSPATH before it includes wp-config.php, mostly as
	// the directory where both of them are.
	r.consts["ABSPATH"] = constant{val: stringValue(path.Dir(r.file.path) + "/")}
	return r
}

func (r *reader) position(line int) Position { return Position{r.file.name, line} }

// resolve is realpath() that falls back on the path itself.
func (r *reader) resolve(name string) string {
	if real, err := r.env.Realpath(name); err == nil && real != "" {
		return real
	}
	return path.Clean(name)
}

// readMain reads the wp-config.php itself. It is false if the file as a whole
// has no meaning, which is a finding.
func (r *reader) readMain() bool {
	src, err := r.read(r.main)
	if r.spent {
		return false
	}
	if err != nil {
		r.find(0, "cannot be read: "+describe(err)+"; check the path to wp-config.php and that the user of this program may read it", "")
		return false
	}
	return r.run(r.file, string(src), true)
}

// describe tells an error without its path or other details.
func describe(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	return "it is not a regular file, or reading it failed"
}

// run follows a file, or the argument of eval(), and is false if it is no PHP.
func (r *reader) run(file source, src string, isFile bool) bool {
	outer := r.file
	r.file = file
	r.stack = append(r.stack, file.path)
	defer func() { r.file, r.stack = outer, r.stack[:len(r.stack)-1] }()
	tokens, opened, syntax := lex(src, isFile)
	var match []int
	if syntax == nil {
		match, syntax = matchBrackets(tokens)
	}
	if syntax == nil && !opened && len(r.stack) == 1 {
		syntax = &syntaxError{0, "has no <?php in it; check that this is the path of a wp-config.php"}
	}
	if syntax != nil {
		r.find(syntax.line, syntax.text, "")
		return false
	}
	r.result = intValue(1)
	(&parser{reader: r, tokens: tokens, match: match, end: len(tokens)}).statements()
	if r.halt == fileDone {
		r.halt = running
	}
	return true
}

// known is a setting with a value that can be relied on.
func (r *reader) known(name string) (constant, bool) {
	k, ok := r.consts[name]
	if name == TablePrefix {
		k.val, ok = r.vars["table_prefix"]
		k.at = r.prefix
	}
	return k, ok && !k.unsure && usable(name, k.val)
}

// usable reports whether a value will do for a setting. Of the constants that only
// imply a multisite the value does not matter.
func usable(name string, v value) bool {
	switch name {
	case SubdomainInstall, VHost, Sunrise:
		return true
	case Multisite:
		return v.isKnown()
	}
	return v.isKnown() && v.kind != arrayKind && v.why == ""
}

// isSetting reports whether a constant or variable is one of the settings that must
// not be guessed. A WP_HOME made of the request is usual, and is only left out.
func isSetting(name string) bool {
	return SettingNames()[name] != "" && name != WPHome || among(name, SubdomainInstall+" "+VHost+" "+Sunrise)
}

// isRequestVariable names the elements of $_SERVER that only a web request has.
// What a web server adds from its environment cannot be told from the
// environment of this program.
func isRequestVariable(name string) bool {
	prefix, _, found := strings.Cut(name, "_")
	return found && among(prefix, "HTTP REQUEST SERVER REMOTE SCRIPT PATH REDIRECT PHP SSL CONTENT CONTEXT") ||
		among(name, "HTTPS DOCUMENT_ROOT DOCUMENT_URI QUERY_STRING GATEWAY_INTERFACE AUTH_TYPE ORIG_PATH_INFO argv argc")
}

// among reports whether a word is in a list of words.
func among(word, list string) bool { return slices.Contains(strings.Fields(list), word) }
