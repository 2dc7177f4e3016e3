package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The lines of docker/nginx.conf and of the snippets beside it that each site
// has to make its own.
const (
	lineListen   = "listen 80;"
	lineRoot     = "root /var/www/html;"
	linePHP      = "fastcgi_pass unix:/run/php/php-fpm.sock;"
	socketInConf = "/run/moserver/token.sock"
	tcpInConf    = "127.0.0.1:8089"
	wordPressSay = "this is WordPress: "
)

// front is a running nginx before a sidecar and a stand-in for php-fpm.
type front struct {
	*process
	dir     string
	address string
	http    *http.Client
}

// substitute puts new for old in a configuration, which must have it.
func substitute(t testing.TB, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the configuration has no %q", old)
	}
	return strings.ReplaceAll(text, old, new)
}

// siteConf is docker/nginx.conf for a sidecar on an address.
func siteConf(t testing.TB, sidecarAddress string) string {
	t.Helper()
	return withUpstream(t, string(readFile(t, "../docker/nginx.conf")), "server ", sidecarAddress)
}

// withUpstream names the sidecar's address in a configuration. Where it is TCP
// the comment sign moves from the one line to the other; both begin alike.
func withUpstream(t testing.TB, conf, beginning, sidecarAddress string) string {
	t.Helper()
	socketLine, tcpLine := beginning+"unix:"+socketInConf+";", beginning+tcpInConf+";"
	if path, isUnix := strings.CutPrefix(sidecarAddress, "unix:"); isUnix {
		return substitute(t, conf, " "+socketLine, " "+beginning+"unix:"+path+";")
	}
	conf = substitute(t, conf, " "+socketLine, " #"+socketLine)
	return substitute(t, conf, " #"+tcpLine, " "+beginning+sidecarAddress+";")
}

// snippetConf is a file of docker/ in a server block as a site may have it;
// without a name, the include line is taken away.
func snippetConf(t testing.TB, dir, sidecarAddress, name string) string {
	t.Helper()
	include := ""
	if name != "" {
		snippet := withUpstream(t, string(readFile(t, "../docker/"+name)), "proxy_pass http://", sidecarAddress)
		include = "include " + writeFile(t, filepath.Join(dir, name), snippet) + ";"
	}
	return `server {
	` + lineListen + `
	` + include + `
	` + lineRoot + `
	index index.php;
	location / { try_files $uri $uri/ /index.php?$args; }
	location ~ \.php(/|$) {
		include /etc/nginx/fastcgi_params;
		` + linePHP + `
	}
}
`
}

// startNginx runs nginx with a site's configuration. In place of php-fpm there
// is a program that speaks FastCGI and says which address was asked for.
func startNginx(t testing.TB, dir, conf string) *front {
	t.Helper()
	f := &front{dir: dir, address: freeAddress(t)}
	writeFile(t, filepath.Join(dir, "index.php"), "<?php // stands for WordPress's\n")
	serveWordPress(t, filepath.Join(dir, "php.sock"))
	conf = substitute(t, conf, lineListen, "listen "+f.address+";")
	conf = substitute(t, conf, lineRoot, "root "+dir+";")
	conf = substitute(t, conf, linePHP, "fastcgi_pass unix:"+filepath.Join(dir, "php.sock")+";")
	program, err := find("nginx")
	if err != nil {
		t.Fatal(err)
	}
	main := writeFile(t, filepath.Join(dir, "main.conf"), mainConf(dir, writeFile(t, filepath.Join(dir, "site.conf"), conf)))
	f.process = start(t, nil, program, "-p", dir, "-c", main)
	f.http = httpClient(f.address)
	t.Cleanup(f.http.CloseIdleConnections)
	f.awaitThat("nginx listens", func() bool {
		conn, err := net.Dial("tcp", f.address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return f
}

// mainConf is what Debian's /etc/nginx/nginx.conf is around a site, in a folder
// of its own.
func mainConf(dir, site string) string {
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // nginx's own user may not enter the folder
	}
	return fmt.Sprintf(`%s
daemon off;
master_process off; # one process, which a test can end
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
	include %[3]s;
}
`, user, dir, site)
}

// serveWordPress answers FastCGI requests on a socket.
func serveWordPress(t testing.TB, socket string) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		_ = fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, wordPressSay+r.URL.RequestURI()) // a client that is gone is its test's matter
		})) // it ends with its listener
	}()
}

// get asks nginx for a path.
func (f *front) get(path string) answer {
	f.t.Helper()
	a, err := do(f.http, mustRequest(http.MethodGet, "http://"+f.address+path, ""))
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// post sends a form to a path.
func (f *front) post(path string, pairs ...string) answer {
	f.t.Helper()
	return f.send(formRequest("http://"+f.address+path, pairs...))
}

func (f *front) send(r *http.Request) answer {
	f.t.Helper()
	a, err := do(f.http, r)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}
