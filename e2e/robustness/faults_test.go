package robustness_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// fault is something that goes wrong, and is well again when it returns.
type fault struct {
	name string
	do   func(s *stand, random *rand.Rand)
}

// faults are those of a stand.
func (s *stand) faults() []fault {
	list := []fault{
		{"database killed", (*stand).killDatabase},
		{"database stopped for a while", (*stand).pauseDatabase},
		{"database read-only", (*stand).readOnly},
		{"server killed", (*stand).killServer},
		{"server stopped for a while", (*stand).pauseServer},
		{"server replaced", (*stand).replaceServer},
		{"connections cut", (*stand).cut},
		{"connections cut", (*stand).cut},
		{"connections cut", (*stand).cut},
		{"network swallows", (*stand).swallow},
		{"network slow", (*stand).slow},
		{"nginx reloaded", (*stand).reloadNginx},
		{"nginx killed", (*stand).killNginx},
		{"purge", func(s *stand, _ *rand.Rand) { s.command("purge") }},
	}
	if s.cell.Recorded == "sometimes" {
		list = append(list,
			fault{"migrate", func(s *stand, _ *rand.Rand) { s.command("migrate") }},
			fault{"migrate --undo", func(s *stand, _ *rand.Rand) { s.command("migrate", "--undo") }})
	}
	return list
}

// disturb lets things go wrong until ctx ends, and counts what did.
func (s *stand) disturb(ctx context.Context) map[string]int {
	random, list, counts := rand.New(rand.NewPCG(s.cell.Seed, 3)), s.trouble, map[string]int{}
	for ctx.Err() == nil {
		f := list[random.IntN(len(list))]
		counts[f.name]++
		s.t.Logf("%7.3f %s", time.Since(s.began).Seconds(), f.name)
		f.do(s, random)
		wait(random, 1200*time.Millisecond)
	}
	return counts
}

// wait sleeps for a random time.
func wait(random *rand.Rand, most time.Duration) {
	time.Sleep(time.Duration(random.Int64N(int64(most))))
}

func (s *stand) killDatabase(random *rand.Rand) {
	node := s.nodes[random.IntN(len(s.nodes))]
	crash := history.Op{Kind: history.Crash, Call: s.history.Now(), Outcome: history.OK}
	node.Kill()
	s.history.Add(crash)
	wait(random, time.Second)
	if !s.isCluster() {
		sandboxtest.NoError(s.t, node.Run(context.Background()))
		return
	}
	time.Sleep(time.Duration(random.IntN(8)) * time.Second) // the others notice after five
	sandboxtest.NoError(s.t, node.Rejoin(context.Background()))
	s.settle()
}

func (s *stand) pauseDatabase(random *rand.Rand) {
	s.pause(s.nodes[random.IntN(len(s.nodes))].PID(), random)
}

func (s *stand) pause(pid int, random *rand.Rand) {
	sandboxtest.NoError(s.t, syscall.Kill(pid, syscall.SIGSTOP))
	wait(random, 2*time.Second)
	sandboxtest.NoError(s.t, syscall.Kill(pid, syscall.SIGCONT))
}

func (s *stand) readOnly(random *rand.Rand) {
	s.site.Exec("SET GLOBAL read_only = 1")
	wait(random, 2*time.Second)
	s.site.Exec("SET GLOBAL read_only = 0")
}

func (s *stand) any(random *rand.Rand) *server { return s.servers[random.IntN(len(s.servers))] }

func (s *stand) killServer(random *rand.Rand) {
	server := s.any(random)
	server.Kill()
	wait(random, 300*time.Millisecond)
	server.start()
}

func (s *stand) pauseServer(random *rand.Rand) { s.pause(s.any(random).PID(), random) }

func (s *stand) replaceServer(random *rand.Rand) {
	server := s.any(random)
	server.Stop()
	server.start()
}

// cut breaks connections at some of the next statements.
func (s *stand) cut(random *rand.Rand) {
	prefixes := []string{"START TRANSACTION", "DELETE", "INSERT", "REPLACE", "COMMIT", "SELECT", "EXECUTE", "PREPARE", ""}
	for _, p := range s.proxies {
		when := sandboxtest.Cut(random.IntN(4))
		between, during := time.Duration(random.IntN(30))*time.Millisecond, time.Duration(random.IntN(3))*time.Millisecond
		p.SetHooks(func() { time.Sleep(during) }, func() { time.Sleep(between) })
		p.CutAt(prefixes[random.IntN(len(prefixes))], when, 1+random.IntN(6))
	}
}

// swallow is a network that carries nothing more, and tells nobody.
func (s *stand) swallow(random *rand.Rand) {
	p := s.proxies[random.IntN(len(s.proxies))]
	p.Set(true, random.IntN(2) == 0, 0)
	wait(random, 3*time.Second)
	p.Set(false, false, 0)
}

func (s *stand) slow(random *rand.Rand) {
	p := s.proxies[random.IntN(len(s.proxies))]
	p.Set(false, false, time.Duration(random.IntN(50))*time.Millisecond)
	wait(random, 2*time.Second)
	p.Set(false, false, 0)
}

func (s *stand) reloadNginx(*rand.Rand) { s.nginx.Reload(s.conf) }

func (s *stand) killNginx(*rand.Rand) { s.nginx.Again() }

// command runs a command of an administrator in the middle of everything. It may fail
// where something else goes wrong.
func (s *stand) command(args ...string) {
	if err := s.site.command(args...); err != nil {
		s.t.Log(fmt.Errorf("it did not work: %w", err))
	}
}
