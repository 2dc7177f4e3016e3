package wpconfig

import (
	"cmp"
	"slices"
	"strings"
)

// Problem is something in a configuration file that this program does not
// understand and that matters to a setting: where it stands, what it is and
// what to do about it. It never contains the value of a password, key or salt.
type Problem struct {
	File string // as in Position
	Line int    // 0 if the Problem is with the file as a whole
	Text string
}

const maxFindings = 20

// finding is a Problem in the making. One that is about settings has the one
// cause of all of them.
type finding struct {
	at       Position
	settings []string
	text     string
	path     string // stands for %s in the text, if it may be shown
	val      value  // that could not be evaluated
	names    []string
}

// blame records what is wrong with a setting, once for each.
func (r *reader) blame(setting string, line int, text string, v value) {
	if r.blamed(setting) != nil {
		return
	}
	f := finding{at: r.position(line), settings: []string{setting}, text: text, val: v}
	switch {
	case v.request:
		f.text = "set depending on " + v.reason()
	case v.env != "" && v.why != "":
		f.names = []string{shownName(v.env)}
		f.text = "set from " + onlyIf(!r.loads, "the environment, where this program does not find %e") + onlyIf(r.loads, v.why+" (%e)")
	}
	for i := range r.findings {
		if same := &r.findings[i]; same.text == f.text && same.settings != nil {
			same.settings, same.names = append(same.settings, setting), append(same.names, f.names...)
			return
		}
	}
	r.findings = append(r.findings, f)
}

func (r *reader) blamed(setting string) *finding {
	for i, f := range r.findings {
		if slices.Contains(f.settings, setting) {
			return &r.findings[i]
		}
	}
	return nil
}

// forgive takes back what was wrong with a setting that was then set anew.
func (r *reader) forgive(setting string) {
	if f := r.blamed(setting); f != nil {
		f.settings = slices.DeleteFunc(f.settings, func(s string) bool { return s == setting })
		r.findings = slices.DeleteFunc(r.findings, func(f finding) bool { return f.settings != nil && len(f.settings) == 0 })
	}
}

// find records what is wrong apart from any setting. The first few are enough.
func (r *reader) find(line int, text, path string) {
	if len(r.findings) < maxFindings {
		r.findings = append(r.findings, finding{at: r.position(line), text: text, path: path})
	}
}

// blind records something that could have set anything. It becomes a Problem
// only if a required setting is not known in the end.
func (r *reader) blind(line int, text, path string, v value) {
	f := finding{at: r.position(line), text: text, path: path, val: v}
	for _, known := range r.blinds {
		if known.text == f.text && known.path == f.path {
			return
		}
	}
	if len(r.blinds) < maxFindings {
		r.blinds = append(r.blinds, f)
	}
}

// reportMissing blames what could have set the required settings that nothing
// set, or else that nothing does. What follows from a file that could not be
// followed is no problem of its own.
func (r *reader) reportMissing(given []string) {
	var lacking []string
	for _, name := range []string{DBName, DBUser, DBPassword, DBHost, TablePrefix} {
		_, known := r.known(name)
		if f := r.blamed(name); f != nil && f.val.blind && len(r.blinds) > 0 {
			r.forgive(name)
			known = false
		} else if f != nil {
			continue
		}
		if !known && !slices.Contains(given, name) {
			lacking = append(lacking, name)
		}
	}
	if _, ok := r.known(Multisite); ok {
		for _, name := range []string{SubdomainInstall, VHost, Sunrise} {
			r.forgive(name)
		}
	}
	if len(lacking) == 0 || r.spent {
		return
	}
	for _, f := range r.blinds {
		if f.val.request {
			r.blame(lacking[0], f.at.Line, "", f.val)
			same := r.blamed(lacking[0])
			same.at, same.settings = f.at, append(same.settings, lacking[1:]...)
			return
		}
	}
	if len(r.blinds) == 0 {
		r.findings = append(r.findings, finding{at: Position{File: r.main}, settings: lacking, text: "not set in this file or in one that it includes"})
		return
	}
	for i := range r.blinds {
		r.blinds[i].text += ", or set " + settingsOf(lacking)
	}
	r.findings = append(r.blinds, r.findings...)
}

// settingsOf lists the settings of this program that stand for those of a
// wp-config.php. Those without one make a multisite.
func settingsOf(names []string) string {
	var settings []string
	for _, name := range names {
		settings = append(settings, cmp.Or(SettingNames()[name], SettingNames()[Multisite]))
	}
	return enumerate(settings)
}

func enumerate(words []string) string {
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}

// sentence is what is wrong with settings, and what to do about it.
func (f *finding) sentence() string {
	slices.Sort(f.names)
	text := enumerate(f.settings) + onlyIf(len(f.settings) == 1, " is ") + onlyIf(len(f.settings) > 1, " are ") +
		strings.Replace(f.text, "%e", enumerate(slices.Compact(f.names)), 1) + "; "
	switch {
	case f.val.host:
		text += "set host (--host) to the host name of the site's address, or "
	case len(f.names) > 0:
		text += "give this program the environment that PHP has, or "
	}
	return text + "set " + settingsOf(f.settings) + onlyIf(!f.val.host && len(f.names) == 0, " instead")
}

// report turns the findings into Problems. A path with a secret in it is not
// shown.
func (r *reader) report() []Problem {
	var problems []Problem
	for _, f := range r.findings {
		text := f.text
		if f.settings != nil {
			text = f.sentence()
		}
		if f.path != "" {
			text = strings.Replace(text, "%s", r.shown(f.path), 1)
		}
		problems = append(problems, Problem{r.shown(f.at.File), f.at.Line, text})
	}
	return problems
}

// shown hides a path that contains a secret, unless the path given to Read
// contains it too: then it is a word like "wordpress".
func (r *reader) shown(path string) string {
	for _, secret := range r.secrets {
		if strings.Contains(path, secret) && !strings.Contains(r.main, secret) {
			return "(path not shown: it contains a secret)"
		}
	}
	return path
}

// shownName is a name for a Problem. The file may have put anything together, so
// only what looks like a name is shown.
func shownName(name string) string {
	if name == "" || len(name) > 80 || isDigit(name[0]) || nameLength(name) < len(name) {
		return "…"
	}
	return name
}
