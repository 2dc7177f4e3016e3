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
	t        testing.TB
	cell     cell
	site     sqlSite
	database *sandbox.Server
	proxies  []*sandboxtest.Proxy
	servers  []*server
	nginx    *stage.Nginx
	conf     string // nginx's
	began    time.Time
	trouble  []fault // what goes wrong
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
	s := &stand{t: t, cell: c}
	s.database = sandboxtest.Start(t, sandbox.Options{Accounts: true}) // or it could not be killed
	s.site = sqlSite{stage.NewSite(t, binary, s.database, "")}
	s.site.Account("wp", stage.DBPassword)
	s.site.WPConfig = stage.WriteWPConfig(t, s.database, s.site.Prefix, "wp", stage.DBPassword)
	s.site.Flush()
	if c.Recorded != "never" {
		sandboxtest.NoError(t, s.site.command("migrate"))
	}
	for _, program := range programs {
		proxy := sandboxtest.NewProxy(t, s.database)
		dir := stage.ShortDir(t)
		server := &server{t: t, binary: program, socket: filepath.Join(dir, "s"), flags: append(c.flags(),
			"--wp-config", s.site.WPConfig, "--db-host", "localhost:"+proxy.Path, "--request-timeout", requestTimeout, "--log-level", "error")}
		if c.Sealed {
			key := stage.WriteFile(t, filepath.Join(dir, "key"), sealSecret)
			server.flags = append(server.flags, "--php-upstream", "unix:"+filepath.Join(dir, "nobody"), "--seal-key-file", key)
		}
		server.http = stage.HTTPClient("unix:" + server.socket)
		server.http.Timeout = clientTimeout
		server.start()
		s.proxies, s.servers = append(s.proxies, proxy), append(s.servers, server)
	}
	s.startNginx()
	s.trouble = s.faults()
	return s
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
		Site: s.site, Workers: workers, Seed: s.cell.Seed, RotateAll: s.cell.RotateAll, Pause: 4 * time.Millisecond, History: history.New(),
		Clients: []stage.Client{
			{Name: "App", ID: "app", Secret: "secret of app"}, {Name: "Pub", ID: "pub"},
			{Name: "App 2", ID: "app2", Secret: "secret of app2"}, {Name: "Pub 2", ID: "pub2"},
		},
	}
	for _, server := range s.servers {
		l.Doors = append(l.Doors, door(server.http))
	}
	behind := door(s.nginx.HTTP)
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

func door(c *http.Client) load.Door {
	return load.Door{Send: func(r *http.Request) (stage.Answer, error) { return stage.Do(c, r) }}
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
	stage.Eventually(s.t, stage.Patience, "the servers' connections are closed", func() bool {
		return len(s.site.Strings("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'wp'")) == 0
	})
}
