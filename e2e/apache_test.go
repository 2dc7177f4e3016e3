package e2e_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
)

// apacheFile is a file of packaging/apache for a sidecar and a PHP in a folder.
func apacheFile(t testing.TB, dir, name string) string {
	t.Helper()
	text := stage.ReadFile(t, "../packaging/apache/"+name)
	return "Include " + stage.WriteFile(t, filepath.Join(dir, name), stage.Substitute(t, text, "/run/moserver/token.sock", filepath.Join(dir, "token.sock"))) + "\n"
}

// wordPressRules are those of the .htaccess that WordPress writes.
const wordPressRules = `RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
`

// apacheSite is a VirtualHost with WordPress in a folder, and more directives.
func apacheSite(dir, more string) string {
	return fmt.Sprintf(`<VirtualHost ${SITE}>
DocumentRoot %[1]s
DirectoryIndex index.php
LogFormat "%%h \"%%r\" %%>s" short
CustomLog %[1]s/access.log short env=!moserver
<Directory %[1]s>
	AllowOverride FileInfo
	Require all granted
</Directory>
<FilesMatch \.php$>
	SetHandler proxy:unix:%[1]s/php.sock|fcgi://localhost
</FilesMatch>
%[2]s</VirtualHost>
`, dir, more)
}

// TestApache sends the token endpoint to the sidecar, from a VirtualHost and from a
// site's .htaccess.
func TestApache(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"moserver-token.conf", "moserver-token.htaccess"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, dir := newSite(t, database), stage.ShortDir(t)
			socket, rules, include := filepath.Join(dir, "token.sock"), wordPressRules, apacheFile(t, dir, name)
			if strings.HasSuffix(name, ".htaccess") {
				rules, include = stage.ReadFile(t, filepath.Join(dir, name))+rules, ""
			}
			stage.WriteFile(t, filepath.Join(dir, "index.php"), "<?php // stands for WordPress's\n")
			stage.WriteFile(t, filepath.Join(dir, ".htaccess"), rules)
			serveWordPress(t, filepath.Join(dir, "php.sock"))
			apache := stage.StartApache(t, dir, stage.FreeAddress(t), "authz_core dir proxy proxy_http proxy_fcgi rewrite headers unique_id", apacheSite(dir, include))
			tokenRoute(t, s, "unix:"+socket, apache, http.StatusServiceUnavailable)
			apacheTrusted(t, s, socket, apache)
		})
	}
}

// apacheTrusted: where the client is in a network that is trusted, what it says of its
// address does not count either, and Apache names its requests.
func apacheTrusted(t *testing.T, s *site, socket string, apache *stage.Nginx) {
	server := s.Serve("--listen", "unix:"+socket)
	s.Put("refresh", "again", s.app, stage.Row{})
	for range 2 {
		r := stage.FormRequest("http://"+apache.Address+stage.TokenPath, stage.RefreshForm(s.app, "again")...)
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
		apache.Send(r).WantTokens(t, "profile email")
	}
	lines := regexp.MustCompile(`remote=unix request_id=[0-9a-f]{32}\n`)
	server.AwaitThat("both requests are in the log", func() bool { return strings.Count(server.Stderr.String(), "remote=unix ") == 2 })
	if ids := lines.FindAllString(server.Stderr.String(), -1); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("Apache's names of the requests: %q", ids)
	}
}
