package main

import (
	"context"
	_ "embed" // for the route in PHP
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

//go:embed bench.php
var benchPHP string

// prefix is that of the tables.
const prefix = "wp_"

// stand is all that is measured, on one database.
type stand struct {
	t        stage.T
	ctx      context.Context // ends when the run is to be given up
	server   *sandbox.Server
	stock    stock
	binary   string // of the sidecar, as "make build" makes it
	wpConfig string

	beside string // another sidecar to compare it with; empty: none

	wordPress *stage.WordPress // nil: only the tables
	sidecar   *sidecar
	floor     *floorProcess
	used      map[string]*consumed // by the names of series
}

// newStand starts a database with the plugin's tables, as migrate leaves them,
// and with tokens in them. withPHP starts WordPress too.
func newStand(ctx context.Context, t stage.T, withPHP bool, beside string) *stand {
	s := &stand{t: t, ctx: ctx, binary: build(t), beside: beside, used: map[string]*consumed{}}
	if withPHP {
		s.startWordPress()
	} else {
		s.startDatabase()
	}
	s.useDisk()
	s.must(s.stock.putClients())
	s.stock.putUsers(tokens)
	for _, name := range []string{refreshName, openIDName, resourceName} {
		s.stock.fill(allSeries()[name], 1, tokens)
	}
	s.migrate(s.wpConfig)
	return s
}

func (s *stand) must(err error) { sandboxtest.NoError(s.t, err) }

// build builds the sidecar as its users do.
func build(t stage.T) string {
	progress("building the sidecar")
	os.Setenv("CGO_ENABLED", "0")
	binary, err := stage.Build(stage.ShortDir(t), "-trimpath", "-ldflags=-s -w")
	sandboxtest.NoError(t, err)
	return binary
}

func (s *stand) startDatabase() {
	progress("starting MariaDB")
	s.server = sandboxtest.Start(s.t, sandbox.Options{})
	s.stock = stock{stage.NewSite(s.t, s.binary, s.server, prefix)}
	s.wpConfig = s.stock.WPConfig
}

func (s *stand) startWordPress() {
	progress("starting MariaDB, nginx, PHP and WordPress")
	w := stage.StartWordPress(s.t, s.binary, stage.WordPressOptions{Prefix: prefix})
	w.Sidecar.Stop() // it keeps its log in memory; there will be another
	s.wordPress, s.server, s.wpConfig = w, w.Server, w.WPConfig
	s.stock = stock{w.Site}
	stage.WriteFile(s.t, filepath.Join(filepath.Dir(w.WPConfig), "wp-content", "mu-plugins", "bench.php"), benchPHP)
}

// useDisk makes the database what it is in production: its files are on a disk,
// each commit is on it before it is answered, its log is as large as MariaDB has
// it by itself, and its memory a quarter of the machine's.
func (s *stand) useDisk() {
	const tmpfs = 0x01021994 // statfs(2)
	var fs syscall.Statfs_t
	s.must(syscall.Statfs(s.server.Dir, &fs))
	if fs.Type == tmpfs {
		s.t.Fatalf("%s is in memory, where a commit costs nothing; set TMPDIR to a folder on a disk", s.server.Dir)
	}
	s.stock.Exec(fmt.Sprintf("SET GLOBAL innodb_buffer_pool_size = %d", machineMemory()/4))
	for _, setting := range []string{"innodb_log_file_size = 96 << 20", "innodb_flush_log_at_trx_commit = 1", "max_connections = 1000"} {
		s.stock.Exec("SET GLOBAL " + setting)
	}
}

// useAdvice gives the database the settings that doctor advises for big tables.
func (s *stand) useAdvice() {
	for _, setting := range []string{"innodb_flush_neighbors = 0", "innodb_log_file_size = 2 << 30"} {
		s.stock.Exec("SET GLOBAL " + setting)
	}
	s.settle()
}

// settle waits until what was stored in bulk is on the disk, so that writing it
// is not measured with what comes after. It does not wait for ever.
func (s *stand) settle() {
	progress("letting the database settle")
	s.stock.Exec("SET GLOBAL innodb_max_dirty_pages_pct = 0")
	for start := time.Now(); time.Since(start) < 2*time.Minute; time.Sleep(time.Second) {
		if s.stock.Status("Innodb_buffer_pool_pages_dirty") < 1000 {
			break
		}
	}
	s.stock.Exec("SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT")
}

// migrate adds the indexes as an administrator does.
func (s *stand) migrate(wpConfig string) {
	if out, err := exec.Command(s.binary, "migrate", "--wp-config", wpConfig, "--allow-blocking").CombinedOutput(); err != nil {
		s.t.Fatalf("migrate: %v\n%s", err, out)
	}
}

// serve starts the sidecar, the one that nginx is before.
func (s *stand) serve() *sidecar {
	s.sidecar = s.startSidecar(s.binary, s.wpConfig)
	return s.sidecar
}

// refresh is the target that all scenarios have: a sidecar by its socket, and
// the first n refresh tokens.
func (s *stand) refresh(name string, c *sidecar, n int) target {
	return s.bySocket(name, c, refreshWith("localhost", tokenPath, allSeries()[refreshName], n, `"access_token"`), nil)
}

// bySocket is a target that asks a sidecar by its socket.
func (s *stand) bySocket(name string, c *sidecar, next func() (request, error), uses *consumed) target {
	return target{name: name, generator: &httpTarget{network: "unix", addresses: []string{c.socket}, next: next, stock: uses},
		cost: processes{"sidecar": c.PID(), "database": s.server.PID()}}
}

// grants are the targets of the grants: refreshes, by clients that keep their refresh
// token, that get a new one each time, and that get an ID token, each of another user;
// and codes. What they use up they share, so that any number of sidecars can be asked.
func (s *stand) grants(suffix string, c *sidecar) []target {
	return []target{
		s.refresh(refreshName+suffix, c, tokens),
		s.bySocket(rotatingName+suffix, c, rotate("localhost", s.uses(rotatingName)), s.uses(rotatingName)),
		s.bySocket(openIDName+suffix, c, refreshWith("localhost", tokenPath, allSeries()[openIDName], tokens, `"id_token"`), nil),
		s.bySocket(codeName+suffix, c, redeem("localhost", s.uses(codeName)), s.uses(codeName)),
	}
}

// uses is a series that is used up, the same one at each call.
func (s *stand) uses(name string) *consumed {
	if s.used[name] == nil {
		s.used[name] = &consumed{stock: s.stock, series: allSeries()[name]}
	}
	return s.used[name]
}
