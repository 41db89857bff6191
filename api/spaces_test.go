package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"preau/api/directory"
)

type shownSpace struct {
	ID, Name, Description, Link string
	Leads                       bool
	Members                     []struct {
		ID, Name, Link string
		Lead           bool
	}
}

// spaces lists what a subject sees.
func (w *world) spaces(subject string) map[string]shownSpace {
	w.t.Helper()
	got := w.as(subject).send("GET", "/api/directory/spaces", "")
	got.want(w.t, 200, "")
	var answer struct{ Spaces []shownSpace }
	check(w.t, json.Unmarshal([]byte(got.text), &answer))
	by := map[string]shownSpace{}
	for _, s := range answer.Spaces {
		by[s.Name] = s
	}
	return by
}

func (s shownSpace) names() (all []string) {
	for _, m := range s.Members {
		all = append(all, m.Name)
	}
	return all
}

// TestSpace (E83): a teacher makes a space, people come and go, it ends.
func TestSpace(t *testing.T) {
	w := newWorld(t)
	made := w.as("teacher").send("POST", "/api/directory/spaces", `{"name":" Chorale ","description":"Le mardi"}`)
	made.want(t, 201, "")
	var answer struct{ ID string }
	check(t, json.Unmarshal([]byte(made.text), &answer))
	at := "/api/directory/spaces/" + answer.ID
	w.as("teacher").send("POST", at+"/members", `{"people":["malik","nadia"]}`).want(t, 204, "")
	w.as("teacher").send("POST", at+"/members", `{"people":["viard"],"lead":true}`).want(t, 204, "")

	seen := w.spaces("classmate")["Chorale"]
	if seen.Leads || seen.Link == "" || !slices.Equal(seen.names(), []string{"Mme Benali", "Mme Garnier", "Malik Oury", "Mme Viard"}) {
		t.Errorf("a member sees %+v", seen)
	}
	if there := w.spaces("direction")["Chorale"]; !there.Leads || there.Link != "" {
		t.Errorf("the principal sees %+v", there)
	}
	if len(w.spaces("staff")) != 0 {
		t.Error("others see spaces")
	}
	w.as("otherTeacher").send("POST", at+"/rename", `{"name":"Chœur"}`).want(t, 204, "")
	if now := w.spaces("guardian")["Chœur"]; now.ID != answer.ID || now.Description != "" {
		t.Errorf("renamed to %+v", now)
	}
	w.as("classmate").send("POST", "/api/directory/memberships/"+seen.Link+"/end", `{}`).want(t, 204, "")
	if len(w.spaces("classmate")) != 0 || len(w.spaces("guardian")["Chœur"].Members) != 3 {
		t.Error("who left is there still")
	}
	w.as("teacher").send("POST", at+"/members", `{"people":["malik"]}`).want(t, 204, "")
	w.as("direction").send("POST", at+"/end", `{}`).want(t, 204, "")
	if len(w.spaces("guardian")) != 0 || len(w.spaces("teacher")) != 1 {
		t.Error("a space that ended is seen")
	}
	w.as("teacher").send("POST", at+"/rename", `{"name":"Encore"}`).want(t, 404, "not_found")
}

// TestSpaceLeads (E83): a member who works in the school is made lead, makes
// changes, and is a member like any other again.
func TestSpaceLeads(t *testing.T) {
	w := newWorld(t)
	const club = "/api/directory/spaces/club"
	w.as("teacher").send("POST", club+"/members", `{"people":["viard"]}`).want(t, 204, "")
	link := func() string {
		for _, m := range w.spaces("otherTeacher")["Club SECRET-CLUB"].Members {
			if m.ID == "viard" {
				return "/api/directory/memberships/" + m.Link
			}
		}
		return ""
	}
	at := link() + "/lead"
	w.as("otherTeacher").send("POST", at, `{"lead":true}`).want(t, 403, "forbidden")
	w.as("teacher").send("POST", at, `{"lead":true}`).want(t, 204, "")
	w.as("teacher").send("POST", at, `{"lead":true}`).want(t, 204, "")
	w.as("otherTeacher").send("POST", "/api/directory/memberships/lead-club/lead", `{"lead":false}`).want(t, 204, "")
	w.as("teacher").send("POST", club+"/rename", `{"name":"Encore"}`).want(t, 403, "forbidden")
	w.as("otherTeacher").send("POST", at, `{"lead":false}`).want(t, 422, "last_lead")
	w.as("otherTeacher").send("POST", link()+"/end", `{}`).want(t, 204, "")
	w.as("direction").send("POST", "/api/directory/memberships/lead-club/lead", `{"lead":true}`).want(t, 204, "")
	w.as("direction").send("POST", at, `{"lead":true}`).want(t, 404, "not_found")
	w.as("teacher").send("POST", club+"/rename", `{"name":"Encore"}`).want(t, 204, "")
}

// TestSpaceRefuses what is none, and changes nothing.
func TestSpaceRefuses(t *testing.T) {
	w := newWorld(t)
	const club = "/api/directory/spaces/club"
	many := func(n int) string {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("%q", fmt.Sprint("extra", i))
		}
		return fmt.Sprintf(`{"people":[%s]}`, strings.Join(ids, ","))
	}
	before := w.directory.Contents("collard")
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"no name":                  {"/api/directory/spaces", `{"name":"  "}`, 422, "invalid"},
		"a long name":              {"/api/directory/spaces", fmt.Sprintf(`{"name":%q}`, strings.Repeat("é", 101)), 422, "invalid"},
		"a name that is none":      {"/api/directory/spaces", `{"name":1}`, 422, "invalid"},
		"a long description":       {"/api/directory/spaces", fmt.Sprintf(`{"name":"N","description":%q}`, strings.Repeat("é", 1001)), 422, "invalid"},
		"no body":                  {"/api/directory/spaces", `[]`, 400, "malformed"},
		"renamed to nothing":       {club + "/rename", `{"name":""}`, 422, "invalid"},
		"no such space":            {"/api/directory/spaces/none/members", `{"people":["zoe"]}`, 404, "not_found"},
		"nobody":                   {club + "/members", `{"people":[]}`, 422, "invalid"},
		"a stranger":               {club + "/members", `{"people":["zoe","nobody"]}`, 404, "not_found"},
		"somebody of elsewhere":    {club + "/members", `{"people":["verne1"]}`, 404, "not_found"},
		"twice":                    {club + "/members", `{"people":["zoe","zoe"]}`, 422, "invalid"},
		"a member already":         {club + "/members", `{"people":["zoe","ines"]}`, 409, "conflict"},
		"a pupil who leads":        {club + "/members", `{"people":["zoe"],"lead":true}`, 422, "invalid"},
		"more than a space":        {club + "/members", many(501), 413, "too_large"},
		"no such membership":       {"/api/directory/memberships/none/end", `{}`, 404, "not_found"},
		"a pupil made lead":        {"/api/directory/memberships/ines-club/lead", `{"lead":true}`, 422, "invalid"},
		"the last lead":            {"/api/directory/memberships/lead-club/lead", `{"lead":false}`, 422, "last_lead"},
		"neither lead nor not":     {"/api/directory/memberships/ines-club/lead", `{}`, 422, "invalid"},
		"no such member to lead":   {"/api/directory/memberships/none/lead", `{"lead":true}`, 404, "not_found"},
		"an end that is no day":    {"/api/directory/memberships/ines-club/end", `{"on":"soon"}`, 422, "invalid"},
		"a membership, other keys": {club + "/members", `{"people":["zoe"],"owner":"zoe"}`, 422, "invalid"},
	} {
		t.Run(name, func(t *testing.T) { w.as("teacher").send("POST", c.path, c.body).want(t, c.status, c.code) })
	}
	if now := w.directory.Contents("collard"); len(now.Memberships) != len(before.Memberships) || now.Spaces["club"] != before.Spaces["club"] || len(now.Spaces) != len(before.Spaces) {
		t.Error("a refusal changed something")
	}
}

// A space holds 500 people, those who come one by one included.
func TestSpaceIsFull(t *testing.T) {
	w := newWorld(t)
	var puts []directory.Put
	var ids []string
	for i := range 499 {
		id := fmt.Sprint("extra", i)
		puts, ids = append(puts, directory.Put{ID: id, Record: directory.Person{First: "P", Last: id, Pupil: true}}), append(ids, id)
	}
	check(t, w.directory.Apply(t.Context(), garnier, "collard", puts))
	check(t, w.directory.AddMembers(t.Context(), garnier, "club", ids[:498], false))
	w.as("teacher").send("POST", "/api/directory/spaces/club/members", `{"people":["zoe"]}`).want(t, 413, "too_large")
}
