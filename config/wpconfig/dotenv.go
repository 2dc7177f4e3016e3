package wpconfig

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

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
