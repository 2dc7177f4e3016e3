// Bench measures the sidecar beside the least that the database and PHP cost,
// all on one private MariaDB. "make bench" runs it; --help says more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

const help = `make bench                                    the main scenario, in about eight minutes
make bench BENCH="--scenario growth"          another one

Measures the program that "make build" makes on a private MariaDB with durable
commits, beside bare loops of the database driver (the floor) and a route in PHP
that does no more than these. Targets take turns. Requests a second are those of
connections that each send the next request after the last answer; latencies are
those at half of that rate, counted from the moment when a request was due, so
that a stall counts for all requests that it delays. An answer that is not the
expected one ends the run. Results are written as .json and .md, the main scenario's
also into docs/performance.md, and the goals are printed.

Scenarios:

  main       floor, refresh (plain, rotating, with ID tokens of different users), code,
             revoke, resource and PHP at 1, 16, 64 and 256 connections
  growth     refreshes with 10,000, 1,000,000 and 10,000,000 rows, and with 1,000,000
             rows before migrate; takes about 10 GB of disk
  remote     the database is one millisecond away
  nginx      behind nginx: with connections that stay open, without, and with TLS
  overload   ten times as many requests as the sidecar can answer
  sidecars   1, 2 and 4 sidecars on one database
  purge      the expiry of 1,000,000 rows is cleaned up meanwhile
  soak       half of what it can do for 30 minutes: the p99 of each, memory and files

Flags:

`

// options are the flags.
type options struct {
	scenario string
	seconds  time.Duration // of one measurement
	rounds   int
	rows     int    // the most of growth
	beside   string // a program
	results  string // folder
	page     string
}

// scenario is one that can be run.
type scenario struct {
	run     func(*stand, options) report
	withPHP bool
}

func scenarios() map[string]scenario {
	return map[string]scenario{
		"main":     {runMain, true},
		"growth":   {runGrowth, false},
		"remote":   {runRemote, false},
		"nginx":    {runNginx, true},
		"overload": {runOverload, false},
		"sidecars": {runSidecars, false},
		"purge":    {runPurge, false},
		"soak":     {runSoak, false},
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == floorCommand {
		exitOn(serveFloor(os.Args[2]))
		return
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	exitOn(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var r report
	exitOn(sandboxtest.Run(func(t stage.T) {
		chosen := scenarios()[o.scenario]
		s := newStand(ctx, t, chosen.withPHP, o.beside)
		r = chosen.run(s, o)
		r.Scenario, r.Date, r.Machine, r.Command = o.scenario, time.Now(), s.machine(), commandLine()
	}))
	exitOn(o.publish(r))
}

// progress says what is being done.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	seconds := 0.0
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, help); flags.PrintDefaults() }
	flags.StringVar(&o.scenario, "scenario", "main", "what to measure")
	flags.Float64Var(&seconds, "seconds", 1.5, "`length` of one measurement")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each is measured")
	flags.IntVar(&o.rows, "rows", 10_000_000, "the most rows of growth")
	flags.StringVar(&o.beside, "beside", "", "another `program` to measure in the same run, such as that of the commit before")
	flags.StringVar(&o.results, "results", "e2e/bench/results", "`folder` for the results")
	flags.StringVar(&o.page, "page", "docs/performance.md", "`file` for the summary of the main scenario; empty: none")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.seconds = time.Duration(seconds * float64(time.Second))
	if _, ok := scenarios()[o.scenario]; !ok {
		return o, fmt.Errorf("there is no scenario %q; --help lists them", o.scenario)
	}
	if o.seconds <= 0 || o.rounds < 1 || flags.NArg() > 0 {
		return o, errors.New("--seconds and --rounds are numbers above 0, and there are flags only")
	}
	return o, nil
}

// commandLine is how this run can be repeated.
func commandLine() string {
	if len(os.Args) == 1 {
		return "make bench"
	}
	return fmt.Sprintf("make bench BENCH=%q", strings.Join(os.Args[1:], " "))
}

// publish prints and stores what a run has found.
func (o options) publish(r report) error {
	r.table(os.Stdout)
	fmt.Println()
	for _, note := range r.Notes {
		fmt.Println(note)
	}
	for _, g := range r.Goals {
		fmt.Println(g)
	}
	if err := r.write(o.results); err != nil {
		return err
	}
	if o.scenario == "main" && o.page != "" {
		return r.writePage(o.page)
	}
	return nil
}
