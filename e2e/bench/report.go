package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// report is what a scenario has found.
type report struct {
	Scenario string    `json:"scenario"`
	Title    string    `json:"title"`
	Date     time.Time `json:"date"`
	Machine  string    `json:"machine"`
	Command  string    `json:"command"`
	Cells    []*cell   `json:"cells"`
	Notes    []string  `json:"notes,omitempty"`
	Goals    []goal    `json:"goals,omitempty"`
}

// write stores the report in a folder, for machines and people.
func (r report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, content := range map[string]string{".json": string(text) + "\n", ".md": r.markdown()} {
		if err := os.WriteFile(filepath.Join(dir, r.Scenario+name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// markdown is the report for people.
func (r report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s, on %s:\n\n    %s\n\n", r.Title, r.Date.Format(time.DateOnly), r.Machine, r.Command)
	r.table(&b)
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "\n- %s", note)
	}
	if len(r.Goals) > 0 {
		b.WriteString("\n```\n")
		for _, g := range r.Goals {
			fmt.Fprintln(&b, g)
		}
		b.WriteString("```\n")
	}
	return b.String()
}

// table has a line for each cell. Processor time is in seconds a thousand
// requests, which is milliseconds a request.
func (r report) table(w io.Writer) {
	fmt.Fprintln(w, "| What | Connections | Sent a second | Answered a second | p50 | p95 | p99 | Refused | Processor, s per 1,000 | Peak memory, MiB |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|---|---|")
	for _, c := range r.Cells {
		offered, shed := "as many as go", ""
		if c.Offered > 0 {
			offered = fmt.Sprintf("%.0f", c.Offered)
		}
		if c.Shed > 0 {
			shed = fmt.Sprintf("%.1f %% (p99 %s)", c.Shed*100, milliseconds(c.ShedP99))
		}
		fmt.Fprintf(w, "| %s | %d | %s | %.0f | %s | %s | %s | %s | %s | %s |\n", c.Target, c.Connections, offered, c.Rate,
			milliseconds(c.P50), milliseconds(c.P95), milliseconds(c.P99), shed,
			byName(c.CPU, func(v float64) string { return fmt.Sprintf("%.3f", v) }),
			byName(c.Peak, func(v int64) string { return fmt.Sprintf("%.0f", float64(v)/(1<<20)) }))
	}
}

// processNames are all, in the order of a request's way.
func processNames() []string {
	return []string{loadGenerator, "nginx", "sidecar", "PHP", "floor", "database"}
}

// byName lists the values that there are.
func byName[V any](values map[string]V, format func(V) string) string {
	position := func(name string) int { return slices.Index(processNames(), strings.TrimRight(name, " 1234")) }
	names := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
		return cmp.Or(cmp.Compare(position(a), position(b)), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names {
		parts = append(parts, name+" "+format(values[name]))
	}
	return strings.Join(parts, ", ")
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
}

// The marks between which the page has the summary.
const (
	markBegin = "<!-- bench -->"
	markEnd   = "<!-- /bench -->"
)

// writePage puts the summary into the page of docs.
func (r report) writePage(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), markBegin)
	_, after, ok2 := strings.Cut(rest, markEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks %s and %s", path, markBegin, markEnd)
	}
	return os.WriteFile(path, []byte(before+markBegin+"\n"+r.summary()+markEnd+after), 0o644)
}

// summary is what the page tells of a run of the main scenario.
func (r report) summary() string {
	var b strings.Builder
	fmt.Fprintln(&b, "| 16 connections | Answered a second | p50 | p99 | Processor time, ms a request |\n|---|--:|--:|--:|---|")
	for _, c := range r.Cells {
		if c.Connections != 16 || c.Offered > 0 {
			continue
		}
		half := r.find(c.Target, c.Connections, true)
		cpu := map[string]float64{}
		for name, v := range c.CPU {
			if name != loadGenerator {
				cpu[name] = v
			}
		}
		fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %s |\n", c.Target, c.Rate, milliseconds(half.P50), milliseconds(half.P99),
			byName(cpu, func(v float64) string { return fmt.Sprintf("%.3f", v) }))
	}
	fmt.Fprintf(&b, "\nLatencies are those at half of that rate, counted from when a request was due. `%s`, %s, on %s.\n",
		r.Command, r.Date.Format(time.DateOnly), r.Machine)
	return b.String()
}
