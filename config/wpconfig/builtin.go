package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
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
		r.putenv = true // for all that follows: which variable it is does not matter often enough
		return boolValue(true), true
	case (name == "env" || strings.HasSuffix(name, `\env`)) && len(args) >= 1 && args[0].kind == stringKind:
		return r.evalEnv(args), true
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

// evalEnv is env(), as Bedrock and others have it: the environment or the
// nearest .env, where some words have a meaning.
func (r *reader) evalEnv(args []value) value {
	r.loads = true
	v := r.getenv(args[0].str)
	switch strings.ToLower(v.str) {
	case "true", "false":
		return boolValue(strings.EqualFold(v.str, "true"))
	case "null":
		v = value{kind: nullKind}
	}
	if !v.isKnown() && v.env != "" || v.kind == nullKind { // not set
		if len(args) > 1 {
			return args[1]
		}
		v.kind = nullKind
	}
	return v
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
	return strings.Contains(" define defined getenv putenv file_get_contents file_exists is_readable is_file realpath"+
		" dirname preg_replace preg_match strpos str_replace trim ltrim rtrim chop strtolower strtoupper function_exists ", " "+strings.ToLower(name)+" ")
}

// inspect asks the state of PHP, the environment or the file system.
func (r *reader) inspect(name string, arg value, line int) (value, bool) {
	text := arg.text()
	switch name {
	case "getenv":
		return r.getenv(text), true
	case "defined":
		return r.evalDefined(text), true
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
	r.spend(0, stepsPerFile)
	err := r.env.Exists(path.Join(onlyIf(!path.IsAbs(name.text()), path.Dir(r.file.path)), name.text()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unknown("whether a file exists that this program cannot look at")
	}
	r.local = r.local || err == nil && path.Base(name.text()) == ".env.local"
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
	case "preg_replace", "preg_match", "strpos", "str_replace":
		return search(name, args)
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

// trim is PHP's trim() and its relatives, with a short list of characters.
func trim(name string, v value, rest []value) (value, bool) {
	set := " \n\r\t\v\x00"
	if len(rest) > 0 {
		set = rest[0].text()
	}
	if len(set) > 16 || strings.Contains(set, "..") || strings.ContainsFunc(set, func(c rune) bool { return c >= 0x80 }) {
		return value{}, false
	}
	if name != "rtrim" && name != "chop" {
		v.str = strings.TrimLeft(v.str, set)
	}
	if name != "ltrim" {
		v.str = strings.TrimRight(v.str, set)
	}
	v.env = ""
	return v, true
}

// search is what files do to the host name: patterns without flags, which mean
// the same to Go, and plain words.
func search(name string, args []value) (value, bool) {
	first, second := args[0].text(), ""
	if len(args) > 1 {
		second = args[1].text()
	}
	switch {
	case name == "strpos" && len(args) == 2 && second != "":
		if at := strings.Index(first, second); at >= 0 {
			return intValue(int64(at)), true
		}
		return boolValue(false), true
	case name == "str_replace" && len(args) == 3 && first != "" && len(second) <= len(first):
		return stringValue(strings.ReplaceAll(args[2].text(), first, second)), true
	case len(args) != 2 && name == "preg_match" || len(args) != 3 && name == "preg_replace":
		return value{}, false
	}
	n := len(first)
	if n < 3 || n > 100 || len(args[len(args)-1].str) > 1024 || first[0] != '/' || first[n-1] != '/' || strings.Contains(first[1:n-1], "(?") {
		return value{}, false
	}
	pattern, err := regexp.Compile(first[1 : n-1])
	switch {
	case err != nil:
	case name == "preg_match":
		return intValue(boolValue(pattern.MatchString(second)).num), true
	case second == "":
		return stringValue(pattern.ReplaceAllLiteralString(args[2].text(), "")), true
	}
	return value{}, false
}

func dirname(v value, rest []value) (value, bool) {
	levels := int64(1)
	if len(rest) > 0 {
		levels = rest[0].num
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
