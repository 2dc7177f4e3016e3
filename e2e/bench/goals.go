package main

import "fmt"

// goal is a figure with its bound.
type goal struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	AtLeast float64 `json:"at_least,omitempty"`
	AtMost  float64 `json:"at_most,omitempty"`
}

// met tells whether a goal is reached.
func (g goal) met() bool { return g.Value >= g.AtLeast && (g.AtMost == 0 || g.Value <= g.AtMost) }

// String is the goal on a line.
func (g goal) String() string {
	bound := fmt.Sprintf("at least %.4g", g.AtLeast)
	if g.AtMost > 0 {
		bound = fmt.Sprintf("at most %.4g", g.AtMost)
	}
	return fmt.Sprintf("%-72s %8.3g, goal %-15s %s", g.Name, g.Value, bound, map[bool]string{true: "met", false: "MISSED"}[g.met()])
}

// find is the cell of a target: with the rate that it can do, or at half of it.
func (r report) find(target string, connections int, half bool) *cell {
	for _, c := range r.Cells {
		if c.Target == target && c.Connections == connections && (c.Offered > 0) == half {
			return c
		}
	}
	return &cell{}
}

// mainGoals are the goals at 16 connections.
func mainGoals(r report) []goal {
	const n = 16
	floor, refresh, php := r.find(floorName, n, false), r.find(refreshName, n, false), r.find(phpName, n, false)
	floorHalf, refreshHalf, phpHalf := r.find(floorName, n, true), r.find(refreshName, n, true), r.find(phpName, n, true)
	return []goal{
		{Name: "rate of refreshes / rate of the floor", Value: refresh.Rate / floor.Rate, AtLeast: 0.70},
		{Name: "rate of refreshes / rate of PHP", Value: refresh.Rate / php.Rate, AtLeast: 40},
		{Name: "p99 of refreshes / p99 of the floor, each at half of its rate", Value: ratio(refreshHalf, floorHalf), AtMost: 3},
		{Name: "p99 of refreshes / p99 of PHP, each at half of its rate", Value: ratio(refreshHalf, phpHalf), AtMost: 1. / 15},
		{Name: "processor time of the sidecar for a refresh, µs", Value: refresh.CPU["sidecar"] * 1000, AtMost: 120},
	}
}

// ratio is that of two cells' 99th percentiles.
func ratio(a, b *cell) float64 { return float64(a.P99) / float64(b.P99) }
