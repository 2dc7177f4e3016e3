package main

import (
	"fmt"
	"os"
	"time"
)

// runSoak keeps the sidecar at half of what it can do, a minute after the other, and
// watches that it neither slows down nor grows.
func runSoak(s *stand, o options) report {
	const connections, minutes = 64, 30
	c := s.serve()
	t := s.refresh(refreshName, c, tokens)
	s.warmUp([]target{t})
	capacity := s.rounds(o.rounds, []target{t}, func(target) load { return load{Connections: connections, Duration: o.seconds} })[0]
	r := report{Title: "Half of what the sidecar can do, for 30 minutes", Cells: []*cell{capacity}}
	var open, resident []int64
	for minute := range minutes {
		measured := s.rounds(1, []target{t}, func(target) load {
			return load{Connections: connections, Duration: time.Minute, Rate: capacity.Rate / 2}
		})[0]
		measured.Target = fmt.Sprintf("minute %d", minute+1)
		r.Cells = append(r.Cells, measured)
		files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.PID()))
		s.must(err)
		open = append(open, int64(len(files)))
		resident = append(resident, bytesIn(fmt.Sprintf("/proc/%d/status", c.PID()), "VmRSS:"))
		r.Notes = append(r.Notes, fmt.Sprintf("After minute %d: %d files open, %d MiB of memory.", minute+1, len(files), resident[minute]>>20))
	}
	first, last := r.Cells[2], r.Cells[len(r.Cells)-1] // the first minute still warms up
	r.Goals = []goal{
		{Name: "p99 in the last minute / in the second", Value: ratio(last, first), AtMost: 2},
		{Name: "files open in the last minute / in the second", Value: share(open), AtMost: 1.2},
		{Name: "memory in the last minute / in the second", Value: share(resident), AtMost: 1.3},
	}
	return r
}

// share is the last of some values, in those of the second.
func share(values []int64) float64 { return float64(values[len(values)-1]) / float64(values[1]) }
