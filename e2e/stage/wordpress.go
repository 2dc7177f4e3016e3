package stage

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// wordPressFiles is where Debian's package has WordPress.
const wordPressFiles = "/usr/share/wordpress"

// ours is the PHP that is put into each WordPress.
//
//go:embed wordpress
var ours embed.FS

// WordPressOptions are what differs between WordPress sites. The zero value is
// a usual one: at the root of its host, with pretty permalinks.
type WordPressOptions struct {
	Prefix          string   // of the tables; empty: wp_
	Folder          string   // that it is in, such as "/blog"; empty: the root
	PlainPermalinks bool     // addresses are /?rest_route=… instead of /wp-json/…
	Multisite       bool     // a network of two blogs; the second is in the folder "two"
	TimeZone        string   // of the database server, as in TZ; empty: UTC
	Door            bool     // the plugin's whole namespace goes to the sidecar, and PHP is behind it
	TLS             bool     // the address is of https, with the certificate that CertificateFile has
	Flags           []string // more flags for the sidecar
}

// WordPress is a WordPress as Debian has it, with the plugin's tables: nginx
// before php-fpm, MariaDB, and the sidecar on the token endpoint. In place of
// the plugin there is PHP of our own, see Blog.PHP. URL is its address, without
// a slash at the end.
type WordPress struct {
	*Site         // its tables and its wp-config.php
	*Blog         // the main one
	Two     *Blog // of a network, the second one
	Nginx   *Nginx
	FPM     *Process
	Sidecar *Sidecar // behind nginx, on a unix socket

	Options WordPressOptions

	dir   string // of everything but the database
	Inner string // where PHP is behind the sidecar; empty: nowhere
}

// RequireWordPress is Require for all that StartWordPress starts.
func RequireWordPress() error {
	return Require("mariadbd", "nginx", "php", "php-fpm", "php-mysql", "wordpress", "zoneinfo")
}

// StartWordPress installs a WordPress and starts what belongs to it. binary is
// what Build has built.
func StartWordPress(t T, binary string, o WordPressOptions) *WordPress {
	t.Helper()
	sandboxtest.NoError(t, RequireWordPress())
	o.Prefix = cmp.Or(o.Prefix, "wp_")
	w := &WordPress{Options: o, dir: ShortDir(t)}
	w.Site = &Site{Site: sandboxtest.SiteOn(t, sandboxtest.Start(t, sandbox.Options{TimeZone: o.TimeZone}), o.Prefix), Binary: binary}
	w.layOut()
	if o.Door {
		w.Inner = FreeAddress(t)
		o.Flags = append([]string{"--php-upstream", "http://" + w.Inner}, o.Flags...)
	}
	scheme := "http://"
	if o.TLS {
		scheme = "https://"
		WriteCertificate(t, w.dir)
	}
	w.Nginx = StartNginx(t, w.dir, w.conf(true))
	w.Blog = &Blog{ID: 1, URL: scheme + w.Nginx.Address + o.Folder, WordPress: w}
	w.install()
	w.FPM = StartFPM(t, w.dir, w.prepend())
	if o.Multisite {
		w.Two = &Blog{ID: 2, URL: w.URL + "/two", WordPress: w}
		w.PHP("create_blog", Args{"path": path.Join(o.Folder, "two") + "/"}, nil)
	}
	w.Sidecar = w.Serve(append([]string{"--listen", w.SidecarAddress()}, o.Flags...)...)
	return w
}

// SidecarAddress is where the sidecar listens that StartWordPress starts.
func (w *WordPress) SidecarAddress() string { return "unix:" + filepath.Join(w.dir, "token.sock") }

// Home is the folder of WordPress's own files.
func (w *WordPress) Home() string { return filepath.Join(w.dir, "www", w.Options.Folder) }

// layOut makes WordPress's folder of links to the files of Debian's package, and
// of a wp-content of its own.
func (w *WordPress) layOut() {
	w.T.Helper()
	plugins := filepath.Join(w.Home(), "wp-content", "mu-plugins")
	sandboxtest.NoError(w.T, os.MkdirAll(plugins, 0o755))
	entries, err := os.ReadDir(wordPressFiles)
	sandboxtest.NoError(w.T, err)
	for _, e := range entries {
		switch e.Name() {
		case "wp-config.php", "wp-content", ".htaccess":
			continue
		}
		sandboxtest.NoError(w.T, os.Symlink(filepath.Join(wordPressFiles, e.Name()), filepath.Join(w.Home(), e.Name())))
	}
	for _, name := range []string{"quiet.php", "admin.php", "authorize.php", "mcp.php", "plugin.php", "jwt.php"} {
		w.copyOurs(name, plugins)
	}
	w.copyOurs("install.php", w.dir)
	// WordPress takes the folder that its files are really in for its home. The
	// constant, set before any of its files is read, tells it the right one.
	WriteFile(w.T, w.prepend(), fmt.Sprintf("<?php define( 'ABSPATH', '%s/' );\n", w.Home()))
}

// prepend is the file that PHP runs before each other one.
func (w *WordPress) prepend() string { return filepath.Join(w.dir, "prepend.php") }

func (w *WordPress) copyOurs(name, dir string) {
	w.T.Helper()
	text, err := ours.ReadFile("wordpress/" + name)
	sandboxtest.NoError(w.T, err)
	WriteFile(w.T, filepath.Join(dir, name), string(text))
}

// install makes WordPress's tables as its installer does, and the plugin's.
func (w *WordPress) install() {
	w.T.Helper()
	w.writeConfig("")
	permalinks, kind := "/%postname%/", "single"
	if w.Options.PlainPermalinks {
		permalinks = ""
	}
	if w.Options.Multisite {
		kind = "multisite"
	}
	c := exec.Command(mustFind(w.T, "php"), "-d", "auto_prepend_file="+w.prepend(),
		filepath.Join(w.dir, "install.php"), w.URL, permalinks, kind)
	if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
		w.T.Fatalf("WordPress's installation: %v\n%s", err, out)
	}
	sandboxtest.NoError(w.T, w.Server.ActivatePlugin(context.Background(), w.Prefix))
	if w.Options.Multisite {
		w.writeConfig(fmt.Sprintf(`define( 'MULTISITE', true );
define( 'SUBDOMAIN_INSTALL', false );
define( 'DOMAIN_CURRENT_SITE', '%s' );
define( 'PATH_CURRENT_SITE', '%s/' );
define( 'SITE_ID_CURRENT_SITE', 1 );
define( 'BLOG_ID_CURRENT_SITE', 1 );
`, w.Nginx.Address, w.Options.Folder))
	}
}

// writeConfig writes the wp-config.php that WordPress and the sidecar read.
func (w *WordPress) writeConfig(more string) {
	w.T.Helper()
	more += "define( 'DISABLE_WP_CRON', true ); // no work beside the requests of the test\n"
	text := strings.Replace(wpConfig(w.Server, w.Prefix, "root", DBPassword), "$table_prefix", more+"\n$table_prefix", 1)
	w.WPConfig = WriteFile(w.T, filepath.Join(w.Home(), "wp-config.php"), text)
}

// StartFPM starts PHP as Debian's service does, with a pool of four processes of its
// own on php.sock in a folder. Before each file PHP runs another one.
func StartFPM(t T, dir, prepend string) *Process {
	t.Helper()
	conf := WriteFile(t, filepath.Join(dir, "fpm.conf"), fmt.Sprintf(`[global]
error_log = /dev/stderr
[www]
listen = %[1]s/php.sock
pm = static
pm.max_children = 4
user = root ; of a plain user the line is ignored
catch_workers_output = yes
decorate_workers_output = no
php_admin_value[error_log] = /dev/stderr
php_admin_flag[log_errors] = on
php_admin_value[auto_prepend_file] = %[2]s
`, dir, prepend))
	args := []string{"-F", "-y", conf}
	if os.Getuid() == 0 {
		args = append(args, "-R") // it refuses to be root unasked
	}
	fpm := Start(t, nil, mustFind(t, "php-fpm"), args...)
	fpm.Await("ready to handle connections")
	return fpm
}
