package commands

import (
	"encoding/json"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// printJSON prints a value for machines, readable for people too.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // it is not for a web page, and has SQL in it
	return encoder.Encode(value)
}

// newTable aligns lines of cells that end with tabs. Flush prints them.
func newTable(w io.Writer, flags uint) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', flags)
}

// printable replaces what a terminal could take for a command: rows may hold anything that
// a client has sent.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
