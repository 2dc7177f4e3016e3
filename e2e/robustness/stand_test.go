package robustness_test

import (
	"crypto/rand"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"moserver-sidecar/e2e/robustness/history"
	"moserver-sidecar/e2e/robustness/load"
	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/oauth"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// stand is what a run plays on: a database, two servers that reach it through a proxy
// each, and nginx before the first.
type stand struct {
	t       testing.TB
	cell    cell
	site    sqlSite
	nodes   []*sandbox.Server // of a cluster: one for each server, and the last for PHP; else one
	proxies []*sandboxtest.Proxy
	servers []*server
	nginx   *stage.Nginx
	conf    string // nginx's
	history *history.Recorder
	began   time.Time // of the history
	codes   int       // how many clients are to compete for; 0: the whole load, until time is up
	trouble []fault   // what goes wrong
}

// server is a moserver-sidecar that can be started again.
type server struct {
	*stage.Process
	t      testing.TB
	binary string
	socket string
	flags  []string
	http   *http.Client
}

// The times that clients and servers wait. An outage in a run is as short.
const (
	requestTimeout = "3s"
	clientTimeout  = 6 * time.Second
)

// newStand starts it all; the servers are of the programs.
func newStand(t testing.TB, c cell, programs ...string) *stand {
	t.Helper()
	database := sandboxtest.Start(t, sandbox.Options{Accounts: true}) // or it could not be killed
	return newStandOn(t, c, []*sandbox.Server{database}, programs...)
}

// newStandOn starts it on a database, or on the nodes of a cluster.
func newStandOn(t testing.TB, c cell, nodes []*sandbox.Server, programs ...string) *stand {
	t.Helper()
	last := nodes[len(nodes)-1]
	s := &stand{t: t, cell: c, nodes: nodes, site: sqlSite{stage.NewSite(t, binary, last, "")}}
	s.settle()
	s.site.Account("wp", stage.DBPassword)
	s.site.WPConfig = stage.WriteWPConfig(t, last, s.site.Prefix, "wp", stage.DBPassword)
	s.site.Flush()
	if c.Recorded != "never" {
		sandboxtest.NoError(t, s.site.command("migrate", "--galera"))
	}
	for i, program := range programs {
		s.addServer(program, nodes[i%len(nodes)])
	}
	s.startNginx()
	s.trouble = s.faults()
	return s
}

// settle lets PHP's node of a cluster wait for what the others have written: what PHP
// does not see for a moment is none of the server's business.
func (s *stand) settle() {
	s.t.Helper()
	if s.isCluster() {
		s.site.Exec("SET GLOBAL wsrep_sync_wait = 3")
		s.site.Root.SetMaxIdleConns(0) // closes the sessions that do not
		s.site.Root.SetMaxIdleConns(workers)
	}
}

func (s *stand) isCluster() bool { return len(s.nodes) > 1 }

// addServer starts a server that reaches a node through a proxy of its own.
func (s *stand) addServer(program string, node *sandbox.Server) {
	s.t.Helper()
	proxy := sandboxtest.NewProxy(s.t, node)
	dir := stage.ShortDir(s.t)
	server := &server{t: s.t, binary: program, socket: filepath.Join(dir, "s"), flags: append(s.cell.flags(),
		"--wp-config", s.site.WPConfig, "--db-host", "localhost:"+proxy.Path, "--request-timeout", requestTimeout, "--log-level", "error")}
	if s.cell.Sealed {
		key := stage.WriteFile(s.t, filepath.Join(dir, "key"), sealSecret)
		server.flags = append(server.flags, "--php-upstream", "unix:"+filepath.Join(dir, "nobody"), "--seal-key-file", key)
	}
	server.http = stage.HTTPClient("unix:" + server.socket)
	server.http.Timeout = clientTimeout
	server.start()
	s.proxies, s.servers = append(s.proxies, proxy), append(s.servers, server)
}

// sealSecret is what codes are sealed with.
var sealSecret = strings.Repeat("seal", 8)

func (s *stand) startNginx() {
	s.t.Helper()
	dir := stage.ShortDir(s.t)
	snippet := stage.WithUpstream(s.t, stage.ReadFile(s.t, stage.ProjectFile(s.t, "docker/moserver-token.conf")), "proxy_pass http://", "unix:"+s.servers[0].socket)
	s.conf = "server {\n" + stage.ListenLine + "\n" + "include " + stage.WriteFile(s.t, filepath.Join(dir, "token.conf"), snippet) + ";\n}\n"
	s.nginx = stage.StartNginx(s.t, dir, s.conf)
	s.nginx.HTTP.Timeout = clientTimeout
}

// start starts the server, and waits until it listens.
func (s *server) start() {
	s.t.Helper()
	s.Process = stage.Start(s.t, nil, s.binary, append([]string{"serve", "--listen", "unix:" + s.socket}, s.flags...)...)
	s.AwaitThat("it listens", func() bool {
		conn, err := net.Dial("unix", s.socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// load is clients for the stand.
func (s *stand) load(workers int) *load.Load {
	s.t.Helper()
	l := &load.Load{
		Site: s.site, Workers: workers, Seed: s.cell.Seed, RotateAll: s.cell.RotateAll, KeepUsers: s.isCluster(), Pause: time.Millisecond, History: history.New(), Codes: s.codes,
		Clients: []stage.Client{
			{Name: "App", ID: "app", Secret: "secret of app"}, {Name: "Pub", ID: "pub"},
			{Name: "App 2", ID: "app2", Secret: "secret of app2"}, {Name: "Pub 2", ID: "pub2"},
		},
	}
	for i, server := range s.servers {
		l.Doors = append(l.Doors, door(server.http, i+1))
	}
	behind := door(s.nginx.HTTP, 1)
	behind.TokenOnly = true
	l.Doors = append(l.Doors, behind)
	if s.cell.Sealed {
		l.Seal = s.seal()
	}
	for _, c := range l.Clients {
		sandboxtest.NoError(s.t, s.site.SetClient(c, true))
	}
	return l
}

func door(c *http.Client, server int) load.Door {
	return load.Door{Server: server, Send: func(r *http.Request) (stage.Answer, error) { return stage.Do(c, r) }}
}

// seal does what the server does to codes on their way to clients.
func (s *stand) seal() func(string, stage.Client) (string, string) {
	s.t.Helper()
	seals, err := oauth.NewSeals([]byte(sealSecret))
	sandboxtest.NoError(s.t, err)
	sealer := &oauth.Server{Seals: seals, Now: time.Now, Random: rand.Reader}
	return func(code string, c stage.Client) (string, string) {
		verifier := strings.Repeat("verifier", 6)
		redirection, err := sealer.Authorized(s.t.Context(), oauth.Authorization{ClientID: c.ID, Challenge: verifier, Method: "plain"}, code)
		if err != nil {
			s.t.Error(err)
		}
		return redirection.Code, verifier
	}
}

// stop ends the servers in order, and waits until the database has nothing of theirs to
// do any more.
func (s *stand) stop() {
	s.t.Helper()
	for _, server := range s.servers {
		server.http.CloseIdleConnections()
		server.Stop()
	}
	for _, node := range s.nodes {
		root := sandboxtest.SiteOn(s.t, node, s.site.Prefix)
		stage.Eventually(s.t, stage.Patience, "the servers' connections are closed", func() bool {
			return len(root.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'wp'")) == 0
		})
	}
}
