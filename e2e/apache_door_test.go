package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// TestApacheDoor runs Apache's files of the door in nginx's place.
func TestApacheDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.tls, d.inner = stage.FreeAddress(t), stage.FreeAddress(t)
	d.server.Stop()
	d.server = d.Serve("--listen", "unix:"+filepath.Join(d.dir, "token.sock"), "--php-upstream", "http://"+d.inner)
	inner := stage.ReadFile(t, "../packaging/apache/moserver-door.conf")
	for old, new := range map[string]string{"127.0.0.1:8088": d.inner, "/var/www/html": d.dir, "/run/php/php-fpm.sock": filepath.Join(d.dir, "php.sock")} {
		inner = stage.Substitute(t, inner, old, new)
	}
	stage.WriteFile(t, filepath.Join(d.dir, ".htaccess"), stage.ReadFile(t, "../packaging/apache/moserver-token.htaccess")+wordPressRules)
	namespace, pem := apacheFile(t, d.dir, "moserver-namespace.conf"), filepath.Join(d.dir, "site.pem")
	tls := "SSLEngine On\nSSLCertificateFile " + pem + "\nSSLCertificateKeyFile " + pem + "\n"
	d.nginx = stage.StartApache(t, d.dir, stage.FreeAddress(t), "authz_core dir env setenvif proxy proxy_http proxy_fcgi remoteip rewrite headers unique_id ssl",
		inner+"Listen "+d.tls+"\n"+apacheSite(d.dir, namespace)+strings.Replace(apacheSite(d.dir, namespace+tls), "${SITE}", d.tls, 1))
	d.passesOn(t, "/index.php", 300_000)
	d.tokens(t)
	if a := d.nginx.Get("/wp-json/moserver/authorize%0a?client_id=x"); a.Status != http.StatusNotFound {
		t.Errorf("a path that PHP would read as /authorize: %s", a)
	}
	t.Run("login", d.login)
	t.Run("https", d.https)
	t.Run("grants", d.grants)
	t.Run("stream", d.stream)
}
