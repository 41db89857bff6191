package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"preau/api"
	"preau/cmd/preau/demo"
)

// officeOf is the edge of a small school in which the tokens are the
// keys of the demo's cast.
func officeOf(t *testing.T) (*edge, *demo.World) {
	t.Helper()
	w := demo.People(t, demo.Small)
	sessions := tokens{}
	for _, a := range demo.Accounts() {
		sessions[a.Key] = demo.Actor(a.User)
	}
	return serve(t, api.Deps{
		Now: w.Clock.Now, Sessions: sessions, Roles: w.Directory.Roles,
		Routes: []api.Routes{api.DirectoryRoutes(w.Directory)},
	}), w
}

func (e *edge) as(token string) *edge {
	e.token = token
	return e
}

type shownRoster struct {
	Class  struct{ Scope, Name string }
	Pupils []struct {
		ID, First, Last, Class string
		Guardians              []struct {
			ID, Link string
			Reads    bool
		}
	}
	Teachers []struct{ ID string }
}

func (e *edge) roster(class string) shownRoster {
	e.t.Helper()
	a := e.send("GET", "/api/directory/classes/"+class, "")
	a.want(e.t, 200, "")
	var r shownRoster
	if err := json.Unmarshal([]byte(a.text), &r); err != nil {
		e.t.Fatal(err)
	}
	return r
}

func TestOfficeSeesClasses(t *testing.T) {
	e, _ := officeOf(t)
	list := e.as("staff").send("GET", "/api/directory/classes", "")
	list.want(t, 200, "")
	for _, name := range []string{`"5e B"`, `"6e A"`, `"Latin 5e"`, `"size":6`} {
		if !strings.Contains(list.text, name) {
			t.Errorf("the list lacks %s: %s", name, list.text)
		}
	}
	r := e.roster(demo.ClassID("5e B"))
	if r.Class.Name != "5e B" || len(r.Pupils) != 6 || len(r.Teachers) != 4 {
		t.Errorf("got %+v", r)
	}
	for _, p := range r.Pupils {
		if p.ID == demo.User("student") && (p.Class != "5e B" || len(p.Guardians) != 2) {
			t.Errorf("Inès is shown as %+v", p)
		}
	}
	e.send("GET", "/api/directory/classes/nowhere", "").want(t, 404, "not_found")
}

func TestDirectoryIsForTheOffice(t *testing.T) {
	e, _ := officeOf(t)
	enroll := fmt.Sprintf(`{"student":%q,"audience":"class:%s"}`, demo.User("student"), demo.ClassID("6e A"))
	for _, c := range []struct {
		method, path, body string
		may                string // keys of who may
	}{
		{"GET", "/api/directory/classes", "", "staff direction admin"},
		{"GET", "/api/directory/classes/" + demo.ClassID("5e B"), "", "staff direction admin"},
		{"GET", "/api/directory/adults?q=benali", "", "admin"},
		{"POST", "/api/directory/enrollments", enroll, "admin"},
		{"POST", "/api/directory/enrollments/x/end", "{}", ""},
		{"POST", "/api/directory/guardianships", "{}", ""},
		{"POST", "/api/directory/guardianships/x/end", "{}", ""},
	} {
		for _, a := range demo.Accounts() {
			got := e.as(a.Key).send(c.method, c.path, c.body)
			allowed := strings.Contains(c.may, a.Key)
			if forbidden := got.StatusCode == 403; forbidden == (allowed || a.Key == "admin") || allowed && got.StatusCode >= 300 {
				t.Errorf("%s %s by %s: %d %s", c.method, c.path, a.Key, got.StatusCode, got.text)
			}
		}
		e.as("").send(c.method, c.path, c.body).want(t, 401, "signed_out")
	}
}

func TestAdministratorMovesAPupil(t *testing.T) {
	e, w := officeOf(t)
	e.as("admin")
	body := func(student, audience, from string) string {
		return fmt.Sprintf(`{"student":%q,"audience":%q,"from":%q}`, student, audience, from)
	}
	ines, there := demo.User("student"), "class:"+demo.ClassID("6e A")
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{`{"student":1}`, 422, "invalid"},
		{`{"student":"x","class":"y"}`, 422, "invalid"},
		{`[]`, 400, "malformed"},
		{body("nobody", there, ""), 404, "not_found"},
		{body(ines, "class:nowhere", ""), 404, "not_found"},
		{body(ines, there, "demain"), 422, "invalid"},
	} {
		e.send("POST", "/api/directory/enrollments", c.body).want(t, c.status, c.code)
	}
	if c, _ := w.Directory.ClassOf(ines); c.Name != "5e B" {
		t.Fatalf("a refusal moved the pupil to %q", c.Name)
	}
	e.send("POST", "/api/directory/enrollments", body(ines, there, "")).want(t, 201, "")
	if c, _ := w.Directory.ClassOf(ines); c.Name != "6e A" {
		t.Errorf("the pupil is in %q", c.Name)
	}
}

func TestAdministratorEndsAGuardianship(t *testing.T) {
	e, w := officeOf(t)
	nadia := demo.Actor(demo.User("guardian"))
	for _, p := range e.as("admin").roster(demo.ClassID("5e B")).Pupils {
		for _, g := range p.Guardians {
			if g.ID == nadia.User {
				e.send("POST", "/api/directory/guardianships/"+g.Link+"/end", `{}`).want(t, 204, "")
			}
		}
	}
	if w.Directory.Reads(nadia, "student:"+demo.User("student")) || !w.Directory.Reads(nadia, "student:"+demo.User("sami")) {
		t.Error("the end of one link is not the end of that one alone")
	}
	again, err := json.Marshal(map[string]any{"guardian": nadia.User, "student": demo.User("student"), "level": 1, "reads": true, "relation": "mother"})
	if err != nil {
		t.Fatal(err)
	}
	e.send("POST", "/api/directory/guardianships", string(again)).want(t, 201, "")
	if !w.Directory.Reads(nadia, "student:"+demo.User("student")) {
		t.Error("the new link gives nothing")
	}
	var found struct{ People []struct{ ID string } }
	a := e.send("GET", "/api/directory/adults?q=nadia%20benali", "")
	if err := json.Unmarshal([]byte(a.text), &found); err != nil || len(found.People) != 1 || found.People[0].ID != nadia.User {
		t.Errorf("found %s", a.text)
	}
}
