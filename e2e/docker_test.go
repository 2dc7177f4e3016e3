package e2e_test

import (
	"context"
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
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(readFile(t, "../go.mod")))
	if version == nil || i.base != "golang:"+version[1]+"-bookworm" {
		t.Errorf("go.mod says %q, and the Dockerfile builds on %s", version, i.base)
	}
	if i.uid == 0 || i.gid == 0 {
		t.Error("the image runs as root")
	}
	if len(readFile(t, filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt"))) == 0 {
		t.Error("the image has no certificate authorities")
	}
	p := i.start(nil, append(i.entrypoint, "version")...)
	result{p.exit(), p.stdout.String(), p.stderr.String()}.want(t, 0, "moserver-sidecar ")
}

// start runs a command inside the image.
func (i *image) start(environment []string, words ...string) *process {
	i.t.Helper()
	return startCommand(i.t, environment, i.command(words...))
}

// stack is compose.yaml without an engine: the image in a folder of its own, with
// what the service sidecar mounts, MariaDB by the name db, and nginx on the same
// socket.
type stack struct {
	*image
	site        *site
	environment []string
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
	writeFile(t, filepath.Join(k.root, "etc/hosts"), address+" db\n")
	k.readable("etc/hosts")
	server := sandboxtest.Start(t, sandbox.Options{Accounts: true,
		Args: []string{"--skip-networking=0", "--bind-address=" + address, "--port=3306"}})
	k.site = &site{t: t, server: server, db: open(t, server, "root"), prefix: "wp_"}
	k.site.exec("CREATE USER wordpress@'%' IDENTIFIED BY '" + password + "'")
	k.site.exec("GRANT ALL ON wordpress.* TO wordpress@'%'")
	return k
}

// makeSecrets runs the commands of the README, as somebody whose files nobody
// else may read unless that is said, and mounts the secrets as an engine does:
// with their own modes.
func (k *stack) makeSecrets(service composeService) (password string) {
	k.t.Helper()
	block := regexp.MustCompile("(?s)```\n(.*?)docker compose up").FindStringSubmatch(string(readFile(k.t, "../docker/README.md")))
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
	return strings.TrimSpace(string(readFile(k.t, filepath.Join(dir, "secrets/db_password"))))
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
	p := k.start(k.environment, append(slices.Clone(k.entrypoint), words...)...)
	return result{p.exit(), p.stdout.String(), p.stderr.String()}
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
func (k *stack) startSite() *front {
	k.t.Helper()
	dir := nginxFolder(k.t, "unix:"+k.socket)
	return startNginx(k.t, dir, substitute(k.t, string(readFile(k.t, "../docker/nginx-compose.conf")), "fastcgi_pass $php;", linePHP))
}

// nginxFolder is an /etc/nginx as nginx's image and compose.yaml make it.
func nginxFolder(t testing.TB, sidecarAddress string) (dir string) {
	t.Helper()
	dir = socketDir(t)
	copyFile(t, "/etc/nginx/fastcgi_params", filepath.Join(dir, "fastcgi_params"))
	if err := os.Mkdir(filepath.Join(dir, "snippets"), 0o755); err != nil {
		t.Fatal(err)
	}
	snippet := string(readFile(t, "../docker/moserver-token.conf"))
	writeFile(t, filepath.Join(dir, "snippets/moserver-token.conf"), withUpstream(t, snippet, "proxy_pass http://", sidecarAddress))
	return dir
}

// TestDockerNginxSyntax: nginx takes the site as it is, but for its port.
func TestDockerNginxSyntax(t *testing.T) {
	t.Parallel()
	dir := nginxFolder(t, "unix:"+socketInConf)
	conf := substitute(t, string(readFile(t, "../docker/nginx-compose.conf")), lineListen, "listen "+freeAddress(t)+";")
	program, err := find("nginx")
	if err != nil {
		t.Fatal(err)
	}
	main := writeFile(t, filepath.Join(dir, "main.conf"), mainConf(dir, writeFile(t, filepath.Join(dir, "site.conf"), conf)))
	p := start(t, nil, program, "-t", "-p", dir, "-c", main)
	result{p.exit(), p.stdout.String(), p.stderr.String()}.want(t, 0, "test is successful")
}

// pluginTables moves the plugin's tables from one database to another, in place
// of activating it.
func (k *stack) pluginTables(from, to string) {
	k.t.Helper()
	for _, name := range k.site.strings("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME LIKE 'wp\\_moos\\_%'", from) {
		k.site.exec("RENAME TABLE " + from + "." + name + " TO " + to + "." + name)
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
	copyFile(t, "../wpdb/wpconfig/testdata/docker.php", config)
	k.own(config, k.uid, k.gid)
	if err := os.Chmod(config, 0o640); err != nil {
		t.Fatal(err)
	}
	k.wantEnd("Install WordPress, if that is not done yet")

	s.exec("CREATE DATABASE inactive")
	if err := s.server.CreateSite(context.Background(), s.prefix); err != nil {
		t.Fatal(err)
	}
	k.pluginTables("wordpress", "inactive")
	k.wantEnd(`Activate \"miniOrange OAuth 2.0 Server\" in wp-admin`)
	k.ask("check").want(t, 1, "Activate")
	if a := nginx.get("/"); a.status != http.StatusOK {
		t.Errorf("WordPress: %d %s", a.status, a.text)
	}
	if a := nginx.post(tokenPath, "grant_type", "refresh_token"); a.status != http.StatusBadGateway {
		t.Errorf("the token endpoint before its time: %d %s", a.status, a.text)
	}

	k.pluginTables("inactive", "wordpress")
	app := readFixtures(t).Clients["app"]
	s.putClient(app)
	s.put("refresh", "of-alice", app, row{})
	sidecar := k.start(k.environment, append(slices.Clone(k.entrypoint), k.cmd...)...)
	sidecar.await("listening")
	k.ask(k.health[1:]...).want(t, 0, "ok")
	k.ask("check").want(t, 0, "ok: ")
	k.ask("tokens", "count").want(t, 0, "refresh_token")
	nginx.post(tokenPath, refreshForm(app, "of-alice")...).wantTokens(t, "profile email")
	sidecar.stop()
	if exists(k.socket) {
		t.Error("the socket is still there")
	}
}
