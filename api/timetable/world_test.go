package timetable

import (
	"encoding/json"
	"maps"
	"testing"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/directory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the small school with a timetable; M. Lopez teaches no course and is
// of the direction.
type world struct {
	*areatest.World
	table *Service
}

var monday = areatest.Monday

const home = "timetable:x"

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{}
	w.World = areatest.New(t, func(of *areatest.World) areatest.Area {
		w.table = New(Config{Directory: of.Dir, Notices: of.Notices, Log: of.Log, Now: of.Now})
		return areatest.Of(w.table)
	})
	w.Apply(
		directory.Put{ID: "lopez", Record: directory.Person{First: "Thomas", Last: "Lopez", Civility: "M."}},
		directory.Put{ID: "lopez-t", Record: directory.Post{Person: "lopez", Role: directory.RoleTeacher}},
		directory.Put{ID: "lopez-d", Record: directory.Post{Person: "lopez", Role: directory.RoleDirection}},
	)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type refusal struct {
	Code, Field string
	Current     json.RawMessage
}

// send has vie scolaire do something and lets follow what follows at once.
func (w *world) send(name string, args any) *refusal {
	w.Helper()
	return w.sendAs("viard", name, args, 0)
}

func (w *world) sendAs(user, name string, args any, base int64) *refusal {
	w.Helper()
	r := w.Send(areatest.Act{User: user, Scope: home, Name: name, Args: args, Base: base})
	w.Settle()
	if r.OK {
		return nil
	}
	return &refusal{r.Error.Code, r.Error.Field, r.Error.Current}
}

// do is send of something that must be accepted.
func (w *world) do(name string, args any) {
	w.Helper()
	if r := w.send(name, args); r != nil {
		w.Fatalf("%s: %s %s", name, r.Code, r.Field)
	}
}

// ids lists the live records of a type in a scope.
func (w *world) ids(scope, typ string) []string {
	w.Helper()
	ids := []string{}
	for _, r := range w.Find(scope, typ, "") {
		ids = append(ids, r.ID)
	}
	return ids
}

// titles lists what somebody was told, with what stands under it.
func (w *world) titles(user string) []string {
	w.Helper()
	all := []string{}
	for _, r := range w.Find("user:"+user, "notice", "") {
		var n struct{ Title, Body string }
		must(w.TB, json.Unmarshal(r.Value, &n))
		all = append(all, n.Title+" | "+n.Body)
	}
	return all
}

type args = map[string]any

func slots(all ...args) args { return args{"slots": all} }

// french is a lesson of every Tuesday, 10:05.
func french() args {
	return args{"id": "slot-french", "course": "fr5b", "kind": "lesson", "weekday": 2, "start": "10:05", "end": "11:00", "rooms": []string{"112"}}
}

func with(a args, more args) args {
	made := maps.Clone(a)
	maps.Copy(made, more)
	return made
}
