package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"moserver-sidecar/config/wpconfig"
)

// wpConfigLayer is what wp-config.php sets. It need not have what another source sets.
func (l *loader) wpConfigLayer(file value, environment []string) layer {
	lookup := map[string]string{}
	for _, entry := range environment {
		name, text, _ := strings.Cut(entry, "=")
		lookup[name] = text
	}
	names := wpconfig.SettingNames()
	host, _ := l.get("host")
	var given []string
	for constant, name := range names {
		if _, set := l.get(name); set {
			given = append(given, constant)
		}
	}
	c, problems := wpconfig.Read(file.text, wpconfig.Env{Host: host.text, Getenv: func(name string) (string, bool) {
		text, ok := lookup[name]
		return text, ok
	}}, given...)
	l.salts = c.Salts
	for _, p := range problems {
		if p.File == file.text {
			p.File = file.path()
		}
		l.problems = append(l.problems, wpConfigProblem(p))
	}
	if c.DBCharset == "utf8" {
		c.DBCharset = "utf8mb4" // as WordPress's wpdb::determine_charset does
	}
	set := layer{}
	for constant, text := range map[string]string{
		wpconfig.DBName: c.DBName, wpconfig.DBUser: c.DBUser, wpconfig.DBPassword: c.DBPassword,
		wpconfig.DBHost: c.DBHost, wpconfig.DBCharset: c.DBCharset, wpconfig.TablePrefix: c.TablePrefix,
		wpconfig.CustomUserTable: c.CustomUserTable, wpconfig.CustomUserMeta: c.CustomUserMeta,
		wpconfig.WPHome: c.WPHome, wpconfig.Multisite: fmt.Sprint(c.Multisite),
	} {
		at := c.Found[constant]
		set[names[constant]] = value{text, fmt.Sprintf("%s:%d", at.File, at.Line)}
	}
	return set
}

func wpConfigProblem(p wpconfig.Problem) Problem {
	if p.Line == 0 {
		return Problem{p.File, p.Text}
	}
	return Problem{fmt.Sprintf("%s:%d", p.File, p.Line), p.Text}
}

// inFolder is the wp-config.php of a folder, by WordPress's own rule: the one in it or, if
// the folder above is not a WordPress itself, the one there. Any other path is returned
// unchanged.
func inFolder(path string) string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return path
	}
	here, above := filepath.Join(path, "wp-config.php"), filepath.Join(path, "..", "wp-config.php")
	if !exists(here) && exists(above) && !exists(filepath.Join(path, "..", "wp-settings.php")) {
		return above
	}
	return here
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// locate takes db_host apart.
func (l *loader) locate(s *Settings) {
	host, err := wpconfig.ParseHost(s.DBHost)
	if err != nil {
		v, _ := l.get("db_host")
		l.blame("db_host", v.where, "db_host: %v", err)
		return
	}
	s.DBNetwork, s.DBAddress = host.Network, host.Address
	if host.Network == "unix" && host.Address == "" {
		s.DBNetwork, s.DBAddress = localDatabase()
	}
}

// localDatabase is where "localhost" is: PHP uses the socket that it was built with, which
// differs between distributions. If none exists, the database is in another container,
// and its port is the best guess.
func localDatabase() (network, address string) {
	for _, path := range []string{
		"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock",
		"/tmp/mysql.sock", "/run/mysql/mysql.sock",
	} {
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == os.ModeSocket {
			return "unix", path
		}
	}
	return "tcp", "127.0.0.1:3306"
}
