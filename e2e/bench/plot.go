package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The plot's measures in pixels.
const (
	plotWidth = 860
	labelWide = 250
	barHeight = 16
	rowHeight = 22
)

// plot draws what was answered a second and the 99th percentiles as bars, on
// logarithmic scales: PHP and the floor are far apart.
func (r report) plot() string {
	var rates, latencies []bar
	for _, c := range r.Cells {
		name := fmt.Sprintf("%s, %d", c.Target, c.Connections)
		if c.Offered == 0 {
			rates = append(rates, bar{name, c.Rate, fmt.Sprintf("%.0f/s", c.Rate)})
		} else {
			latencies = append(latencies, bar{name, c.P99.Seconds() * 1000, milliseconds(c.P99)})
		}
	}
	var b strings.Builder
	y := 30
	y = chart(&b, y, "Answered a second, by connections (logarithmic)", "#2b6cb0", rates)
	y = chart(&b, y, "99th percentile of latency at a fixed rate (logarithmic)", "#c05621", latencies)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="white"/>
%s</svg>
`, plotWidth, y, b.String())
}

// bar is one value of a chart.
type bar struct {
	name  string
	value float64
	text  string
}

// chart draws bars below y, and returns where it ends.
func chart(b *strings.Builder, y int, title, color string, bars []bar) int {
	if len(bars) == 0 {
		return y
	}
	least, most := math.Inf(1), 0.0
	for _, bar := range bars {
		if bar.value > 0 {
			least, most = min(least, bar.value), max(most, bar.value)
		}
	}
	fmt.Fprintf(b, "<text x=\"10\" y=\"%d\" font-size=\"15\">%s</text>\n", y, title)
	y += 12
	for _, bar := range bars {
		// The shortest bar is a twentieth of the longest, not nothing.
		width := 0.0
		if bar.value > 0 {
			share := 1.0
			if most > least {
				share = 0.05 + 0.95*math.Log(bar.value/least)/math.Log(most/least)
			}
			width = share * (plotWidth - labelWide - 100)
		}
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", labelWide-8, y+barHeight-3, html.EscapeString(bar.name))
		fmt.Fprintf(b, "<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"%d\" fill=\"%s\"/>", labelWide, y, width, barHeight, color)
		fmt.Fprintf(b, "<text x=\"%.0f\" y=\"%d\">%s</text>\n", labelWide+width+6, y+barHeight-3, bar.text)
		y += rowHeight
	}
	return y + 30
}
