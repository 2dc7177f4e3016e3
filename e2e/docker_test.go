//go:build linux

package e2e_test

import (
	"crypto/rand"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
	"moserver-sidecar/wpdb/sandbox/sandboxtest"
)

// maxBinary is how large the program may become, in bytes.
const maxBinary = 20 << 20

// TestImage: what make build and the Dockerfile make of the source.
func TestImage(t *testing.T) {
	t.Parallel()
	i := buildImage(t)
	program := filepath.Join(i.root, i.entrypoint[0])
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinary {
		t.Errorf("the program has %d bytes, more than %d", info.Size(), maxBinary)
	}
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	dynamic := slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
	if err != nil || len(libraries) > 0 || dynamic {
		t.Errorf("the program is not static: it needs %q, or a loader: %v, %v", libraries, dynamic, err)
	}
	built, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(fmt.Sprint(built.Settings), "/src") || !strings.Contains(fmt.Sprint(built.Settings), "-trimpath") {
		t.Errorf("the program has paths of the machine that built it: %v", built.Settings)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(stage.ReadFile(t, "../go.mod"))
	if version == nil || i.base != "golang:"+version[1]+"-bookworm" {
		t.Errorf("go.mod says %q, and the Dockerfile builds on %s", version, i.base)
	}
	if i.labels["org.opencontainers.image.title"] == "" || i.labels["org.opencontainers.image.licenses"] != "Apache-2.0" {
		t.Errorf("labels: %v", i.labels)
	}
	if i.uid == 0 || i.gid == 0 {
		t.Error("the image runs as root")
	}
	if len(stage.ReadFile(t, filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt"))) == 0 {
		t.Error("the image has no certificate authorities")
	}
	ended(i.start(nil, append(i.entrypoint, "version")...)).want(t, 0, "moserver-sidecar ")
}

// start runs a command inside the image.
func (i *image) start(environment []string, words ...string) *stage.Process {
	i.t.Helper()
	return stage.StartCommand(i.t, environment, i.command(words...))
}

// stack is compose.yaml without an engine: the image in a folder of its own, with
// what the service sidecar mounts, MariaDB by the name db, and nginx on the same
// socket.
type stack struct {
	*image
	site        *stage.Site
	environment []string
	address     string // of all other containers
	socket      string
}

func newStack(t *testing.T) *stack {
	t.Helper()
	service := readCompose(t).Services["sidecar"]
	k := &stack{image: buildImage(t), environment: service.environ()}
	k.socket = filepath.Join(k.root, service.mount(t, "/run/moserver").Target, "token.sock")
	k.makeDir(service.mount(t, "/var/www/html").Target)
	password := k.makeSecrets(service)

	// Each test process has a loopback address of its own, so the port is free.
	host := make([]byte, 3)
	_, _ = rand.Read(host) // it never fails
	address := fmt.Sprintf("127.%d.%d.%d", 1+host[0]%254, host[1], 1+host[2]%254)
	stage.WriteFile(t, filepath.Join(k.root, "etc/hosts"), address+" db\n"+address+" nginx\n")
	k.address = address
	k.readable("etc/hosts")
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true,
		Args: []string{"--skip-networking=0", "--bind-address=" + address, "--port=3306"}})
	k.site = stage.NewSite(t, binary, server, "wp_")
	k.site.Exec("CREATE USER wordpress@'%' IDENTIFIED BY '" + password + "'")
	k.site.Exec("GRANT ALL ON wordpress.* TO wordpress@'%'")
	k.site.Exec("CREATE DATABASE later")
	k.moveTables("%", "wordpress", "later")
	return k
}

// makeSecrets runs the commands of the README, as somebody whose files nobody
// else may read unless that is said, and mounts the secrets as an engine does:
// with their own modes.
func (k *stack) makeSecrets(service composeService) (password string) {
	k.t.Helper()
	block := regexp.MustCompile("(?s)```\n(.*?)docker compose up").FindStringSubmatch(stage.ReadFile(k.t, "../docker/README.md"))
	if block == nil {
		k.t.Fatal("the README does not say how to start")
	}
	dir := k.t.TempDir()
	c := exec.Command("sh", "-ec", "umask 077\n"+block[1])
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		k.t.Fatalf("%s: %v\n%s", block[1], err, out)
	}
	for _, secret := range service.Secrets {
		k.makeDir(filepath.Dir(secret.Target))
		copyFile(k.t, filepath.Join(dir, "secrets", secret.Source), filepath.Join(k.root, secret.Target))
	}
	return strings.TrimSpace(stage.ReadFile(k.t, filepath.Join(dir, "secrets/db_password")))
}

func (k *stack) readable(path string) {
	k.t.Helper()
	if err := os.Chmod(filepath.Join(k.root, path), 0o644); err != nil {
		k.t.Fatal(err)
	}
}

// ask runs the program with other arguments than CMD, as docker compose run does.
func (k *stack) ask(words ...string) result {
	k.t.Helper()
	return ended(k.start(k.environment, append(slices.Clone(k.entrypoint), words...)...))
}

// wantEnd runs the container, which must end with a sentence and not be healthy:
// the engine starts it again.
func (k *stack) wantEnd(sentence string) {
	k.t.Helper()
	wantFailure(k.t, k.ask(k.cmd...), sentence)
	wantFailure(k.t, k.ask(k.health[1:]...), "nothing answers")
}

// startSite runs nginx with the site of compose.yaml. The stand-in for php-fpm
// has no name to look up.
func (k *stack) startSite() *stage.Nginx {
	k.t.Helper()
	conf := stage.ComposeConf(k.t, "unix:"+k.socket, k.address+":8088")
	return startNginx(k.t, nginxFolder(k.t), stage.Substitute(k.t, conf, "fastcgi_pass $php;", stage.PHPLine))
}

// TestDockerNginx: nginx takes the site unchanged except its port, and starts
// without the containers that it sends requests to.
func TestDockerNginx(t *testing.T) {
	t.Parallel()
	conf := stage.ComposeConf(t, "unix:"+filepath.Join(stage.ShortDir(t), "token.sock"), stage.FreeAddress(t))
	nginx := stage.StartNginx(t, nginxFolder(t), conf)
	if a := nginx.Post(stage.TokenPath, "grant_type", "refresh_token"); a.Status != http.StatusBadGateway {
		t.Errorf("without the sidecar: %s", a)
	}
}

// moveTables moves the tables of a pattern from one database to another: what is
// not installed yet waits in "later".
func (k *stack) moveTables(pattern, from, to string) {
	k.t.Helper()
	for _, name := range k.site.Strings("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE ?", from, pattern) {
		k.site.Exec("RENAME TABLE " + from + "." + name + " TO " + to + "." + name)
	}
}

// TestDockerFirstRun goes the way of somebody who starts compose.yaml, installs
// WordPress, and activates the plugin.
func TestDockerFirstRun(t *testing.T) {
	t.Parallel()
	k := newStack(t)
	s := k.site
	nginx := k.startSite()
	k.wantEnd("/var/www/html/wp-config.php")

	config := filepath.Join(k.root, "var/www/html/wp-config.php")
	text := stage.ReadFile(t, "../config/wpconfig/testdata/docker.php")
	for _, name := range []string{"SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT"} { // the image's has them too
		text = strings.Replace(text, "define( 'NONCE_SALT'", "define( '"+name+"', 'put your unique phrase here' );\ndefine( 'NONCE_SALT'", 1)
	}
	for strings.Contains(text, "put your unique phrase here") { // as the image's entrypoint does
		text = strings.Replace(text, "put your unique phrase here", strings.ToLower(rand.Text()+rand.Text()), 1)
	}
	stage.WriteFile(t, config, text)
	k.own(config, k.uid, k.gid)
	if err := os.Chmod(config, 0o640); err != nil {
		t.Fatal(err)
	}
	k.wantEnd("Install WordPress, if that is not done yet")

	k.moveTables("%", "later", "wordpress")
	k.moveTables(`wp\_moos\_%`, "wordpress", "later")
	k.wantEnd(`Activate \"miniOrange OAuth 2.0 Server\" in wp-admin`)
	k.ask("check").want(t, 1, "Activate")
	if a := nginx.Get("/"); a.Status != http.StatusOK {
		t.Errorf("WordPress: %s", a)
	}
	if a := nginx.Post(stage.TokenPath, "grant_type", "refresh_token"); a.Status != http.StatusBadGateway {
		t.Errorf("the token endpoint before its time: %s", a)
	}

	k.moveTables("%", "later", "wordpress")
	app := readFixtures(t).Clients["app"]
	s.PutClient(app)
	s.Put("refresh", "of-alice", app, stage.Row{})
	sidecar := k.start(k.environment, append(slices.Clone(k.entrypoint), k.cmd...)...)
	sidecar.Await("listening")
	k.ask(k.health[1:]...).want(t, 0, "ok")
	k.ask("check").want(t, 0, "ok: ")
	k.ask("tokens", "count").want(t, 0, "refresh_token")
	nginx.Post(stage.TokenPath, stage.RefreshForm(app, "of-alice")...).WantTokens(t, "profile email")
	sidecar.Stop()
	if exists(k.socket) {
		t.Error("the socket is still there")
	}
}
