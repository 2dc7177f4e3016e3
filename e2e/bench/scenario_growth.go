package main

import (
	"fmt"
	"time"

	"moserver-sidecar/e2e/stage"
)

// runGrowth measures refreshes on tables of different sizes, each a site of its
// own on the one database, in turn.
func runGrowth(s *stand, o options) report {
	const connections, small, medium = 16, 10_000, 1_000_000
	r := report{Title: "Refreshes as the tables grow"}
	sizes := []struct {
		name    string
		prefix  string
		rows    int
		indexed bool
	}{
		{"10 thousand rows", "s_", small, true},
		{"1 million rows", "m_", medium, true},
		{fmt.Sprintf("%.3g million rows", float64(o.rows)/1e6), "l_", o.rows, true},
		{"1 million rows, before migrate", "n_", medium, false},
	}
	var targets []target
	for _, size := range sizes {
		site := stage.NewSite(s.t, s.binary, s.server, size.prefix)
		k := stock{site}
		s.must(k.putClients())
		progress("storing %d access tokens and as many refresh tokens", size.rows)
		start := time.Now()
		k.fill(allSeries()[resourceName], 1, size.rows)
		k.fill(allSeries()[refreshName], 1, size.rows)
		stored := time.Since(start)
		if size.indexed {
			s.migrate(site.WPConfig)
		}
		r.Notes = append(r.Notes, fmt.Sprintf("%s in each of the two tables: stored in %.1f s, migrate took %.1f s.",
			size.name, stored.Seconds(), (time.Since(start)-stored).Seconds()))
		targets = append(targets, s.refresh(size.name, s.startSidecar(s.binary, site.WPConfig), size.rows))
	}
	s.settle()
	s.warmUp(targets)
	asMany := func(target) load { return load{Connections: connections, Duration: o.seconds} }
	r.Cells = s.rounds(o.rounds, targets, asMany)
	s.useAdvice()
	advised := s.rounds(o.rounds, []target{targets[0], targets[2]}, asMany)
	for _, c := range advised {
		c.Target += ", as doctor advises"
	}
	r.Cells = append(r.Cells, advised...)
	r.Goals = []goal{
		{Name: "rate with " + sizes[2].name + " / rate with 10 thousand", Value: r.Cells[2].Rate / r.Cells[0].Rate, AtLeast: 0.75},
		{Name: "the same as doctor advises", Value: advised[1].Rate / advised[0].Rate, AtLeast: 0.9},
		{Name: "rate with 1 million rows / rate with 10 thousand", Value: r.Cells[1].Rate / r.Cells[0].Rate, AtLeast: 0.95},
		{Name: "rate with 1 million rows / the same before migrate", Value: r.Cells[1].Rate / r.Cells[3].Rate, AtLeast: 1},
	}
	return r
}
