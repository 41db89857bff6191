package main

import (
	"bytes"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"preau/api/directory"
)

// tool runs a command of the program on a data folder.
func tool(t *testing.T, data string, args ...string) (string, error) {
	t.Helper()
	env := func(name string) string {
		return map[string]string{"PREAU_DATA": data, "PREAU_ORIGIN": "https://ecole.example"}[name]
	}
	var out, errOut bytes.Buffer
	err := run(t.Context(), args, env, &out, &errOut)
	return out.String(), err
}

func mustTool(t *testing.T, data string, args ...string) string {
	t.Helper()
	said, err := tool(t, data, args...)
	if err != nil {
		t.Fatalf("preau %s: %v", strings.Join(args, " "), err)
	}
	return said
}

var opening = regexp.MustCompile(`(?s)Identifiant : (\S+)\n.*https://ecole\.example/activer#1\.([\w-]+)\.([\w-]+)\n {4}code (\S+)\n`)

// imported is the data folder of a school that has just been imported.
func imported(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	mustTool(t, data, "import", "onde", "testdata/onde", "-name", "École Émile-Zola")
	return data
}

func TestAdminOpensTheFirstAccount(t *testing.T) {
	data := imported(t)
	said := mustTool(t, data, "admin", "cindy", "ONG")
	found := opening.FindStringSubmatch(said)
	if found == nil || !strings.HasPrefix(said, "Cindy Ong administre École Émile-Zola.\n") {
		t.Fatalf("said:\n%s", said)
	}
	if again := mustTool(t, data, "admin", "Cindy", "Ong"); again != said {
		t.Errorf("a second run says:\n%s", again)
	}

	s := start(t, Config{Data: data, Addr: "127.0.0.1:0", Plain: "127.0.0.1:0"})
	body := `{"secret":"` + found[3] + `","code":"` + found[4] + `","password":"des chamois à Noël","label":"Laptop"}`
	url := "http://" + s.fronts.main.Addr().String() + "/api/activations/" + found[2] + "/open"
	answer, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Fatalf("opening the account: %s", answer.Status)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	if said := mustTool(t, data, "admin", "Cindy", "Ong"); !strings.Contains(said, "déjà ouvert") || opening.MatchString(said) {
		t.Errorf("of an open account:\n%s", said)
	}
	if said := mustTool(t, data, "admin", "Cindy", "Ong", "-reset"); !opening.MatchString(said) {
		t.Errorf("of an account taken back:\n%s", said)
	}
}

func TestAdminStaysAfterAnotherImport(t *testing.T) {
	data := imported(t)
	mustTool(t, data, "admin", "-new", "Zoé", "de La Tour")
	mustTool(t, data, "admin", "Cindy Ong")
	if said := mustTool(t, data, "import", "onde", "testdata/onde"); !strings.HasPrefix(said, "Rien à changer.\n") {
		t.Errorf("the import says:\n%s", said)
	}
	s := start(t, Config{Data: data, Addr: "127.0.0.1:0", Plain: "127.0.0.1:0"})
	admins := 0
	for _, id := range s.directory.People(s.directory.Schools()[0]) {
		for _, role := range s.directory.Roles(id) {
			if role == directory.RoleAdmin {
				admins++
			}
		}
	}
	if admins != 2 {
		t.Errorf("%d administrators, not 2", admins)
	}
}

func TestAdminRefuses(t *testing.T) {
	data := imported(t)
	before := schoolIn(mustTool(t, data, "dump"))
	for name, c := range map[string]struct {
		args []string
		why  string
	}{
		"nobody":         {[]string{}, "usage"},
		"a stranger":     {[]string{"Jean", "Martin"}, "-new"},
		"a pupil":        {[]string{"Léo", "Petit"}, "aucun adulte"},
		"another school": {[]string{"Cindy", "Ong", "-school", "ailleurs"}, "ailleurs"},
		"half a name":    {[]string{"Jean", "-new"}, "usage"},
		"no such flag":   {[]string{"Cindy", "Ong", "-root"}, "usage"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tool(t, data, append([]string{"admin"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error: %v", err)
			}
		})
	}
	if after := schoolIn(mustTool(t, data, "dump")); after != before {
		t.Error("a refusal changed something")
	}
	if _, err := tool(t, filepath.Join(t.TempDir(), "empty"), "admin", "Cindy", "Ong"); err == nil || !strings.Contains(err.Error(), "preau import") {
		t.Errorf("without a school: %v", err)
	}
}

// schoolIn is a dump without what a server keeps of itself, such as the
// fingerprint of the keys that it is opened with.
func schoolIn(dump string) string {
	var lines strings.Builder
	for line := range strings.Lines(dump) {
		if !strings.Contains(line, `"scope":"server:`) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func TestToolsStayAwayFromAServerThatRuns(t *testing.T) {
	data := imported(t)
	start(t, Config{Data: data, Addr: "127.0.0.1:0", Plain: "127.0.0.1:0"})
	for _, args := range [][]string{
		{"admin", "Cindy", "Ong"}, {"import", "onde", "testdata/onde"}, {"serve", "-addr", "127.0.0.1:0"},
	} {
		if _, err := tool(t, data, args...); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("%s: %v", args[0], err)
		}
	}
}
