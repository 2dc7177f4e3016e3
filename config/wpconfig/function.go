package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// isDefine knows define() and Bedrock's Config::define(), which does the same a
// little later.
func isDefine(name string) bool {
	return strings.EqualFold(name, "define") || strings.EqualFold(path.Base(strings.ReplaceAll(name, `\`, "/")), "Config::define")
}

// evalCall is a call of one of the functions that are known here. Their names
// do not heed case, as in PHP.
func (r *reader) evalCall(n *node) value {
	name := strings.ToLower(n.name)
	switch name {
	case "isset":
		return r.evalIsset(n.kids)
	case "empty":
		if len(n.kids) == 1 {
			v := r.quiet(n.kids[0])
			return v.truthOf(v.truth().not())
		}
	case "unset":
		for _, kid := range n.kids {
			r.assign(kid, value{kind: nullKind}, kid.line)
		}
		return value{kind: nullKind}
	}
	args := r.evalAll(n.kids)
	for _, arg := range args {
		r.spend(n.line, len(arg.str)/bytesPerStep)
	}
	if r.halt != running {
		return unknown("an expression after the end of the file")
	}
	if isDefine(name) {
		return r.evalDefine(args, strings.EqualFold(name, "define"), n.line)
	}
	if v, ok := r.builtin(name, args, n.line); ok {
		return v
	}
	r.blurArguments(n.kids, n.line)
	r.heedLoader(name)
	return foreign(n.name, args)
}

// evalDefine defines a constant. One whose name is not known could be any. The
// first define() counts, and the last Config::define().
func (r *reader) evalDefine(args []value, first bool, line int) value {
	if len(args) < 2 || args[0].kind != stringKind {
		r.blind(line, "defines a constant whose name this program cannot evaluate; write the name as a string in quotes", "", value{})
		return unknown("the result of define()")
	}
	r.define(constantName(args[0].str), args[1], first, line)
	return boolValue(true)
}

// foreign is the value of a function that is not known here. If it works on
// what only a web request has, that is the better explanation.
func foreign(name string, args []value) value {
	v := unknown("a call of " + name + "(), which this program does not evaluate")
	for _, arg := range args {
		if arg.request {
			return arg.derived("")
		}
	}
	return v
}

// blurArguments heeds that a function may set its arguments. Functions that do
// are given a new variable, as preg_match() is for its matches.
func (r *reader) blurArguments(args []*node, line int) {
	for _, arg := range args {
		if _, set := r.vars[arg.name]; arg.kind == nodeVariable && !set {
			r.setVar(arg.name, unknown("$"+shownName(arg.name)+", which is set by a function"), line)
		}
	}
}

// heedLoader heeds that a variable which is not set here may be in a .env file
// that PHP reads into its environment: with Dotenv, or with the like of
// loadEnv().
func (r *reader) heedLoader(name string) {
	name = strings.ToLower(name)
	if strings.Contains(name, "dotenv") || strings.Contains(name, "load") && strings.Contains(name, "env") {
		r.loads = true
	}
}

// quiet is a value for isset(), empty() and ??, which do not mind a variable
// that is not set.
func (r *reader) quiet(n *node) value {
	v := r.eval(n)
	if v.kind == nullKind {
		return value{kind: nullKind}
	}
	return v
}

func (r *reader) evalIsset(kids []*node) value {
	result := boolValue(true)
	for _, kid := range kids {
		switch v := r.quiet(kid); {
		case v.kind == nullKind:
			return boolValue(false)
		case !v.isKnown():
			result = v.derived("")
		}
	}
	return result
}

// evalConstant is a constant by its name.
func (r *reader) evalConstant(name string, line int) value {
	switch strings.ToLower(name) {
	case "true", "false":
		return boolValue(strings.EqualFold(name, "true"))
	case "null":
		return value{kind: nullKind}
	case "__dir__":
		return stringValue(path.Dir(r.file.path))
	case "__file__":
		return stringValue(r.file.path)
	case "__line__":
		return intValue(int64(line))
	}
	switch name {
	case "DIRECTORY_SEPARATOR":
		return stringValue("/")
	case "PHP_EOL":
		return stringValue("\n")
	}
	if k, ok := r.consts[name]; ok {
		return k.val
	}
	shown := shownName(name)
	if shown != strings.ToUpper(shown) {
		shown = "…" // it may be a password whose quotation marks were forgotten
	}
	return value{why: "the constant " + shown + ", which is not defined before this line", blind: len(r.blinds) > 0}
}

// evalDefined is unknown for a constant that an included file may have defined
// which could not be read.
func (r *reader) evalDefined(name string) value {
	k, ok := r.consts[constantName(name)]
	switch {
	case ok && !k.unsure:
		return boolValue(true)
	case ok:
		return k.val.derived("")
	case len(r.blinds) > 0:
		return value{why: "whether " + shownName(name) + " is defined", blind: true}
	}
	return boolValue(false)
}

// evalGetenvDocker is the function that the wp-config.php of WordPress's
// official Docker image defines for itself: the contents of the file that
// NAME_FILE names, or else NAME, or else the default.
func (r *reader) evalGetenvDocker(name string, fallback value) value {
	if file := r.getenv(name + "_FILE"); file.truth() == yes {
		contents := r.fileContents(file.text())
		if contents.kind != stringKind {
			return unknown("the file that the environment variable " + shownName(name+"_FILE") + " names, which this program cannot read")
		}
		contents.str = strings.TrimRight(contents.str, "\r\n")
		contents.env = name
		return contents
	}
	if v := r.getenv(name); v.kind != boolKind {
		return v
	}
	return fallback
}

// fileContents is file_get_contents().
func (r *reader) fileContents(name string) value {
	if strings.Contains(name, "://") || name == "" {
		return unknown("the contents of something that is not a file")
	}
	_, src, err := r.locate(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return value{kind: boolKind, why: "the contents of a file that does not exist"}
	case err != nil:
		return unknown("the contents of a file that this program cannot read")
	}
	return stringValue(string(src))
}
