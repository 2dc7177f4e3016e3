package main

import (
	"crypto/tls"
	"net/http"
	"strings"

	"moserver-sidecar/e2e/stage"
)

// runNginx measures refreshes behind nginx as docker/nginx.conf has it, with
// connections to the sidecar that stay open, and the same without them and with TLS.
func runNginx(s *stand, o options) report {
	c := s.serve()
	conf := stage.WithUpstream(s.t, stage.ReadFile(s.t, stage.ProjectFile(s.t, "docker/nginx.conf")), "server ", "unix:"+c.socket)
	anew := strings.NewReplacer("keepalive 16;", "", "keepalive_timeout 60s;", "",
		`proxy_set_header Connection "";`, "proxy_set_header Connection close;").Replace(conf)
	targets := []target{
		s.refresh(refreshName, c, tokens),
		s.behindNginx("nginx", c, conf, false),
		s.behindNginx("nginx, new connections", c, anew, false),
		s.behindNginx("nginx, TLS", c, conf, true),
	}
	s.warmUp(targets)
	r := report{Title: "Refreshes behind nginx"}
	for _, n := range connectionCounts() {
		r.Cells = append(r.Cells, s.both(o, targets, n)...)
	}
	return r
}

// behindNginx is a target that asks an nginx of its own, on connections that stay open.
func (s *stand) behindNginx(name string, c *sidecar, conf string, encrypted bool) target {
	dir := stage.ShortDir(s.t)
	if encrypted {
		stage.WriteCertificate(s.t, dir)
	}
	nginx := stage.StartNginx(s.t, dir, conf)
	var config *tls.Config
	if encrypted {
		config = nginx.HTTP.Transport.(*http.Transport).TLSClientConfig.Clone()
		config.ServerName = "example.com" // which the certificate is of
	}
	return target{name: name, cost: processes{"sidecar": c.PID(), "database": s.server.PID(), "nginx": nginx.PID()},
		generator: &httpTarget{network: "tcp", addresses: []string{nginx.Address}, tls: config,
			next: refreshWith(nginx.Address, tokenPath, allSeries()[refreshName], tokens, `"access_token"`)}}
}
