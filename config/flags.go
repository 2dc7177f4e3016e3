package config

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// Flags adds all settings to a set of flags, and --config, and returns the map
// that they will be in, for Sources.
func Flags(flags *flag.FlagSet) map[string]string {
	set := map[string]string{}
	put := func(name string) func(string) error {
		return func(text string) error {
			set[name] = text
			return nil
		}
	}
	flags.Func("config", "", put("config"))
	for _, s := range new(Settings).list() {
		if s.value == "true" || s.value == "false" {
			flags.BoolFunc(flagName(s.name), "", put(s.name)) // may stand without a value
		} else {
			flags.Func(flagName(s.name), "", put(s.name))
		}
	}
	return set
}

func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

// PrintSettings lists all settings for people, as flags.
func PrintSettings(w io.Writer) {
	for _, s := range new(Settings).list() {
		fallback := ""
		if s.value != "" {
			fallback = " Default: " + s.value + "."
		}
		fmt.Fprintf(w, "  --%s\n%s\n", flagName(s.name), wrap(s.usage+fallback, "        ", 78))
	}
}

// wrap breaks text into lines of at most width, each indented.
func wrap(text, indent string, width int) string {
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
