package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// composeSpec reads a compose file as Docker Compose does, which is built on it,
// and checks it against the schema of the specification.
const composeSpec = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"

// compose is docker/compose.yaml, as far as these tests look at it.
type compose struct {
	Services map[string]composeService
	Secrets  map[string]struct{ File string }
	Volumes  map[string]any
	Networks map[string]struct{ Internal bool }
}

type composeService struct {
	Image       string
	Environment map[string]string
	DependsOn   map[string]struct{ Condition string } `json:"depends_on"`
	Secrets     []struct{ Source, Target string }
	Volumes     []composeMount
	Healthcheck *struct{ Test []string }
	Build       *struct{ Context, Dockerfile string }
	Restart     string
	Profiles    []string
	Networks    map[string]any
	MemLimit    string `json:"mem_limit"`
	PidsLimit   int    `json:"pids_limit"`
}

type composeMount struct {
	Type, Source, Target string
	ReadOnly             bool `json:"read_only"`
}

func readCompose(t testing.TB) (c compose) {
	t.Helper()
	cmd := exec.Command("go", "run", composeSpec, "--format", "json", "compose.yaml")
	cmd.Dir = "../docker"
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("compose.yaml: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCompose: the file is of the specification, and what it names is there.
func TestCompose(t *testing.T) {
	t.Parallel()
	c := readCompose(t)
	for name, s := range c.Services {
		if !regexp.MustCompile(`:(cli-)?\d[\w.-]*$`).MatchString(s.Image) && s.Build == nil {
			t.Errorf("%s: the image %q has no version", name, s.Image)
		}
		if (s.Restart == "unless-stopped") == (len(s.Profiles) > 0) { // a demo is over at its end
			t.Errorf("%s: restart is %q", name, s.Restart)
		}
		c.checkMounts(t, name, s)
		for other, on := range s.DependsOn {
			if c.Services[other].Healthcheck == nil || on.Condition != "service_healthy" {
				t.Errorf("%s waits for %s (%s), which must have a health check", name, other, on.Condition)
			}
		}
	}
	c.checkNetworks(t)
	sidecar := c.Services["sidecar"]
	for variable, value := range c.Services["wordpress"].Environment {
		if sidecar.Environment[variable] != value {
			t.Errorf("the sidecar evaluates wp-config.php without WordPress's %s", variable)
		}
	}
	db := c.Services["db"].Environment
	for ours, theirs := range map[string]string{
		"WORDPRESS_DB_NAME": "MARIADB_DATABASE", "WORDPRESS_DB_USER": "MARIADB_USER", "WORDPRESS_DB_PASSWORD_FILE": "MARIADB_PASSWORD_FILE",
	} {
		if sidecar.Environment[ours] != db[theirs] {
			t.Errorf("%s and %s differ", ours, theirs)
		}
	}
	if b := sidecar.Build; b == nil || !exists(filepath.Join(b.Context, b.Dockerfile)) {
		t.Errorf("the Dockerfile is not there: %+v", b)
	}
}

// checkNetworks: services reach those that they need, and the sidecar nothing else.
func (c compose) checkNetworks(t *testing.T) {
	t.Helper()
	share := func(one, other string) bool {
		for network := range c.Services[one].Networks {
			if _, ok := c.Services[other].Networks[network]; ok {
				return true
			}
		}
		return false
	}
	for _, pair := range [][2]string{{"wordpress", "db"}, {"sidecar", "db"}, {"sidecar", "nginx"}, {"nginx", "wordpress"}, {"demo", "db"}, {"demo", "nginx"}} {
		if !share(pair[0], pair[1]) {
			t.Errorf("%s does not reach %s", pair[0], pair[1])
		}
	}
	sidecar := c.Services["sidecar"]
	for network := range sidecar.Networks {
		if !c.Networks[network].Internal {
			t.Errorf("the sidecar's network %s leads out", network)
		}
	}
	if sidecar.MemLimit == "" || sidecar.PidsLimit == 0 {
		t.Error("the sidecar has no limits")
	}
}

// checkMounts: what a service mounts exists, or is declared.
func (c compose) checkMounts(t *testing.T, name string, s composeService) {
	t.Helper()
	var targets []string
	for _, secret := range s.Secrets {
		if _, ok := c.Secrets[secret.Source]; !ok {
			t.Errorf("%s: there is no secret %s", name, secret.Source)
		}
		targets = append(targets, secret.Target)
	}
	for variable, path := range s.Environment {
		if strings.HasSuffix(variable, "_FILE") && !slices.Contains(targets, path) {
			t.Errorf("%s: %s is %s, where no secret is", name, variable, path)
		}
	}
	for _, mount := range s.Volumes {
		_, declared := c.Volumes[mount.Source]
		if mount.Type == "volume" && !declared || mount.Type == "bind" && !exists(mount.Source) {
			t.Errorf("%s: there is no %s %s", name, mount.Type, mount.Source)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mount is what a service has at a path.
func (s composeService) mount(t testing.TB, target string) composeMount {
	t.Helper()
	for _, mount := range s.Volumes {
		if mount.Target == target {
			return mount
		}
	}
	t.Fatalf("nothing is mounted at %s", target)
	return composeMount{}
}

// environ is the environment of a service as a process gets it.
func (s composeService) environ() (environ []string) {
	for variable, value := range s.Environment {
		environ = append(environ, variable+"="+value)
	}
	return environ
}
