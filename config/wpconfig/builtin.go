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
	case len(args) == 0:
		return value{}, false
	case name == "eval":
		return r.evalCode(args[0], line), true
	case (name == "env" || strings.HasSuffix(name, `\env`)) && args[0].kind == stringKind:
		return r.evalEnv(args), true
	case name == "getenv_docker" && len(args) == 2 && args[0].kind == stringKind:
		return r.evalGetenvDocker(args[0].str, args[1]), true
	}
	texts := make([]string, len(args))
	for i, arg := range args {
		if texts[i] = arg.text(); !arg.isScalar() {
			return value{}, false
		}
	}
	switch name {
	case "getenv":
		return r.getenv(texts[0]), true
	case "defined":
		return r.evalDefined(texts[0]), true
	case "file_get_contents":
		return r.fileContents(texts[0]), true
	case "file_exists", "is_readable", "is_file":
		return r.fileExists(args[0]), true
	}
	if text, ok := transform(name, texts); ok {
		return value{kind: stringKind, str: text, why: args[0].why}, true
	}
	return search(name, texts)
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

// transform computes a string from strings. The characters that trim() and the
// like are given stand for themselves.
func transform(name string, args []string) (string, bool) {
	text, set := args[0], " \n\r\t\v\x00"
	if len(args) > 1 {
		set = args[1]
	}
	isForeign := func(c rune) bool { return c >= 0x80 }
	isShort := len(set) <= 16 && !strings.Contains(set, "..") && !strings.ContainsFunc(set, isForeign)
	switch {
	case name == "strtolower" && !strings.ContainsFunc(text, isForeign):
		return strings.ToLower(text), true
	case name == "dirname" && len(args) == 1:
		return path.Dir(text), true
	case name == "dirname" && set == "2":
		return path.Dir(path.Dir(text)), true
	case name == "trim" && isShort:
		return strings.Trim(text, set), true
	case name == "ltrim" && isShort:
		return strings.TrimLeft(text, set), true
	case name == "rtrim" && isShort:
		return strings.TrimRight(text, set), true
	}
	return "", false
}

// search is what files do to the host name: plain words, and patterns without
// flags that are taken out, which mean the same to Go.
func search(name string, args []string) (value, bool) {
	first, n := args[0], len(args[0])
	switch {
	case name == "strpos" && len(args) == 2 && args[1] != "":
		if at := strings.Index(first, args[1]); at >= 0 {
			return intValue(int64(at)), true
		}
		return boolValue(false), true
	case name == "str_replace" && len(args) == 3 && n > 0 && len(args[1]) <= n:
		return stringValue(strings.ReplaceAll(args[2], first, args[1])), true
	case name != "preg_replace" || len(args) != 3 || args[1] != "" || n < 3 || n > 100 || len(args[2]) > 1024,
		first[0] != '/', first[n-1] != '/', strings.Contains(first, "(?"):
		return value{}, false
	}
	pattern, err := regexp.Compile(first[1 : n-1])
	if err != nil {
		return value{}, false
	}
	return stringValue(pattern.ReplaceAllLiteralString(args[2], "")), true
}
