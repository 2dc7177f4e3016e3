package wpconfig

import "strings"

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
	switch name {
	case "_GET", "_POST", "_COOKIE", "_REQUEST", "_SESSION", "_FILES", "_SERVER", "GLOBALS", "argv", "argc":
		return value{why: "$" + name + ", which only a web request has", request: true}
	}
	switch {
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
