package e2e_test

import (
	"io"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// wordPressSay is what the stand-in for WordPress answers, before the address.
const wordPressSay = "this is WordPress: "

// siteConf is docker/nginx.conf for a sidecar on an address.
func siteConf(t testing.TB, sidecarAddress string) string {
	t.Helper()
	return stage.WithUpstream(t, stage.ReadFile(t, "../docker/nginx.conf"), "server ", sidecarAddress)
}

// snippetConf is a file of docker/ in a server block as a site may have it;
// without a name, the include line is taken away.
func snippetConf(t testing.TB, dir, sidecarAddress, name string) string {
	t.Helper()
	include := ""
	if name != "" {
		snippet := stage.WithUpstream(t, stage.ReadFile(t, "../docker/"+name), "proxy_pass http://", sidecarAddress)
		include = "include " + stage.WriteFile(t, filepath.Join(dir, name), snippet) + ";"
	}
	return serverConf(include)
}

// oneOfSeveralConf has the snippet for one of several sites, whose sockets are in dir.
func oneOfSeveralConf(t testing.TB, dir, site string) string {
	t.Helper()
	if out, err := exec.Command("sh", "../packaging/snippets.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("snippets.sh: %v\n%s", err, out)
	}
	path := filepath.Join(dir, "moserver-token-site.conf")
	stage.WriteFile(t, path, stage.Substitute(t, stage.ReadFile(t, path), "/run/moserver/$", dir+"/$"))
	return serverConf("set $moserver_site " + site + "; include " + path + ";")
}

// serverConf is a server block as a site may have it.
func serverConf(include string) string {
	return `server {
	` + stage.ListenLine + `
	` + include + `
	` + stage.RootLine + `
	index index.php;
	location / { try_files $uri $uri/ /index.php?$args; }
	location ~ \.php(/|$) {
		include /etc/nginx/fastcgi_params;
		` + stage.PHPLine + `
	}
}
`
}

// startNginx runs nginx with a site's configuration. In place of php-fpm there
// is a program that speaks FastCGI and says which address was asked for.
func startNginx(t testing.TB, dir, conf string) *stage.Nginx {
	t.Helper()
	stage.WriteFile(t, filepath.Join(dir, "index.php"), "<?php // stands for WordPress's\n")
	serveWordPress(t, filepath.Join(dir, "php.sock"))
	conf = stage.Substitute(t, conf, stage.RootLine, "root "+dir+";")
	conf = stage.Substitute(t, conf, stage.PHPLine, "fastcgi_pass unix:"+filepath.Join(dir, "php.sock")+";")
	return stage.StartNginx(t, dir, conf)
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
			if r.URL.Path == "/wp-json/" || r.URL.Query().Get("rest_route") == "/" {
				_, _ = io.WriteString(w, `{"namespaces":["oembed/1.0"]}`) // what check asks for
				return
			}
			_, _ = io.WriteString(w, wordPressSay+r.URL.RequestURI()) // a client that is gone is its test's matter
		})) // it ends with its listener
	}()
}

// nginxFolder is an /etc/nginx as nginx's image and compose.yaml make it.
func nginxFolder(t testing.TB) (dir string) {
	t.Helper()
	dir = stage.ShortDir(t)
	copyFile(t, "/etc/nginx/fastcgi_params", filepath.Join(dir, "fastcgi_params"))
	if err := os.Mkdir(filepath.Join(dir, "snippets"), 0o755); err != nil {
		t.Fatal(err)
	}
	copyFile(t, "../docker/moserver-namespace.conf", filepath.Join(dir, "snippets/moserver-namespace.conf"))
	return dir
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(stage.ReadFile(t, from)), info.Mode()); err != nil {
		t.Fatal(err)
	}
}
