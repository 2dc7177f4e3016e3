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

// mainGoals are the goals of the rates. signatures is how many RS256 signatures a second
// the machine makes.
func mainGoals(r report, signatures float64) (goals []goal) {
	const few, many = 16, 64
	beside := r.find(refreshName+besideSuffix, 1, true).Rate > 0
	if beside {
		goals = append(goals, goal{Name: "p99 of refreshes / the other program's, 1 connection",
			Value: ratio(r.find(refreshName, 1, true), r.find(refreshName+besideSuffix, 1, true)), AtMost: 1.05})
	}
	for _, n := range connectionCounts()[1:] {
		rate := func(target string) float64 { return r.find(target, n, false).Rate }
		add := func(name string, value, atLeast float64) {
			goals = append(goals, goal{Name: fmt.Sprintf("%s, %d connections", name, n), Value: value, AtLeast: atLeast})
		}
		add("refreshes / floor", rate(refreshName)/rate(floorName), map[int]float64{few: 0.8, many: 1.15, 256: 1.3}[n])
		add("refreshes / PHP", rate(refreshName)/rate(phpName), map[int]float64{few: 50, many: 80, 256: 80}[n])
		add("rotating refreshes / refreshes", rate(rotatingName)/rate(refreshName), 0.65)
		add("ID tokens / RSA signatures, or refreshes if fewer", rate(openIDName)/min(signatures, rate(refreshName)), 0.75)
		if beside {
			add("codes / the other program's", rate(codeName)/rate(codeName+besideSuffix), map[int]float64{few: 1.5, many: 2, 256: 2}[n])
		}
	}
	floor, refresh := r.find(floorName, many, false), r.find(refreshName, many, false)
	return append(goals,
		goal{Name: "database time of a refresh / the floor's, 64 connections", Value: refresh.CPU["database"] / floor.CPU["database"], AtMost: 0.35},
		goal{Name: "time of the sidecar for a refresh, 64 connections, µs", Value: refresh.CPU["sidecar"] * 1000, AtMost: 85},
		goal{Name: "p99 of refreshes / the floor's, half of the rate, 16 connections",
			Value: ratio(r.find(refreshName, few, true), r.find(floorName, few, true)), AtMost: 3})
}

// ratio is that of two cells' 99th percentiles.
func ratio(a, b *cell) float64 { return float64(a.P99) / float64(b.P99) }
