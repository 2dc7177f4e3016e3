package commands

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"moserver-sidecar/wpdb/doctor"
)

func (x *examined) printFacts(w io.Writer, f doctor.Facts) {
	table := newTable(w, 0)
	for _, line := range [][2]string{
		{"Database", fmt.Sprintf("%s at %s, prefix %s, as %s", f.Database, x.settings.DBAddress, f.Prefix, f.Account)},
		{"Server", serverLine(f.Server)},
		{"WordPress", wordPressLine(f.WordPress)},
		{"Plugin", pluginLine(f.Plugin)},
		{"Clients", clientsLine(f.Clients)},
	} {
		fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
	}
	if x.SealKey != "" {
		fmt.Fprintf(table, "Codes\tsealed, fingerprint of the key %s\n", x.SealKey)
	}
	_ = table.Flush() // whether w takes it shows at the last line
	printTables(w, f.Tables)
	for _, note := range f.Notes {
		fmt.Fprintf(w, "\nNote: %s\n", note)
	}
}

func serverLine(s doctor.ServerFacts) string {
	line := fmt.Sprintf("%s %s", s.Kind, s.Version)
	if s.Galera {
		line += ", a Galera node"
	}
	if s.GroupReplication {
		line += ", in group replication"
	}
	line += ", time zone " + s.TimeZone
	if difference := fmt.Sprintf("%.1f", -s.ClockDifference); strings.Trim(difference, "-0.") != "" {
		line += fmt.Sprintf(", clock %s s ahead of this machine's", difference)
	}
	return line
}

func wordPressLine(w doctor.WordPressFacts) string {
	tables := "tables of an unknown version"
	if w.VersionRange != "" {
		tables = "tables of " + w.VersionRange
	}
	line := fmt.Sprintf("%s (db_version %d)", tables, w.DBVersion)
	if w.Version != "" {
		line = printable(w.Version) + " when it last looked for updates, " + line
	}
	switch {
	case w.Blogs != nil:
		line += fmt.Sprintf(", a network of %d sites", *w.Blogs)
	case w.Multisite:
		line += ", a network of sites"
	}
	return line
}

func pluginLine(p doctor.PluginFacts) string {
	line := "unknown version"
	if p.VersionRange != "" {
		line = "version " + p.VersionRange
	}
	if p.Version != "" {
		line = "version " + printable(p.Version) + " when WordPress last looked for updates"
	}
	if p.Active != nil {
		line += map[bool]string{true: ", active", false: ", not active"}[*p.Active]
	}
	return line
}

func clientsLine(c *doctor.ClientFacts) string {
	if c == nil {
		return "unknown"
	}
	line := fmt.Sprintf("%d: %d confidential, %d public", c.Total, c.Confidential, c.Public)
	if c.MCP > 0 {
		line += fmt.Sprintf("; %d registered themselves (MCP)", c.MCP)
	}
	return line
}

func printTables(w io.Writer, tables []doctor.TableFacts) {
	fmt.Fprintln(w)
	width := 0
	for _, f := range tables {
		width = max(width, len(f.Name))
	}
	t := newTable(w, tabwriter.AlignRight)
	fmt.Fprintf(t, "%-*s\tROWS\tLIVE\tEXPIRED\tNEVER EXPIRE\tSIZE\tENGINE\t\n", width, "TABLE")
	for _, f := range tables {
		if f.Engine == "" {
			fmt.Fprintf(t, "%-*s\t\t\t\t\t\tnot seen\t\n", width, f.Name)
			continue
		}
		rows := number(f.Rows)
		if !f.RowsExact {
			rows = "about " + rows
		}
		fmt.Fprintf(t, "%-*s\t%s\t%s\t%s\t%s\t%s\t%s\t\n",
			width, f.Name, rows, number(f.Live), number(f.Expired), number(f.Never), size(f.Bytes), f.Engine)
	}
	_ = t.Flush() // whether w takes it shows at the last line
}

// number is a number that may not be known.
func number(n *int64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

// size is a number of bytes for people.
func size(bytes *int64) string {
	if bytes == nil {
		return "-"
	}
	n, units := float64(*bytes)/1024, []string{"KiB", "MiB", "GiB", "TiB"}
	for n >= 1024 && len(units) > 1 {
		n, units = n/1024, units[1:]
	}
	return fmt.Sprintf("%.0f %s", n, units[0])
}
