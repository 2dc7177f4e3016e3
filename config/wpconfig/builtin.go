package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// builtin computes the functions that configurations use to find out about
// their surroundings. It is false for other functions, and for arguments that
// are not known.
func (r *reader) builtin(name string, args []value, line int) (value, bool) {
	switch {
	case name == "eval" && len(args) == 1:
		return r.evalCode(args[0], line), true
	case name == "putenv" && len(args) == 1:
		return r.evalPutenv(args[0]), true
	case name == "getenv_docker" && len(args) == 2 && args[0].kind == stringKind:
		return r.evalGetenvDocker(args[0].str, args[1]), true
	case len(args) == 0 || !isKnownText(args):
		return value{}, false
	}
	if v, ok := r.inspect(name, args[0], line); ok {
		return v, true
	}
	return transform(name, args)
}

// isKnownText wants the first argument to be something that has a text, and the
// others to be known.
func isKnownText(args []value) bool {
	for _, arg := range args {
		if !arg.isKnown() || arg.kind == arrayKind {
			return false
		}
	}
	return true
}

// isBuiltin is function_exists() for the functions above.
func isBuiltin(name string) bool {
	return strings.Contains(" define defined constant getenv putenv file_get_contents file_exists is_readable is_file realpath"+
		" dirname trim ltrim rtrim chop strtolower strtoupper function_exists ", " "+strings.ToLower(name)+" ")
}

// inspect asks the state of PHP, the environment or the file system.
func (r *reader) inspect(name string, arg value, line int) (value, bool) {
	text := arg.text()
	switch name {
	case "getenv":
		return r.getenv(text), true
	case "defined":
		return r.evalDefined(text), true
	case "constant":
		return r.evalConstant(constantName(text), line), true
	case "file_get_contents":
		return r.fileContents(text), true
	case "file_exists", "is_readable", "is_file":
		return r.fileExists(arg), true
	case "realpath":
		if real, err := r.env.Realpath(text); err == nil {
			return stringValue(real), true
		}
		return boolValue(false), true
	case "function_exists":
		return r.functionExists(text), true
	}
	return value{}, false
}

// functionExists is false for what this program does not know, unless a file
// that could not be read may have declared it.
func (r *reader) functionExists(name string) value {
	if !isBuiltin(name) && len(r.blinds) > 0 {
		return unknown("a call of function_exists() for a function that this program does not know")
	}
	return boolValue(isBuiltin(name))
}

func (r *reader) fileExists(name value) value {
	if strings.Contains(name.str, "://") || name.why != "" {
		return unknown("whether a file exists whose path this program does not know")
	}
	if name.text() == "" {
		return boolValue(false)
	}
	_, _, err := r.locate(name.text())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unknown("whether a file exists that this program cannot read")
	}
	return boolValue(err == nil)
}

// transform computes a string from strings.
func transform(name string, args []value) (value, bool) {
	v := args[0].asString()
	switch name {
	case "strtolower":
		v.str = asciiMap(v.str, 'A', 'Z', 'a')
	case "strtoupper":
		v.str = asciiMap(v.str, 'a', 'z', 'A')
	case "trim", "ltrim", "rtrim", "chop":
		return trim(name, v, args[1:])
	case "dirname":
		return dirname(v, args[1:])
	default:
		return value{}, false
	}
	v.env = ""
	return v, true
}

// asciiMap changes letters as PHP 8 does: those of ASCII, byte by byte.
func asciiMap(s string, from, to, base byte) string {
	mapped := []byte(s)
	for i, c := range mapped {
		if c >= from && c <= to {
			mapped[i] = c - from + base
		}
	}
	return string(mapped)
}

// trim is PHP's trim() and its relatives. The ranges that a list of characters
// may have are not understood.
func trim(name string, v value, rest []value) (value, bool) {
	set := " \n\r\t\v\x00"
	if len(rest) > 0 {
		set = rest[0].text()
	}
	if strings.Contains(set, "..") {
		return value{}, false
	}
	inSet := func(c byte) bool { return strings.IndexByte(set, c) >= 0 }
	for name != "rtrim" && name != "chop" && v.str != "" && inSet(v.str[0]) {
		v.str = v.str[1:]
	}
	for name != "ltrim" && v.str != "" && inSet(v.str[len(v.str)-1]) {
		v.str = v.str[:len(v.str)-1]
	}
	v.env = ""
	return v, true
}

func dirname(v value, rest []value) (value, bool) {
	levels := int64(1)
	if len(rest) > 0 {
		levels = rest[0].integer().num
	}
	if levels < 1 || levels > maxNesting {
		return value{}, false
	}
	for range levels {
		v.str = path.Dir(v.str)
	}
	v.env = ""
	return v, true
}

// evalPutenv changes what getenv() answers. If what it sets is not certain, the
// environment no longer is either.
func (r *reader) evalPutenv(arg value) value {
	name, text, ok := strings.Cut(arg.text(), "=")
	switch {
	case arg.kind == stringKind && name != "" && len(r.doubts) == 0 && arg.why == "":
		r.putenv[name] = value{kind: boolKind, why: "an environment variable that putenv() removed"}
		if ok {
			r.putenv[name] = stringValue(text)
		}
	default:
		r.putenv[""] = unknown("the environment, which putenv() changed in a way that this program does not follow")
	}
	return boolValue(true)
}
