package stage

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// ListenLine is the line of a site's configuration in which StartNginx puts an
// address of its own.
const ListenLine = "listen 80;"

// The lines of docker/nginx.conf that say where WordPress and PHP are.
const (
	RootLine = "root /var/www/html;"
	PHPLine  = "fastcgi_pass unix:/run/php/php-fpm.sock;"
)

// The addresses of the sidecar in the files of docker/.
const (
	socketInConf = "/run/moserver/token.sock"
	tcpInConf    = "127.0.0.1:8089"
)

// Nginx is a running nginx before a sidecar and PHP.
type Nginx struct {
	*Process
	Dir     string // with its access log, access.log
	Address string // host:port
	HTTP    *http.Client

	reloads int
}

// workers is how many processes nginx has for requests.
const workers = 2

// StartNginx runs nginx in a folder with a site's configuration.
func StartNginx(t T, dir, conf string) *Nginx {
	t.Helper()
	n := &Nginx{Dir: dir, Address: FreeAddress(t)}
	n.writeSite(t, conf)
	WriteFile(t, n.main(), mainConf(dir))
	n.HTTP = HTTPClient(n.Address)
	// A reload closes the connections that wait for their next request, and a
	// POST that is sent in that moment is lost.
	transport := n.HTTP.Transport.(*http.Transport)
	transport.DisableKeepAlives = true
	transport.TLSClientConfig = trust(dir)
	n.start(t)
	return n
}

func (n *Nginx) main() string { return filepath.Join(n.Dir, "main.conf") }

func (n *Nginx) start(t T) {
	t.Helper()
	n.Process = Start(t, nil, mustFind(t, "nginx"), "-p", n.Dir, "-c", n.main())
	n.reloads = 0
	// It listens before it has workers, and a reload before that would wait for the next.
	n.AwaitThat("nginx has its workers", func() bool {
		return strings.Count(n.Stderr.String(), "start worker process ") == workers
	})
}

// Again kills nginx and starts it anew.
func (n *Nginx) Again() {
	n.t.Helper()
	n.Kill()
	n.start(n.t)
}

func (n *Nginx) writeSite(t T, conf string) {
	t.Helper()
	listen := "listen " + n.Address + ";"
	certificate := filepath.Join(n.Dir, certificateFile)
	if _, err := os.Stat(certificate); err == nil {
		listen = "listen " + n.Address + " ssl; ssl_certificate " + certificate + "; ssl_certificate_key " + filepath.Join(n.Dir, keyFile) + ";"
	}
	conf = Substitute(t, conf, ListenLine, listen)
	WriteFile(t, filepath.Join(n.Dir, "site.conf"), conf)
}

// Reload changes the site's configuration as "systemctl reload nginx" does:
// requests in flight are finished by the workers that they came to. It returns
// when only new workers take requests.
func (n *Nginx) Reload(conf string) {
	n.t.Helper()
	n.writeSite(n.t, conf)
	n.reloads++
	n.Signal(syscall.SIGHUP)
	n.AwaitThat("the workers are new", func() bool {
		return strings.Count(n.Stderr.String(), "gracefully shutting down") == n.reloads*workers
	})
}

// mainConf is what Debian's /etc/nginx/nginx.conf is around a site, in a folder
// of its own.
func mainConf(dir string) string {
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // nginx's own user may not enter the folder
	}
	return fmt.Sprintf(`%s
daemon off;
worker_processes %[3]d;
pid %[2]s/nginx.pid;
error_log stderr info;
events {}
http {
	access_log %[2]s/access.log;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	include %[2]s/site.conf;
}
`, user, dir, workers)
}

// Get asks nginx for a path.
func (n *Nginx) Get(path string) Answer {
	n.t.Helper()
	return n.Send(NewRequest(http.MethodGet, "http://"+n.Address+path, ""))
}

// Post sends a form to a path.
func (n *Nginx) Post(path string, pairs ...string) Answer {
	n.t.Helper()
	return n.Send(FormRequest("http://"+n.Address+path, pairs...))
}

// Send sends a request.
func (n *Nginx) Send(r *http.Request) Answer {
	n.t.Helper()
	a, err := Do(n.HTTP, r)
	sandboxtest.NoError(n.t, err)
	return a
}

// Substitute puts new for old in a configuration, which must have it.
func Substitute(t T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the configuration has no %q", old)
	}
	return strings.ReplaceAll(text, old, new)
}

// WithUpstream names the sidecar's address in a configuration of docker/, in
// lines that begin with beginning. Where it is TCP the comment sign moves from
// the one line to the other.
func WithUpstream(t T, conf, beginning, sidecarAddress string) string {
	t.Helper()
	socketLine, tcpLine := beginning+"unix:"+socketInConf+";", beginning+tcpInConf+";"
	if path, isUnix := strings.CutPrefix(sidecarAddress, "unix:"); isUnix {
		return Substitute(t, conf, " "+socketLine, " "+beginning+"unix:"+path+";")
	}
	conf = Substitute(t, conf, " "+socketLine, " #"+socketLine)
	return Substitute(t, conf, " #"+tcpLine, " "+beginning+sidecarAddress+";")
}
