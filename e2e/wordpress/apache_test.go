package wordpress_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestApacheDoor: with Apache's files of the door people log in, wherever WordPress is.
func TestApacheDoor(t *testing.T) {
	t.Parallel()
	for _, o := range []stage.WordPressOptions{{Door: true}, {Door: true, Folder: "/blog"}, {Door: true, PlainPermalinks: true}} {
		t.Run(fmt.Sprintf("%q, plain %v", o.Folder, o.PlainPermalinks), func(t *testing.T) {
			t.Parallel()
			w := stage.StartWordPress(t, binary, o)
			runApache(w)
			p := newPeople(w.Blog, "apache")
			login(t, p)
			twoAtOnce(t, p)
			browser(t, p)
		})
	}
}

// runApache runs Apache in nginx's place.
func runApache(w *stage.WordPress) {
	dir := w.Nginx.Dir
	file := func(name string, more ...string) string {
		text := stage.ReadFile(w.T, stage.ProjectFile(w.T, "packaging/apache/"+name))
		for i := 0; i < len(more); i += 2 {
			text = stage.Substitute(w.T, text, more[i], more[i+1])
		}
		return text
	}
	w.Nginx.Kill()
	w.Nginx = stage.StartApache(w.T, dir, w.Nginx.Address, "authz_core dir env setenvif proxy proxy_http proxy_fcgi remoteip rewrite headers unique_id",
		file("moserver-door.conf", "127.0.0.1:8088", w.Inner, "/var/www/html", dir+"/www", "/run/php/php-fpm.sock", dir+"/php.sock", "^ /index.php", "^ "+w.Options.Folder+"/index.php")+
			fmt.Sprintf(`<VirtualHost ${SITE}>
DocumentRoot %[1]s/www
DirectoryIndex index.php
<Directory %[1]s/www>
	Require all granted
	CGIPassAuth On
	FallbackResource %[2]s/index.php
</Directory>
<FilesMatch \.php$>
	SetHandler proxy:unix:%[1]s/php.sock|fcgi://localhost
</FilesMatch>
%[3]s</VirtualHost>
`, dir, w.Options.Folder, file("moserver-namespace.conf", "/run/moserver/token.sock", filepath.Join(dir, "token.sock"))))
}
