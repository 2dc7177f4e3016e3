//go:build linux

package e2e_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"moserver-sidecar/e2e/stage"
	"moserver-sidecar/wpdb/sandbox"
)

// image is what docker/Dockerfile makes: a folder for its root, and how it says
// that its program is run.
type image struct {
	t          testing.TB
	root       string
	base       string // of the stage that builds
	entrypoint []string
	cmd        []string
	health     []string
	uid, gid   int
	labels     map[string]string
}

// buildImage carries out the instructions of the Dockerfile without an engine.
// /src is a folder of its own and the base image this machine, on which the
// project must build anyway.
func buildImage(t testing.TB) *image {
	t.Helper()
	i := &image{t: t, root: filepath.Join(stage.ShortDir(t), "root"), labels: map[string]string{}}
	src := t.TempDir()
	for _, dir := range []string{"etc", "proc", "sys", "dev"} { // which an engine makes too
		i.makeDir(dir)
	}
	copyContext(t, src)
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(stage.ReadFile(t, "../docker/Dockerfile"), "")
	for line := range strings.Lines(text) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		i.run(instruction, rest, src)
	}
	return i
}

func (i *image) run(instruction, rest, src string) {
	i.t.Helper()
	switch instruction {
	case "":
	case "ARG": // without BuildKit they are empty
	case "LABEL":
		name, value, _ := strings.Cut(rest, "=")
		i.labels[name] = value
	case "FROM":
		if i.base == "" {
			i.base = strings.TrimSuffix(strings.TrimPrefix(rest, "--platform=$BUILDPLATFORM "), " AS build")
		}
	case "WORKDIR":
		if rest != "/src" {
			i.t.Fatalf("WORKDIR %s: this test knows /src", rest)
		}
	case "RUN":
		c := exec.Command("sh", "-ec", rest)
		c.Dir = src
		if out, err := c.CombinedOutput(); err != nil {
			i.t.Fatalf("RUN %s: %v\n%s", rest, err, out)
		}
	case "COPY":
		i.copy(strings.Fields(rest), src)
	case "USER":
		uid, gid, _ := strings.Cut(rest, ":")
		i.uid, i.gid = i.number(uid), i.number(gid)
	case "ENTRYPOINT":
		i.entrypoint = i.words(rest)
	case "CMD":
		i.cmd = i.words(rest)
	case "HEALTHCHECK":
		_, command, _ := strings.Cut(rest, "CMD ")
		i.health = i.words(command)
	default:
		i.t.Fatalf("this test does not know the instruction %s", instruction)
	}
}

// copy copies out of the stage that builds; into it, copyContext has done so.
func (i *image) copy(words []string, src string) {
	i.t.Helper()
	if words[0] != "--from=build" {
		return
	}
	uid, gid := 0, 0
	if owner, ok := strings.CutPrefix(words[1], "--chown="); ok {
		u, g, _ := strings.Cut(owner, ":")
		uid, gid, words = i.number(u), i.number(g), slices.Delete(words, 1, 2)
	}
	from, to := words[1], filepath.Join(i.root, words[2])
	if path, ok := strings.CutPrefix(from, "/src/"); ok {
		from = filepath.Join(src, path)
	}
	i.makeDir(filepath.Dir(words[2]))
	if info, err := os.Stat(from); err != nil {
		i.t.Fatalf("COPY %v: %v", words, err)
	} else if !info.IsDir() {
		copyFile(i.t, from, to)
		i.own(to, uid, gid)
		return
	}
	i.makeDir(words[2])
	entries, err := os.ReadDir(from)
	if err != nil {
		i.t.Fatal(err)
	}
	for _, entry := range entries { // of which there are only empty folders
		i.own(i.makeDir(filepath.Join(words[2], entry.Name())), uid, gid)
	}
}

func (i *image) makeDir(path string) string {
	i.t.Helper()
	full := filepath.Join(i.root, path)
	if err := os.MkdirAll(full, 0o755); err != nil {
		i.t.Fatal(err)
	}
	return full
}

// own gives a file to an owner, where this process may.
func (i *image) own(path string, uid, gid int) {
	i.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	if err := os.Chown(path, uid, gid); err != nil {
		i.t.Fatal(err)
	}
}

func (i *image) number(text string) int {
	i.t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		i.t.Fatalf("an owner must be a number, as an empty image has no names: %v", err)
	}
	return n
}

func (i *image) words(text string) (words []string) {
	i.t.Helper()
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		i.t.Fatalf("%s: an empty image has no shell, so this must be a JSON array: %v", text, err)
	}
	return words
}

// copyContext copies what an engine would get: all but what .dockerignore names.
func copyContext(t testing.TB, dir string) {
	t.Helper()
	ignored := strings.Fields(stage.ReadFile(t, "../.dockerignore"))
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		name, relErr := filepath.Rel("..", path)
		switch {
		case err != nil || relErr != nil || name == ".":
			return err
		case slices.Contains(ignored, name) && entry.IsDir():
			return fs.SkipDir
		case slices.Contains(ignored, name):
			return nil
		case entry.IsDir():
			return os.Mkdir(filepath.Join(dir, name), 0o755)
		}
		copyFile(t, path, filepath.Join(dir, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// command is a command inside the image: its folder is all that there is, and
// its user has no privileges. Who is not root gets this in a user namespace.
func (i *image) command(words ...string) *exec.Cmd {
	c := exec.Command(words[0], words[1:]...)
	c.Dir = "/"
	c.SysProcAttr = sandbox.ChildAttributes()
	c.SysProcAttr.Chroot = i.root
	c.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(i.uid), Gid: uint32(i.gid)}
	if os.Getuid() != 0 {
		c.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: i.uid, HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: i.gid, HostID: os.Getgid(), Size: 1}}
		c.SysProcAttr.Credential.NoSetGroups = true
	}
	return c
}
