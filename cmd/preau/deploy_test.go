package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// inDeploy reads a file of the root folder.
func inDeploy(t *testing.T, path ...string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func parseYAML(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

type composed struct {
	Services map[string]struct {
		Image, Build string
		Command      []string
		Restart      string
		Environment  map[string]string
		Volumes      []string
		Networks     []string
		Secrets      []string
		DependsOn    yaml.Node `yaml:"depends_on"`
		Healthcheck  struct{ Test []string }
	}
	Networks, Volumes, Secrets map[string]any
}

func TestComposeFitsTheProgram(t *testing.T) {
	var c composed
	parseYAML(t, inDeploy(t, "compose.yaml"), &c)
	for _, node := range []string{"preau1", "preau2"} {
		s := c.Services[node]
		if !slices.Equal(s.Command, []string{"serve"}) || !slices.Equal(s.Healthcheck.Test, []string{"CMD", "/preau", "ready"}) {
			t.Errorf("%s runs %v and is checked by %v", node, s.Command, s.Healthcheck.Test)
		}
		for name := range s.Environment {
			if short, ours := strings.CutPrefix(name, "PREAU_"); !ours || !isSetting(short) {
				t.Errorf("%s: %s is no setting", node, name)
			}
		}
		settled := maps.Clone(s.Environment)
		for name, value := range settled {
			settled[name] = regexp.MustCompile(`\$\{SITE[^}]*\}`).ReplaceAllString(value, "ecole.example")
		}
		delete(settled, "PREAU_RECORDS")
		settled["PREAU_BLOBS"] = regexp.MustCompile(`\$\{S3_PASSWORD[^}]*\}`).ReplaceAllString(settled["PREAU_BLOBS"], "secret")
		if config, err := readConfig(func(name string) string { return settled[name] }); err != nil || config.complete() != nil {
			t.Errorf("%s: %v", node, err)
		}
		if !strings.HasPrefix(s.Environment["PREAU_RECORDS"], "mongodb://mongo:") || !strings.Contains(s.Environment["PREAU_BLOBS"], "@minio:9000/preau") {
			t.Errorf("%s stores in %s and %s", node, s.Environment["PREAU_RECORDS"], s.Environment["PREAU_BLOBS"])
		}
	}
	c.wantWhole(t)
}

// wantWhole checks that everything named is there, and everything that runs is
// watched.
func (c composed) wantWhole(t *testing.T) {
	t.Helper()
	for name, s := range c.Services {
		if len(s.Healthcheck.Test) == 0 && s.Restart != "no" {
			t.Errorf("nobody looks whether %s is well", name)
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if path, ours := strings.CutPrefix(from, "./"); ours {
				inDeploy(t, path)
			} else if _, there := c.Volumes[from]; !there {
				t.Errorf("%s: no volume %s", name, from)
			}
		}
		for _, n := range s.Networks {
			if _, there := c.Networks[n]; !there {
				t.Errorf("%s: no network %s", name, n)
			}
		}
		for _, n := range s.Secrets {
			if _, there := c.Secrets[n]; !there {
				t.Errorf("%s: no secret %s", name, n)
			}
		}
		for _, n := range keysOrItems(&s.DependsOn) {
			if _, there := c.Services[n]; !there {
				t.Errorf("%s depends on %s", name, n)
			}
		}
	}
}

// keysOrItems are the names in a map or a list.
func keysOrItems(n *yaml.Node) (names []string) {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i < len(n.Content); i += step {
		names = append(names, n.Content[i].Value)
	}
	return names
}

func TestCaddyKnowsTheNodes(t *testing.T) {
	text := inDeploy(t, "deploy", "Caddyfile")
	if !strings.Contains(text, "reverse_proxy preau1:8080 preau2:8080 {") || strings.Count(text, "{") != strings.Count(text, "}") {
		t.Error("the nodes are not those of compose.yaml, or a brace is missing")
	}
	for _, need := range []string{"respond @figures 404", "health_uri /readyz", "flush_interval -1", "lb_policy least_conn"} {
		if !strings.Contains(text, need) {
			t.Errorf("%q is missing", need)
		}
	}
}

var figureName = regexp.MustCompile(`\bpreau_[a-z_]+`)

// TestWatchersAskForFiguresThatExist holds the queries of the dashboard and of
// the alerts against what a server exposes.
func TestWatchersAskForFiguresThatExist(t *testing.T) {
	kinds := start(t, testConfig(t)).exposed().kinds
	want := func(where, query string) {
		t.Helper()
		names := figureName.FindAllString(query, -1)
		if len(names) == 0 && !strings.HasPrefix(query, "up{") {
			t.Errorf("%s asks for nothing: %s", where, query)
		}
		for _, name := range names {
			if kinds[name] == "" && kinds[strings.TrimSuffix(name, "_bucket")] != "histogram" {
				t.Errorf("%s asks for %s", where, name)
			}
		}
	}
	for name, query := range alerts(t) {
		want(name, query)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(inDeploy(t, "deploy", "grafana.json")), &board); err != nil || len(board.Panels) == 0 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	for _, p := range board.Panels {
		want(p.Title, p.Targets[0].Expr)
	}
}

// alerts are the queries of the alerts, by name.
func alerts(t *testing.T) map[string]string {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	parseYAML(t, inDeploy(t, "deploy", "alerts.yml"), &file)
	all := map[string]string{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			all[r.Alert] = r.Expr
		}
	}
	if len(all) == 0 {
		t.Fatal("no alerts")
	}
	return all
}

func TestPrometheusAsksTheNodes(t *testing.T) {
	var file struct {
		Files   []string `yaml:"rule_files"`
		Scrapes []struct {
			Name    string                       `yaml:"job_name"`
			Auth    map[string]string            `yaml:"authorization"`
			Targets []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	parseYAML(t, inDeploy(t, "deploy", "prometheus.yml"), &file)
	s := file.Scrapes[0]
	if s.Name != "preau" || s.Auth["credentials_file"] != "/run/secrets/metrics_token" || !slices.Equal(s.Targets[0].Targets, []string{"preau1:8080", "preau2:8080"}) {
		t.Errorf("%+v", s)
	}
	for _, name := range file.Files {
		inDeploy(t, "deploy", name)
	}
}

// TestDeployPageIsComplete holds that every setting, command and alert is
// explained.
func TestDeployPageIsComplete(t *testing.T) {
	page := inDeploy(t, "deploy", "README.md")
	for _, s := range settings {
		if !strings.Contains(page, "`PREAU_"+s.name+"`") {
			t.Errorf("PREAU_%s is not explained", s.name)
		}
	}
	for name := range alerts(t) {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the alert %s is not explained", name)
		}
	}
	for _, command := range []string{"preau backup", "preau restore", "preau doctor", "make drill"} {
		if !strings.Contains(page, command) {
			t.Errorf("%s is not explained", command)
		}
	}
	if !strings.Contains(inDeploy(t, "README.md"), "(deploy/README.md)") {
		t.Error("README.md does not lead there")
	}
}
