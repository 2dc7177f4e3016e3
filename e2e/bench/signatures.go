package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"time"
)

// signer is a worker that signs as an ID token is signed.
type signer struct{ key *rsa.PrivateKey }

// do implements worker.
func (w signer) do() error {
	digest := sha256.Sum256([]byte("some text"))
	_, err := rsa.SignPKCS1v15(nil, w.key, crypto.SHA256, digest[:])
	return err
}

func (signer) close() {}

// signatures is how many RS256 signatures a second all cores make, and nothing else:
// as many ID tokens can be had at most.
func (s *stand) signatures() float64 {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	s.must(err)
	workers := make([]worker, runtime.GOMAXPROCS(0))
	for i := range workers {
		workers[i] = signer{key}
	}
	r, err := run(workers, load{Connections: len(workers), Duration: 3 * time.Second})
	s.must(err)
	return r.rate()
}
