package configs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/routerpulse/routerpulse/configs"
)

// compose is what matters of docker-compose.yml.
type compose struct {
	Services map[string]service
	Secrets  map[string]struct{ File string }
	Volumes  map[string]any
}

type service struct {
	Image       string
	Build       *struct{ Context string }
	Environment map[string]string
	Secrets     []string
	Volumes     []string
	Ports       []string
	Healthcheck *struct{ Test []string }
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
}

func readCompose(t *testing.T) compose {
	t.Helper()
	data, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c compose
	if err := yaml.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	if len(c.Services) != 3 {
		t.Fatalf("%d services", len(c.Services))
	}
	return c
}

var pinned = regexp.MustCompile(`:[0-9]+\.[0-9]+\.[0-9]+`)

func TestComposeImagesArePinned(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q is not pinned", name, s.Image)
		}
	}
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text(t, "../Dockerfile"), -1) {
		if from[1] != "scratch" && !pinned.MatchString(from[1]) {
			t.Errorf("Dockerfile: image %q is not pinned", from[1])
		}
	}
}

func TestComposeKeepsSecretsInFiles(t *testing.T) {
	c := readCompose(t)
	secret := regexp.MustCompile(`(?i)password|token|secret|key`)
	ignored := text(t, "../.gitignore") + text(t, "../.dockerignore")
	for name, s := range c.Services {
		for key, value := range s.Environment {
			if secret.MatchString(key) && (!strings.HasSuffix(key, "_FILE") || !strings.HasPrefix(value, "/run/secrets/")) {
				t.Errorf("%s: %s is no file under /run/secrets", name, key)
			}
			if file, ok := strings.CutPrefix(value, "/run/secrets/"); ok && !slices.Contains(s.Secrets, file) {
				t.Errorf("%s: %s is not among its secrets", name, value)
			}
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s: secret %s is not declared", name, secret)
			}
		}
	}
	for name, s := range c.Secrets {
		if !strings.HasPrefix(s.File, "./secrets/") || strings.Count(ignored, "secrets") < 2 {
			t.Errorf("secret %s is not in a folder that git and docker ignore", name)
		}
	}
}

func TestComposePublishesOnLoopbackOnly(t *testing.T) {
	for name, s := range readCompose(t).Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %q is open to the network", name, port)
			}
		}
	}
}

func TestComposeMountsWhatIsThere(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(from, "./") {
				if _, declared := c.Volumes[from]; !declared {
					t.Errorf("%s: volume %s is not declared", name, from)
				}
				continue
			}
			if _, err := os.Stat(filepath.Join("..", from)); err != nil || !strings.HasSuffix(v, ":ro") {
				t.Errorf("%s: %s: %v, or may be written to", name, v, err)
			}
		}
	}
	provider := text(t, "../dashboards/provisioning/dashboards/routerpulse.yaml")
	path := regexp.MustCompile(`path: (\S+)`).FindStringSubmatch(provider)
	if path == nil || !slices.Contains(c.Services["grafana"].Volumes, "./dashboards/influxdb:"+path[1]+":ro") {
		t.Errorf("grafana does not mount the boards where it looks for them: %v", path)
	}
}

func TestComposeChecksHealth(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if s.Healthcheck == nil && s.Build == nil {
			t.Errorf("%s: no health check", name)
		}
		for other, d := range s.DependsOn {
			if d.Condition != "service_healthy" {
				t.Errorf("%s does not wait until %s is healthy", name, other)
			}
		}
	}
}

func TestDockerfile(t *testing.T) {
	dockerfile := text(t, "../Dockerfile")
	for _, want := range []string{"CGO_ENABLED=0", "-tags gosnmp_nodebug", "-trimpath", "-X main.version=", "USER 65532:65532", "HEALTHCHECK", "--chown=65532:65532"} {
		if !strings.Contains(dockerfile, want) {
			t.Errorf("Dockerfile: no %s", want)
		}
	}
}

// TestComposeConfig loads the config of the containers; whether it fits the parts is tested with the
// program. Every variable it needs must be passed by docker-compose.yml or have a default.
func TestComposeConfig(t *testing.T) {
	var c sections
	if err := configs.Load("compose.yaml", &c); err != nil {
		t.Fatal(err)
	}
	passed := readCompose(t).Services["routerpulse"].Environment
	for _, name := range regexp.MustCompile(`\$\{(\w+)`).FindAllStringSubmatch(text(t, "compose.yaml"), -1) {
		if _, ok := passed[name[1]]; !ok {
			t.Errorf("docker-compose.yml does not pass %s", name[1])
		}
	}
}

// TestProvisioning parses what Grafana reads at its start.
func TestProvisioning(t *testing.T) {
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, URL string
			JSONData             map[string]string `yaml:"jsonData"`
			SecureJSONData       map[string]string `yaml:"secureJsonData"`
		}
	}
	if err := yaml.Unmarshal([]byte(text(t, "../dashboards/provisioning/datasources/influxdb.yaml")), &sources); err != nil {
		t.Fatal(err)
	}
	grafana := readCompose(t).Services["grafana"]
	for _, d := range sources.Datasources {
		if d.UID == "" || d.Type != "influxdb" || d.JSONData["version"] != "InfluxQL" {
			t.Errorf("data source %s: %+v", d.Name, d)
		}
		for _, v := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(d.URL+d.JSONData["dbName"], -1) {
			if grafana.Environment[v[1]] == "" {
				t.Errorf("docker-compose.yml does not pass %s to Grafana", v[1])
			}
		}
		for key, value := range d.SecureJSONData {
			file := regexp.MustCompile(`\$__file\{/run/secrets/(\w+)\}`).FindStringSubmatch(value)
			if file == nil || !slices.Contains(grafana.Secrets, file[1]) {
				t.Errorf("%s is no secret of Grafana: %q", key, value)
			}
		}
	}
	if len(sources.Datasources) != 1 || sources.APIVersion != 1 {
		t.Errorf("%+v", sources)
	}
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
