package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Problem is something in the settings that must be corrected before they can be used:
// where it is, and what to do. It never has the value of a setting.
type Problem struct {
	Where string `json:"where"`
	Text  string `json:"problem"`
}

// String is the problem as a line for people.
func (p Problem) String() string { return p.Where + ": " + p.Text }

// Sources is where settings come from besides their defaults.
type Sources struct {
	Flags       map[string]string // by the name of the setting
	Environment []string          // as os.Environ returns it
}

// value is a setting's text, and where it was set, for the person who corrects it.
type value struct{ text, where string }

// layer is everything that one source sets, by the name of the setting.
type layer map[string]value

// get is the value of a setting. Empty text counts as not set.
func (l layer) get(name string) (value, bool) {
	v := l[name]
	return v, v.text != ""
}

// loader gathers the layers and their problems.
type loader struct {
	layers   []layer // earlier ones override later ones
	problems []Problem
	doubtful []string // settings with a problem in a value
	salts    []string // wp-config.php's keys and salts
	lost     bool     // something could not be read, and may set any setting
}

func (l *loader) problem(where, format string, args ...any) {
	l.problems = append(l.problems, Problem{where, fmt.Sprintf(format, args...)})
}

// blame is problem for the value of a setting.
func (l *loader) blame(setting, where, format string, args ...any) {
	l.doubtful = append(l.doubtful, setting)
	l.problem(where, format, args...)
}

// get is a setting's value from the first layer that sets it.
func (l *loader) get(name string) (value, bool) {
	for _, layer := range l.layers {
		if v, ok := layer.get(name); ok {
			return v, true
		}
	}
	return value{}, false
}

// Defaults are the settings if nothing is set.
func Defaults() Settings { return (&loader{}).settings() }

// Load gathers the settings from all sources. It reports all problems at once; the
// settings may be used only if there is none. If a problem concerns the location of the
// database, that stays unknown: looking there would only find more.
func Load(sources Sources) (Settings, []Problem) {
	l := &loader{}
	l.add(flagLayer(sources.Flags))
	l.add(l.environmentLayer(sources.Environment))
	if file, ok := l.get(configName); ok {
		l.add(l.fileLayer(file))
	}
	l.readPasswordFiles()
	_, database := l.get("db_name")
	if file, ok := l.get("wp_config"); ok {
		l.readWPConfig(value{inFolder(file.text), file.where}, sources.Environment)
	} else if path := inFolder("."); !database && exists(path) {
		l.readWPConfig(value{path, "working directory"}, sources.Environment)
	} else if !database && !l.lost && !slices.Contains(l.doubtful, "db_name") && !slices.Contains(l.doubtful, "wp_config") {
		l.problem("settings", "nothing says where WordPress's database is; "+
			"give --wp-config /path/to/wp-config.php, or set db_name, db_user and db_password")
	}
	settings := l.settings()
	l.locate(&settings)
	l.readKeys(&settings)
	if l.lost || slices.ContainsFunc(l.doubtful, aboutDatabase) {
		settings.DBNetwork, settings.DBAddress = "", ""
	}
	settings.SiteFlags = siteFlags(sources.Flags, l.doubtful)
	return settings, l.problems
}

func (l *loader) readWPConfig(file value, environment []string) {
	before := len(l.problems)
	l.add(l.wpConfigLayer(file, environment))
	l.lost = l.lost || len(l.problems) > before && !l.complete()
}

// complete reports whether everything about the database that could come from
// wp-config.php is known.
func (l *loader) complete() bool {
	for _, name := range []string{"db_name", "db_user", passwordName, "table_prefix"} {
		if _, ok := l.get(name); !ok {
			return false
		}
	}
	return true
}

// aboutDatabase reports whether a setting helps to find WordPress's tables.
func aboutDatabase(setting string) bool {
	return strings.HasPrefix(setting, "db_") ||
		slices.Contains([]string{"table_prefix", "users_table", "usermeta_table", "multisite", "wp_config"}, setting)
}

func (l *loader) add(added layer) { l.layers = append(l.layers, added) }

// settings turns texts into values.
func (l *loader) settings() Settings {
	var s Settings
	for _, setting := range s.list() {
		v, ok := l.get(setting.name)
		if !ok {
			v = value{setting.value, "default"}
		}
		if v.text == "" {
			continue
		}
		if err := setting.parse(v.text); err != nil {
			l.blame(setting.name, v.where, "%s %v", setting.name, err)
		}
	}
	return s
}

func flagLayer(flags map[string]string) layer {
	set := layer{}
	for name, text := range flags {
		set[name] = value{text, "--" + strings.ReplaceAll(name, "_", "-")}
	}
	return set
}

func (l *loader) environmentLayer(environment []string) layer {
	set := layer{}
	for _, entry := range environment {
		variable, text, _ := strings.Cut(entry, "=")
		name, ours := strings.CutPrefix(variable, environmentPrefix)
		if name = strings.ToLower(name); !ours {
			continue
		}
		if !known(name) {
			l.unknown(variable, name)
			continue
		}
		set[name] = value{text, variable}
	}
	return set
}

// unknown reports a name that is not a setting's.
func (l *loader) unknown(where, name string) {
	names := settingNames()
	text := Unknown("setting", "", name, names)
	if near := Nearest(name, names); near != "" {
		l.doubtful = append(l.doubtful, near)
	} else {
		text += "; config.example.yaml has them all"
	}
	l.problem(where, "%s", text)
}

// known reports whether there is a setting with that name. "config" counts as one.
func known(name string) bool {
	if name == configName {
		return true
	}
	for _, setting := range new(Settings).list() {
		if setting.name == name {
			return true
		}
	}
	return false
}

// readPasswordFiles sets db_password to the content of db_password_file. Both at once is
// a problem, because it would be unclear which counts.
func (l *loader) readPasswordFiles() {
	for _, layer := range l.layers {
		file, ok := layer.get(passwordFileName)
		if !ok {
			continue
		}
		if _, both := layer.get(passwordName); both {
			l.blame(passwordFileName, file.where, "%s and %s are both set; keep one of them", passwordName, passwordFileName)
		}
		text, err := os.ReadFile(file.text)
		if err != nil {
			l.blame(passwordFileName, file.where, "the password file cannot be read: %v", plainCause(err))
			continue
		}
		layer[passwordName] = value{string(bytes.TrimRight(text, "\r\n")), file.where}
	}
}

// path is a file's path, if that file exists or is named like one of ours. Otherwise it is
// where the path was set, because the path may be a misplaced password.
func (v value) path() string {
	_, err := os.Stat(v.text)
	if err == nil || slices.Contains([]string{".php", ".yaml", ".yml"}, filepath.Ext(v.text)) {
		return v.text
	}
	return v.where
}

// plainCause is the cause of a file's error, without the path.
func plainCause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
