package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

// variable is a variable that is read. PHP makes null of one that is not set,
// which is hardly what a configuration means.
func (r *reader) variable(name string) value {
	if v, ok := r.vars[name]; ok {
		return v
	}
	array, element, found := strings.Cut(name, "[")
	if v, ok := r.vars[array]; found && ok {
		return v.derived("")
	}
	if found {
		return r.environment(array, element)
	}
	why := "$" + shownName(name) + ", which is not set before this line"
	switch {
	case among(name, "_GET _POST _COOKIE _REQUEST _SESSION _FILES _SERVER GLOBALS argv argc"):
		return value{why: "$" + name + ", which only a web request has", request: true}
	case len(r.blinds) > 0:
		return value{why: why, blind: true}
	case r.doubt != nil:
		return unknown(why)
	}
	return value{kind: nullKind, why: why}
}

// environment is an element of $_SERVER or $_ENV.
func (r *reader) environment(array, name string) value {
	if array == "_SERVER" && (name == "HTTP_HOST" || name == "SERVER_NAME") {
		if r.env.Host != "" {
			return stringValue(r.env.Host)
		}
		return value{why: "$_SERVER['" + name + "'], the host name that a web request asks for", request: true, host: true}
	}
	if array == "_SERVER" && isRequestVariable(name) {
		return value{why: "$_SERVER['" + shownName(name) + "'], which only a web request has", request: true}
	}
	v := r.getenv(name)
	if v.kind == boolKind {
		v.kind = nullKind
	}
	return v
}

// getenv is PHP's function of that name: false if the variable is not set.
func (r *reader) getenv(name string) value {
	if r.putenv {
		return unknown("the environment, which putenv() has changed")
	}
	if s, ok := r.env.Getenv(name); ok {
		return value{kind: stringKind, str: s, env: name}
	}
	if r.loads {
		return r.dotenv(name)
	}
	return value{kind: boolKind, env: name, why: "the environment variable " + shownName(name) + ", which is not set for this program"}
}

// dotenv is what the nearest .env says. Its path is "" if there is none.
type dotenv struct {
	path   string
	raw    []byte
	values map[string]string
	failed bool
}

// dotenv is a variable that the environment does not have and the nearest .env
// may have.
func (r *reader) dotenv(name string) value {
	if r.dotenvs == nil {
		r.dotenvs = r.findDotenv()
	}
	d := r.dotenvs
	text, set := d.values[name]
	switch {
	case d.path == "":
		return value{env: name, why: "a .env file, of which there is none beside " + path.Base(r.main) + " or in the folders above it"}
	case d.failed:
		return unknown("the .env file of this site, which this program cannot read or understand")
	case !set:
		return value{kind: boolKind, env: name, why: "a variable that neither the environment nor the .env file of this site sets"}
	}
	// PHP's Dotenv may read these differently: outside of single quotes, a
	// backslash, a reference to another variable, or a # within a word.
	mistakable := regexp.MustCompile(`^'.*\\'|^(?:[^'].*)?(\\|\$\{)|^[^'"]\S*#`)
	line := regexp.MustCompile(`(?m)^\s*(?:export\s+)?` + regexp.QuoteMeta(name) + `\s*[=:]\s*(.*)$`)
	for _, found := range line.FindAllSubmatch(d.raw, -1) {
		if mistakable.Match(found[1]) {
			return unknown("the .env file of this site, in a line where \\, # or ${ is not within single quotes, as it should be")
		}
	}
	return value{kind: stringKind, str: text, env: name}
}

// findDotenv reads the .env beside the file or in the folders above it, and the
// .env.local beside it where the file asks for one. References to other variables
// are left as they are: following them could make a string of any length.
func (r *reader) findDotenv() *dotenv {
	dir := path.Dir(r.file.path)
	for range 3 {
		if r.env.Exists(path.Join(dir, ".env")) == nil {
			break
		}
		dir = path.Dir(dir)
	}
	d := &dotenv{path: path.Join(dir, ".env")}
	raw, err := r.read(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return &dotenv{}
	}
	if r.local {
		more, _ := r.read(d.path + ".local")
		raw = append(append(raw, '\n'), more...)
	}
	const mark = "\x00" // for a dollar sign, which godotenv would follow
	values, parseErr := godotenv.Unmarshal(strings.ReplaceAll(string(raw), "$", mark))
	for key, text := range values {
		values[key] = strings.ReplaceAll(text, mark, "$")
	}
	d.raw, d.values, d.failed = raw, values, err != nil || parseErr != nil || r.spent
	return d
}
