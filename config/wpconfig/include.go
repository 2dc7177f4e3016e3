package wpconfig

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const maxPath = 4096 // as Linux has it

const (
	includes     = "includes a file "
	giveIncluded = "give this program the included file as the wp-config.php"
)

// evalInclude follows include and require, and has the value that the file
// returns. wp-settings.php is where every wp-config.php ends.
func (r *reader) evalInclude(keyword string, name value, line int) value {
	name = name.asString()
	switch {
	case name.isKnown() && path.Base(name.str) == "wp-settings.php", strings.HasSuffix(name.end, "wp-settings.php"):
		r.halt = allDone
	case !name.isKnown(), name.why != "", strings.Contains(name.str, "://"), name.str == "", len(name.str) > maxPath:
		r.blind(line, includes+"whose path this program cannot evaluate (it comes from "+name.reason()+"); "+giveIncluded, "", name)
	default:
		return r.include(keyword, name.str, line)
	}
	return unknown("what an included file returns")
}

// include reads one file and goes on after it.
func (r *reader) include(keyword, name string, line int) value {
	full, src, err := r.locate(name)
	switch {
	case err != nil:
		return r.cannotInclude(keyword, name, line, err)
	case strings.HasSuffix(keyword, "_once") && r.once[full], slices.Contains(r.stack, full):
		return boolValue(true)
	case len(r.stack) > maxDepth:
		r.blind(line, "includes %s, which is too deep among other files for this program; "+giveIncluded, name, value{})
		return unknown("what an included file returns")
	}
	if r.doubt == nil {
		r.once[full] = true
	}
	r.run(source{name: full, path: full}, string(src), true)
	return r.result
}

// locate reads an included file. PHP looks for a relative path in its
// include_path, which usually means beside the script.
func (r *reader) locate(name string) (string, []byte, error) {
	candidates := []string{name}
	if !path.IsAbs(name) {
		candidates = []string{path.Join(path.Dir(r.file.path), name), path.Join(path.Dir(r.stack[0]), name)}
	}
	var first error
	for _, candidate := range candidates {
		src, err := r.read(candidate)
		if err == nil {
			return r.resolve(candidate), src, nil
		}
		first = cmp.Or(first, err)
	}
	return "", nil, first
}

// cannotInclude is fine with include of a file that is not there. A path below
// the ABSPATH that reading began with may simply be wrong.
func (r *reader) cannotInclude(keyword, name string, line int, err error) value {
	missing := errors.Is(err, fs.ErrNotExist)
	absent := "includes %s, which cannot be read: " + describe(err)
	assumed := r.consts["ABSPATH"]
	guessed := assumed.at.Line == 0 && strings.HasPrefix(name, assumed.val.str)
	switch {
	case strings.HasPrefix(keyword, "include") && missing:
	case strings.HasPrefix(keyword, "include"), r.doubt != nil, guessed:
		r.blind(line, absent+"; let the user of this program read it", name, value{})
	default:
		r.find(line, absent+"; correct the path, or let the user of this program read the file", name)
	}
	return boolValue(false)
}

// evalCode follows the argument of eval(), which is read and not executed like
// the rest. In the official Docker image it is WORDPRESS_CONFIG_EXTRA.
func (r *reader) evalCode(code value, line int) value {
	if code.isKnown() && code.text() == "" {
		return value{kind: nullKind}
	}
	if !code.isKnown() || len(r.stack) > maxDepth || !r.take(len(code.text())) {
		r.blind(line, "passes code to eval() that this program cannot evaluate (it comes from "+code.reason()+"); write that code into the file", "", code)
		return unknown("what eval() returns")
	}
	name := r.file.name + "(" + intValue(int64(line)).text() + ") : eval()'d code"
	if code.env != "" {
		name = shownName(code.env)
	}
	r.run(source{name: name, path: r.file.path}, code.text(), false)
	return r.result
}
