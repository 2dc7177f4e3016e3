package stage

import (
	"cmp"
	"fmt"
	"path/filepath"
)

// DoorConf is docker/moserver-door.conf for a sidecar and a PHP on php.sock in a
// folder. PHP listens on inner for the sidecar, and runs script, which WordPress has
// at the path name.
func DoorConf(t T, dir, sidecarAddress, inner, script, name string) string {
	t.Helper()
	conf := WithUpstream(t, ReadFile(t, ProjectFile(t, "docker/moserver-door.conf")), "server ", sidecarAddress)
	conf = Substitute(t, conf, "listen 127.0.0.1:8088;", "listen "+inner+";")
	conf = Substitute(t, conf, "SCRIPT_FILENAME /var/www/html/index.php;", "SCRIPT_FILENAME "+script+";")
	conf = Substitute(t, conf, "SCRIPT_NAME /index.php;", "SCRIPT_NAME "+name+";")
	return Substitute(t, conf, PHPLine, "fastcgi_pass unix:"+filepath.Join(dir, "php.sock")+";")
}

// conf is nginx's configuration of the site, with or without the snippet that
// sends the token endpoint, or the whole namespace, to the sidecar.
func (w *WordPress) conf(toSidecar bool) string {
	w.T.Helper()
	include, door := "", ""
	if w.Inner != "" { // the inner server does no harm when it is not used
		door = DoorConf(w.T, w.dir, w.SidecarAddress(), w.Inner, w.Home()+"/index.php", w.Options.Folder+"/index.php")
	}
	switch {
	case toSidecar && w.Inner != "":
		include = "include " + ProjectFile(w.T, "docker/moserver-namespace.conf") + ";"
	case toSidecar:
		snippet := WithUpstream(w.T, ReadFile(w.T, ProjectFile(w.T, "docker/moserver-token.conf")), "proxy_pass http://", w.SidecarAddress())
		include = "include " + WriteFile(w.T, filepath.Join(w.dir, "moserver-token.conf"), snippet) + ";"
	}
	return door + fmt.Sprintf(`server {
	`+ListenLine+`
	%[1]s
	root %[2]s/www;
	index index.php;
	location / { try_files $uri $uri/ %[3]s/index.php?$args; }
	location ~ [^/]\.php(/|$) {
		fastcgi_split_path_info ^(.+?\.php)(/.*)$;
		try_files $fastcgi_script_name =404;
		include /etc/nginx/fastcgi_params;
		fastcgi_param HTTP_HOST $http_host; # with the port
		fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
		fastcgi_pass unix:%[2]s/php.sock;
	}
}
`, include, w.dir, w.Options.Folder)
}

// RouteToPHP gives the token endpoint back to PHP, as an operator does: the
// include line goes, and nginx is reloaded under its load.
func (w *WordPress) RouteToPHP() { w.Nginx.Reload(w.conf(false)) }

// RouteToSidecar sends the token endpoint to the sidecar again.
func (w *WordPress) RouteToSidecar() { w.Nginx.Reload(w.conf(true)) }

// RunWholeConf reloads nginx with docker/nginx.conf, which is a whole site: a
// WordPress at the root of its host. It is before the sidecar at an address; empty is
// the one that StartWordPress has started.
func (w *WordPress) RunWholeConf(sidecar string) {
	w.T.Helper()
	conf := WithUpstream(w.T, ReadFile(w.T, ProjectFile(w.T, "docker/nginx.conf")), "server ", cmp.Or(sidecar, w.SidecarAddress()))
	conf = Substitute(w.T, conf, RootLine, "root "+w.dir+"/www;")
	w.Nginx.Reload(Substitute(w.T, conf, PHPLine, "fastcgi_pass unix:"+w.dir+"/php.sock;"))
}

// ComposeConf is docker/nginx-compose.conf for a sidecar, with PHP behind it on inner.
func ComposeConf(t T, sidecarAddress, inner string) string {
	t.Helper()
	conf := WithUpstream(t, ReadFile(t, ProjectFile(t, "docker/nginx-compose.conf")), "server ", sidecarAddress)
	return Substitute(t, conf, "listen 8088;", "listen "+inner+";")
}
