package main

import (
	"fmt"
	"slices"
	"time"
)

// cell is what was measured of a target under one load.
type cell struct {
	Target      string             `json:"target"`
	Connections int                `json:"connections"`
	Offered     float64            `json:"offered_per_second,omitempty"` // 0: as many as could be
	Rate        float64            `json:"per_second"`
	P50         time.Duration      `json:"p50_ns"`
	P95         time.Duration      `json:"p95_ns"`
	P99         time.Duration      `json:"p99_ns"`
	Shed        float64            `json:"shed,omitempty"`           // share that was refused with 503
	ShedP99     time.Duration      `json:"shed_p99_ns,omitempty"`    // how long a refusal took
	CPU         map[string]float64 `json:"cpu_s_per_1000,omitempty"` // seconds by process
	Peak        map[string]int64   `json:"peak_bytes,omitempty"`     // memory by process

	rates  []float64
	result result
	cpu    map[string]time.Duration
}

// measure adds a load's figures to a cell.
func (s *stand) measure(c *cell, t target, l load) {
	s.must(s.ctx.Err())
	before, err := t.cost.cpu()
	s.must(err)
	r, err := t.run(l)
	if err != nil {
		s.t.Fatalf("%s, %d connections: %v", t.name, l.Connections, err)
	}
	after, err := t.cost.cpu()
	s.must(err)
	if c.cpu == nil {
		c.cpu, c.Peak = map[string]time.Duration{}, map[string]int64{}
	}
	for name := range after {
		c.cpu[name] += after[name] - before[name]
	}
	for name, pid := range t.cost {
		c.Peak[name] = max(c.Peak[name], peak(pid))
	}
	c.rates = append(c.rates, r.rate())
	c.result.add(r)
}

// warmUp lets each target answer some requests that are not measured: the first
// ones compile PHP, open connections and fill the database's memory.
func (s *stand) warmUp(targets []target) {
	for _, t := range targets {
		progress("warming up: %s", t.name)
		if _, err := t.run(load{Connections: 4, Duration: time.Second}); err != nil {
			s.t.Fatalf("%s: %v", t.name, err)
		}
	}
}

// finish makes the figures of a cell from all that was measured: the rate is the
// median of the rounds.
func (c *cell) finish() {
	slices.Sort(c.rates)
	c.Rate = c.rates[len(c.rates)/2]
	all := c.result.Latencies
	slices.Sort(all)
	c.P50, c.P95, c.P99 = quantile(all, 0.50), quantile(all, 0.95), quantile(all, 0.99)
	if answered := len(all) + len(c.result.Shed); len(c.result.Shed) > 0 {
		slices.Sort(c.result.Shed)
		c.Shed, c.ShedP99 = float64(len(c.result.Shed))/float64(answered), quantile(c.result.Shed, 0.99)
	}
	c.CPU = map[string]float64{}
	for name, taken := range c.cpu {
		c.CPU[name] = taken.Seconds() / float64(max(len(all), 1)) * 1000
	}
}

// rounds measures targets in turn, so that whatever else the machine does meets
// all of them alike. loadOf says what each is to do.
func (s *stand) rounds(n int, targets []target, loadOf func(t target) load) []*cell {
	cells := make([]*cell, len(targets))
	for round := range n {
		for i, t := range targets {
			l := loadOf(t)
			if cells[i] == nil {
				cells[i] = &cell{Target: t.name, Connections: l.Connections, Offered: l.Rate}
			}
			s.measure(cells[i], t, l)
			progress("round %d of %d, %-16s %2d connections: %s", round+1, n, t.name, l.Connections, lastRate(cells[i], l))
		}
	}
	for _, c := range cells {
		c.finish()
	}
	return cells
}

func lastRate(c *cell, l load) string {
	text := fmt.Sprintf("%6.0f/s", c.rates[len(c.rates)-1])
	if l.Rate > 0 {
		text += fmt.Sprintf(" of %.0f/s", l.Rate)
	}
	return text
}
