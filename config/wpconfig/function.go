package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// call is a call of a function. Upper and lower case are the same in its name.
func (p *parser) call(name string, line int) value {
	items := p.list()
	if !p.live() {
		return value{}
	}
	args := make([]value, len(items))
	for i, it := range items {
		args[i] = it.val
		p.spend(line, len(it.val.str)/bytesPerStep)
	}
	lower := strings.ToLower(name)
	switch {
	case lower == "isset":
		all := boolValue(true)
		for _, v := range args {
			if v.kind == nullKind {
				return boolValue(false)
			} else if !v.isKnown() {
				all = v.derived("")
			}
		}
		return all
	case lower == "empty" && len(args) == 1:
		return args[0].truthOf(-args[0].truth())
	case lower == "unset":
		for _, it := range items {
			if len(it.tokens) > 0 && it.tokens[0].kind == tokenVariable {
				p.setVar(it.tokens[0].text, unknown("$"+shownName(it.tokens[0].text)+", which is unset or has lost an element"), line)
			}
		}
		return value{kind: nullKind}
	case lower == "define", lower == "config::define", strings.HasSuffix(lower, `\config::define`):
		return p.evalDefine(args, lower == "define", line)
	}
	if v, ok := p.builtin(lower, args, line); ok {
		return v
	}
	for _, it := range items { // a function may set a new variable that it is given, as preg_match() does
		if len(it.tokens) != 1 || it.tokens[0].kind != tokenVariable {
			continue
		}
		name := it.tokens[0].text
		if _, set := p.vars[name]; !set {
			p.setVar(name, unknown("$"+shownName(name)+", which is set by a function"), line)
		}
	}
	return p.foreign("a call of "+name+"(), which this program does not evaluate", items)
}

// evalDefine defines a constant. One whose name is not known could be any. The
// first define() counts, and the last Config::define(), which is Bedrock's.
func (r *reader) evalDefine(args []value, first bool, line int) value {
	if len(args) < 2 || args[0].kind != stringKind {
		r.blind(line, "defines a constant whose name this program cannot evaluate; write the name as a string in quotes", "", value{})
	} else {
		r.define(constantName(args[0].str), args[1], first, line)
	}
	return unknown("the result of define()")
}

// noteLoader notices what changes the environment: after putenv() nothing is known
// of it; after Dotenv, loadEnv() and such, a variable may come from a .env file.
func (r *reader) noteLoader(name string) {
	name = strings.ToLower(name)
	r.putenv = r.putenv || strings.Contains(name, "putenv")
	if strings.Contains(name, "dotenv") || strings.Contains(name, "load") && strings.Contains(name, "env") {
		r.loads = true
	}
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
	case "directory_separator":
		return stringValue("/")
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
// which could not be read, and for the ABSPATH that reading begins with: a file
// ends without it, or defines its own.
func (r *reader) evalDefined(name string) value {
	k, ok := r.consts[constantName(name)]
	switch {
	case ok && k.at.Line == 0:
		return unknown("whether " + shownName(name) + " is defined")
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
