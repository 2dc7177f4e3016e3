package main

import (
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"moserver-sidecar/e2e/stage"
)

// distance is the way to a remote database and back.
const distance = time.Millisecond

// runRemote measures the grants with the database one millisecond away.
func runRemote(s *stand, o options) report {
	socket := s.delay(distance)
	text := strings.ReplaceAll(stage.ReadFile(s.t, s.wpConfig), s.server.Socket, socket)
	remote := stage.WriteFile(s.t, filepath.Join(stage.ShortDir(s.t), "wp-config.php"), text)
	targets := s.grants("", s.startSidecar(s.binary, remote))
	if s.beside != "" {
		targets = append(targets, s.grants(besideSuffix, s.startSidecar(s.beside, remote))...)
	}
	s.warmUp(targets)
	r := report{Title: "Grants with the database one millisecond away"}
	for _, n := range connectionCounts() {
		r.Cells = append(r.Cells, s.both(o, targets, n)...)
	}
	return r
}

// delay carries connections to the database, each half of the way later, and returns
// the socket that leads there.
func (s *stand) delay(there time.Duration) (socket string) {
	socket = filepath.Join(stage.ShortDir(s.t), "far.sock")
	listener, err := net.Listen("unix", socket)
	s.must(err)
	s.t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go carryBoth(client, s.server.Socket, there/2)
		}
	}()
	return socket
}

// carryBoth connects a client with a socket until one of them has enough.
func carryBoth(client net.Conn, socket string, delay time.Duration) {
	server, err := net.Dial("unix", socket)
	if err != nil {
		client.Close()
		return // as if nobody listened
	}
	var group sync.WaitGroup
	group.Go(func() { carry(server, client, delay) })
	group.Go(func() { carry(client, server, delay) })
	group.Wait()
}

// onTheWay is what arrives later.
type onTheWay struct {
	bytes   []byte
	arrives time.Time
}

// carry copies what from sends, each piece delay later. What follows closely on it
// does not wait for it, as in a network.
func carry(to, from net.Conn, delay time.Duration) {
	defer to.Close()
	way := make(chan onTheWay, 1024)
	go func() {
		defer close(way)
		for {
			buffer := make([]byte, 16<<10)
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			way <- onTheWay{buffer[:n], time.Now().Add(delay)}
		}
	}()
	for piece := range way {
		sleepUntil(piece.arrives)
		if _, err := to.Write(piece.bytes); err != nil {
			break
		}
	}
	from.Close()
	for range way { // until the reader has noticed
	}
}
