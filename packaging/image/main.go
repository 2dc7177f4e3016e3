// Image writes the image of a release, for amd64 and arm64, without an engine: an OCI
// layout that skopeo, podman, crane and containerd read. The same binaries give the
// same bytes. It is a module of its own so that the program's has no more to download.
package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// wwwData is www-data of WordPress's image, so that the program can read a
// wp-config.php that others may not.
const wwwData = 33

func main() {
	log.SetFlags(0)
	log.SetPrefix("image: ")
	version := flag.String("version", "", "`version` of the release")
	created := flag.Int64("created", 0, "when it was made, in `seconds` since 1970")
	amd64 := flag.String("amd64", "", "the program for amd64")
	arm64 := flag.String("arm64", "", "the program for arm64")
	out := flag.String("out", "", "`folder` to write the layout to; what is in it is kept, so it should be new")
	flag.Parse()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, program := range []struct{ arch, file string }{{"amd64", *amd64}, {"arm64", *arm64}} {
		image, err := newImage(program.file, program.arch, *version, time.Unix(*created, 0).UTC())
		check(err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: program.arch},
		}})
	}
	// The layout's own index names the one that has both architectures.
	path, err := layout.Write(*out, empty.Index)
	check(err)
	check(path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": *version})))
	digest, err := index.Digest()
	check(err)
	written, err := path.ImageIndex()
	check(err)
	check(validate.Index(written)) // what "crane validate" does
	fmt.Println(digest)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// newImage has the program, the certificates and the folder of the socket, and says
// what docker/Dockerfile says.
func newImage(program, arch, version string, created time.Time) (v1.Image, error) {
	layer, err := newLayer(program, created)
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{
		Created: v1.Time{Time: created}, CreatedBy: "moserver-sidecar " + version,
	}})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(image, configOf(image, arch, version, created))
}

func configOf(image v1.Image, arch, version string, created time.Time) *v1.ConfigFile {
	file, err := image.ConfigFile()
	check(err)
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = "linux", arch, v1.Time{Time: created}
	file.Config = v1.Config{
		User:       fmt.Sprintf("%d:%d", wwwData, wwwData),
		Entrypoint: []string{"/usr/local/bin/moserver-sidecar"},
		Cmd:        []string{"serve"},
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "/usr/local/bin/moserver-sidecar", "healthcheck"},
			Interval: 30 * time.Second, Timeout: 5 * time.Second, StartPeriod: 10 * time.Second,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "moserver-sidecar",
			"org.opencontainers.image.version":  version,
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.created":  created.Format(time.RFC3339),
		},
	}
	return file
}

// certificates are Mozilla's, for db_tls: on; those of a library, because each machine has
// others.
func certificates() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil { // which a file cannot express
			check(pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return b.Bytes()
}

// newLayer is the image's only one.
func newLayer(program string, created time.Time) (v1.Layer, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range []struct {
		name    string
		content []byte
		kind    byte
		mode    int64
		owner   int
	}{
		{name: "etc/ssl/certs/ca-certificates.crt", content: certificates(), kind: tar.TypeReg, mode: 0o644},
		{name: "run/", kind: tar.TypeDir, mode: 0o755, owner: wwwData},
		{name: "run/moserver/", kind: tar.TypeDir, mode: 0o755, owner: wwwData},
		{name: "usr/local/bin/moserver-sidecar", content: binary, kind: tar.TypeReg, mode: 0o755},
	} {
		header := &tar.Header{Name: f.name, Mode: f.mode, Uid: f.owner, Gid: f.owner, ModTime: created, Typeflag: f.kind, Size: int64(len(f.content))}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}
