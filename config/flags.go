package config

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Flag is a setting as a flag of the command line. Its value goes into Sources as text:
// Load checks it, together with all other sources.
type Flag struct {
	Name    string   // without dashes in front, such as db-host
	Setting string   // such as db_host
	Usage   string   // a sentence
	Values  []string // the possible values, if they are few
	Switch  bool     // without a value it means true
}

// Flags are all settings as flags, and --config.
func Flags() []Flag {
	flags := []Flag{{Name: configName, Setting: configName, Usage: "A YAML file with settings."}}
	for _, s := range new(Settings).list() {
		flags = append(flags, Flag{
			Name: flagName(s.name), Setting: s.name, Usage: s.usage, Values: s.values(),
			Switch: s.value == "true" || s.value == "false",
		})
	}
	return flags
}

// values are the possible values of a setting, if they are few: it names them when it
// refuses another.
func (s setting) values() []string {
	var few choices
	errors.As(s.parse("?"), &few)
	return few
}

func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

// PrintSettings lists all settings for people, as flags.
func PrintSettings(w io.Writer) {
	for _, s := range new(Settings).list() {
		fallback := ""
		if s.value != "" {
			fallback = " Default: " + s.value + "."
		}
		fmt.Fprintf(w, "  --%s\n%s\n", flagName(s.name), Wrap(s.usage+fallback, "        ", 78))
	}
}

// Wrap breaks text into lines of at most width, each indented.
func Wrap(text, indent string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		if column > 0 && column+1+len(word) > width {
			b.WriteString("\n")
			column = 0
		}
		if column == 0 {
			b.WriteString(indent)
			column = len(indent)
		} else {
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
