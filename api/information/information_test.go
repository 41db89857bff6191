package information_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/directory"
	"preau/api/information"
	psync "preau/sync"
)

type args = areatest.Args

func newWorld(t *testing.T) *areatest.World {
	t.Helper()
	return areatest.New(t, func(w *areatest.World) areatest.Area {
		return areatest.Of[information.Engine](information.New(information.Config{Directory: w.Dir, Files: w.Files, Log: w.Log, Now: w.Now}))
	})
}

func body(text string) []args { return []args{{"runs": []args{{"text": text}}}} }

func to(of string, roles ...string) []args { return []args{{"of": of, "roles": roles}} }

// notice is an information of a week, changed by more.
func notice(id string, more args) args {
	a := args{
		"id": id, "title": "Réunion de rentrée", "category": "meeting", "body": body("Mardi à 18 h."),
		"from": "2026-11-23", "until": "2026-11-30", "audience": to("class:5b", "guardians"),
	}
	maps.Copy(a, more)
	return a
}

func by(user, name string, a any) areatest.Act {
	return areatest.Act{User: user, Scope: "user:" + user, Name: "information." + name + "@1", Args: a}
}

// holders are those who have an information.
func holders(w *areatest.World, id string) (who []string) {
	for _, user := range areatest.Everybody {
		if w.Has("user:"+user, "information", id) {
			who = append(who, user)
		}
	}
	return who
}

// pulled is what a person's device is sent of a type.
func pulled(w *areatest.World, user, typ string) string {
	w.Helper()
	who := areatest.Person(user)
	res, err := w.Engine.Sync(w.Context(), who, &psync.Request{V: 1, Schema: 1, Device: who.Device, Cursors: map[string]psync.Cursor{}, Budget: 1 << 20})
	if err != nil {
		w.Fatal(err)
	}
	var answer struct {
		Scopes map[string]struct{ Records []json.RawMessage }
	}
	if err := json.Unmarshal(res.JSON(), &answer); err != nil {
		w.Fatal(err)
	}
	var all []string
	for _, s := range answer.Scopes {
		for _, r := range s.Records {
			if strings.Contains(string(r), fmt.Sprintf("%q", typ)) {
				all = append(all, string(r))
			}
		}
	}
	return strings.Join(all, "\n")
}

// P14: who is named reads it, and nobody else; those who left it, no more.
func TestAudience(t *testing.T) {
	for name, c := range map[string]struct {
		author   string
		audience []args
		want     []string
	}{
		"guardians of a class":   {"garnier", to("class:5b", "guardians"), []string{"karim", "nadia"}},
		"pupils of a group":      {"garnier", to("group:latin", "students"), []string{"ines", "noe"}},
		"pupils and guardians":   {"garnier", to("class:5a", "students", "guardians"), []string{"nadia", "noe"}},
		"teachers of a class":    {"viard", to("class:5b", "teachers"), []string{"garnier", "petit"}},
		"all who work there":     {"viard", to("school", "teachers", "staff"), []string{"garnier", "petit", "roussel"}},
		"everybody":              {"roussel", to("school", "students", "guardians", "teachers", "staff"), []string{"garnier", "ines", "karim", "malo", "nadia", "noe", "petit", "tom", "viard", "zoe"}},
		"two classes":            {"garnier", append(to("class:5a", "guardians"), to("class:5b", "guardians")...), []string{"karim", "nadia"}},
		"a teacher not of it":    {"petit", to("class:5a", "guardians"), nil},
		"a teacher to everybody": {"garnier", to("school", "students"), nil},
		"a teacher to the team":  {"garnier", to("class:5b", "teachers"), nil},
		"a level of nobody":      {"viard", to("level:5e", "students"), nil},
		"another school":         {"viard", to("school:y", "students"), nil},
		"the team of a class":    {"viard", to("class:5b/staff", "students"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			refused := ""
			if c.want == nil {
				refused = "recipient_not_allowed audience[0]"
			}
			w.Want(refused, by(c.author, "publish", notice("info-0001", args{"audience": c.audience})))
			if diff := cmp.Diff(c.want, holders(w, "info-0001")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// P14: a level is its classes.
func TestLevel(t *testing.T) {
	w := newWorld(t)
	w.Apply(directory.Put{ID: "5b", Record: directory.Class{Name: "5e B", Level: "5e", Kind: directory.KindClass}})
	w.Must(by("viard", "publish", notice("info-0001", args{"audience": to("level:5e", "students")})))
	if diff := cmp.Diff([]string{"ines", "malo", "tom", "zoe"}, holders(w, "info-0001")); diff != "" {
		t.Error(diff)
	}
}

// P14: neither pupils nor guardians inform anybody, and nobody in the name of another.
func TestWhoInforms(t *testing.T) {
	w := newWorld(t)
	for _, user := range []string{"ines", "nadia"} {
		w.Want("forbidden", by(user, "publish", notice("info-0001", nil)))
	}
	w.Want("forbidden scope", areatest.Act{User: "petit", Scope: "user:garnier", Name: "information.publish@1", Args: notice("info-0001", nil)})
}

// P14: what does not hold together is refused, and changes nothing.
func TestRefusals(t *testing.T) {
	one := func(more args) args {
		q := args{"kind": "one", "title": "Venez-vous ?", "choices": []string{"Oui", "Non"}}
		maps.Copy(q, more)
		return args{"questions": []args{q}}
	}
	many := make([]args, 31)
	for i := range many {
		many[i] = args{"kind": "text", "title": "Pourquoi ?"}
	}
	for want, more := range map[string]args{
		"invalid id":                      {"id": "x"},
		"invalid title":                   {"title": " \n "},
		"too_large title":                 {"title": strings.Repeat("é", 151)},
		"invalid category":                {"category": "party"},
		"invalid body":                    {"body": []args{}},
		"invalid body[0].kind":            {"body": []args{{"kind": "poll", "runs": []args{}}}},
		"invalid from":                    {"from": "2026-13-01"},
		"invalid until":                   {"until": "2026-11-22"},
		"invalid audience":                {"audience": []args{}},
		"invalid audience[0].roles":       {"audience": to("class:5b")},
		"invalid audience[0].roles[0]":    {"audience": to("class:5b", "cats")},
		"invalid audience[0].roles[1]":    {"audience": to("class:5b", "guardians", "guardians")},
		"invalid audience[1].of":          {"audience": append(to("class:5b", "guardians"), to("class:5b", "students")...)},
		"invalid questions":               {"anonymous": true},
		"too_large questions":             {"questions": many},
		"invalid questions[0].kind":       one(args{"kind": "scale"}),
		"invalid questions[0].title":      one(args{"title": ""}),
		"invalid questions[0].choices":    one(args{"choices": []string{}}),
		"invalid questions[0].choices[1]": one(args{"choices": []string{"Oui", "Oui "}}),
		"invalid questions[0].most":       one(args{"kind": "many", "most": 3}),
		"invalid questions[0].required":   one(args{"kind": "info", "choices": nil, "required": true}),
		"too_large files":                 {"files": make([]args, 11)},
		"invalid perChild":                {"audience": to("class:5b", "students"), "perChild": true, "questions": one(nil)["questions"]},
		"invalid wrong":                   {"wrong": 1},
	} {
		t.Run(want, func(t *testing.T) {
			w := newWorld(t)
			w.Want(want, by("garnier", "publish", notice("info-0001", more)))
			if len(holders(w, "info-0001")) > 0 || w.Has("user:garnier", "broadcast", "info-0001") {
				t.Error("it was written all the same")
			}
		})
	}
	w := newWorld(t)
	w.Want("invalid until", by("garnier", "publish", notice("info-0001", args{"from": "2026-11-01", "until": "2026-11-20"})))
	w.Want("invalid questions", by("garnier", "publish", notice("info-0001", args{"questions": []args{{"kind": "info", "title": "Bonjour"}}})))
}

// P14: it comes with its first day and its notice, says its title, and what is
// about health only inside the app.
func TestDisplay(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", notice("info-0001", args{"from": "2026-11-25"})))
	if who := holders(w, "info-0001"); who != nil {
		t.Errorf("before its day %v have it", who)
	}
	w.Must(by("garnier", "publish", notice("info-0002", args{"category": "health", "title": "Poux"})))
	w.At(time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC))
	if who := holders(w, "info-0001"); !slices.Equal(who, []string{"karim", "nadia"}) {
		t.Errorf("%v have it", who)
	}
	want := []string{"Information : Réunion de rentrée", "Nouvelle information de l’établissement"}
	got := w.Told("nadia", "information")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.Must(by("garnier", "publish", notice("info-0001", nil))) // once more is no error, and rings nobody
	if n := len(w.Told("nadia", "information")); n != 2 {
		t.Errorf("%d notices", n)
	}
	if text := pulled(w, "nadia", "information"); !strings.Contains(text, "Mardi à 18 h.") || strings.Contains(text, "karim") {
		t.Errorf("sent: %s", text)
	}
	for _, user := range []string{"ines", "petit", "viard"} {
		if text := pulled(w, user, "information"); strings.Contains(text, "Mardi") {
			t.Errorf("%s is sent %s", user, text)
		}
	}
}

// P14: who joins the class meanwhile gets it, who loses the right loses it; a
// right that begins on a day does so then.
func TestNewcomers(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", notice("info-0001", args{"audience": to("class:5b", "students", "guardians")})))
	w.Apply(
		directory.Put{ID: "lea", Record: directory.Person{First: "Léa", Last: "Morin", Pupil: true}},
		directory.Put{ID: "in-lea", Record: directory.Enrollment{Student: "lea", Audience: "class:5b"}},
		directory.Put{ID: "g3", Record: directory.Guardianship{Guardian: "karim", Student: "ines", Level: 2, Reads: true, Span: directory.Span{To: "2026-11-23"}}},
		directory.Put{ID: "g9", Record: directory.Guardianship{Guardian: "lucie", Student: "malo", Reads: true, Span: directory.Span{From: "2026-11-25"}}},
	)
	if !w.Has("user:lea", "information", "info-0001") {
		t.Error("a new pupil does not get it")
	}
	if who := holders(w, "info-0001"); !slices.Equal(who, []string{"ines", "malo", "nadia", "tom", "zoe"}) {
		t.Errorf("%v have it", who)
	}
	w.At(time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC))
	if !w.Has("user:lucie", "information", "info-0001") {
		t.Error("a new guardian does not get it")
	}
	if b := areatest.Get[information.Broadcast](w, "user:garnier", "broadcast", "info-0001"); b.People != 7 {
		t.Errorf("%d people", b.People)
	}
	if n := len(w.Told("nadia", "information")); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// P14: to have read it stays with the reader; to have acknowledged it is an
// act with a date, of each guardian.
func TestReadIsNotAcknowledged(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", notice("info-0001", args{"acknowledge": true})))
	before := fmt.Sprint(w.Find("user:garnier", "reach", ""))
	w.Must(by("nadia", "read", args{"ids": []string{"info-0001", "info-none"}}))
	if after := fmt.Sprint(w.Find("user:garnier", "reach", "")); after != before {
		t.Error("the author learns that it was read")
	}
	w.Must(by("nadia", "acknowledge", args{"id": "info-0001"}))
	w.Must(by("nadia", "acknowledge", args{"id": "info-0001"}))
	got := map[string]string{}
	for _, p := range areatest.Get[information.Reach](w, "user:garnier", "reach", "info-0001.0").People {
		got[p.ID] = p.Acknowledged
	}
	if diff := cmp.Diff(map[string]string{"nadia": "2026-11-23T10:00:00Z", "karim": ""}, got); diff != "" {
		t.Error(diff)
	}
	w.Want("not_found id", by("ines", "acknowledge", args{"id": "info-0001"}))
	w.Must(by("garnier", "publish", notice("info-0002", nil)))
	w.Want("invalid id", by("nadia", "acknowledge", args{"id": "info-0002"}))
	w.Want("forbidden scope", areatest.Act{User: "karim", Scope: "user:nadia", Name: "information.acknowledge@1", Args: args{"id": "info-0001"}})
}

// P14: a reminder goes to those who did not, once in three days.
func TestReminder(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", notice("info-0001", args{"acknowledge": true})))
	w.Must(by("nadia", "acknowledge", args{"id": "info-0001"}))
	w.Must(by("garnier", "remind", args{"id": "info-0001"}))
	w.Want("too_soon id", by("garnier", "remind", args{"id": "info-0001"}))
	w.After(73 * time.Hour)
	w.Must(by("garnier", "remind", args{"id": "info-0001"}))
	if n, k := w.Told("nadia", "information.reminder"), w.Told("karim", "information.reminder"); len(n) != 0 || len(k) != 2 {
		t.Errorf("Nadia is told %q, Karim %q", n, k)
	}
	w.Must(by("garnier", "publish", notice("info-0002", nil)))
	w.Want("invalid id", by("garnier", "remind", args{"id": "info-0002"}))
	w.Want("not_found id", by("petit", "remind", args{"id": "info-0001"}))
}

// P14: a correction reaches those who have it, with its date; what was
// withdrawn nobody has.
func TestCorrectAndWithdraw(t *testing.T) {
	w := newWorld(t)
	file := w.Upload("garnier", "plan.txt", "text/plain", []byte("Salle 12"))
	w.Must(by("garnier", "publish", notice("info-0001", args{"files": []args{{"sha": file, "name": "plan.txt", "type": "text/plain", "size": 8}}})))
	if who := w.Readers(file); !slices.Equal(who, []string{"garnier", "karim", "nadia"}) {
		t.Errorf("%v open the file", who)
	}
	seq := w.Find("user:nadia", "information", "info-0001")[0].Seq
	change := args{"id": "info-0001", "title": "Réunion reportée", "category": "meeting", "body": body("Jeudi à 18 h."), "files": []args{}, "until": "2026-12-05"}
	w.Must(by("garnier", "correct", change))
	if text := pulled(w, "nadia", "information"); !strings.Contains(text, "Jeudi") || !strings.Contains(text, "corrected") {
		t.Errorf("sent: %s", text)
	}
	if now := w.Find("user:nadia", "information", "info-0001")[0].Seq; now <= seq {
		t.Error("devices are not told of the correction")
	}
	if who := w.Readers(file); !slices.Equal(who, []string{"garnier"}) { // who brought it
		t.Errorf("%v open the file that is gone", who)
	}
	if n := len(w.Told("nadia", "information")); n != 1 {
		t.Errorf("told %d times", n)
	}
	stale := by("garnier", "correct", change)
	stale.Base = 1
	if got := w.Do(stale); got != "" { // its own device wrote last
		t.Error(got)
	}
	w.Must(by("garnier", "withdraw", args{"id": "info-0001"}))
	if who := holders(w, "info-0001"); who != nil {
		t.Errorf("%v have what was withdrawn", who)
	}
	for _, act := range []string{"withdraw", "remind"} {
		w.Want("withdrawn id", by("garnier", act, args{"id": "info-0001"}))
	}
	w.Apply(directory.Put{ID: "g4", Record: directory.Guardianship{Guardian: "lucie", Student: "malo", Reads: true}})
	if who := holders(w, "info-0001"); who != nil {
		t.Errorf("%v get what was withdrawn", who)
	}
}

// P14: sixty days after its last day readers have nothing of it any more, and
// its author only the text.
func TestForgetting(t *testing.T) {
	w := newWorld(t)
	file := w.Upload("garnier", "plan.txt", "text/plain", []byte("Salle 12"))
	w.Must(by("garnier", "publish", notice("info-0001", args{
		"acknowledge": true, "questions": []args{{"kind": "text", "title": "Une idée ?"}},
		"files": []args{{"sha": file, "name": "plan.txt", "type": "text/plain", "size": 8}},
	})))
	w.Must(by("nadia", "acknowledge", args{"id": "info-0001"}))
	w.Must(by("nadia", "answer", args{"id": "info-0001", "answers": []args{{"text": "Non"}}}))
	w.At(time.Date(2027, 1, 29, 12, 0, 0, 0, time.UTC))
	if who := holders(w, "info-0001"); len(who) != 2 {
		t.Errorf("too early only %v have it", who)
	}
	w.At(time.Date(2027, 1, 30, 12, 0, 0, 0, time.UTC))
	if who := holders(w, "info-0001"); who != nil {
		t.Errorf("%v still have it", who)
	}
	for scope, typ := range map[string]string{"user:nadia": "response", "user:garnier": "reach"} {
		if n := len(w.Find(scope, typ, "")); n > 0 {
			t.Errorf("%d records %s in %s", n, typ, scope)
		}
	}
	if n := len(w.Find("user:garnier", "surveyAnswer", "")); n > 0 {
		t.Errorf("%d answers are kept", n)
	}
	if who := w.Readers(file); !slices.Equal(who, []string{"garnier"}) {
		t.Errorf("%v open its file", who)
	}
	if b := areatest.Get[information.Broadcast](w, "user:garnier", "broadcast", "info-0001"); !b.Forgotten {
		t.Error("it is not marked")
	}
}

// P14: more readers than one commit notes are laid out in parts, each exactly once.
func TestManyReaders(t *testing.T) {
	w := newWorld(t)
	var puts []directory.Put
	for i := range 430 {
		id := fmt.Sprintf("pupil%04d", i)
		puts = append(puts,
			directory.Put{ID: id, Record: directory.Person{First: "P", Last: id, Pupil: true}},
			directory.Put{ID: "in-" + id, Record: directory.Enrollment{Student: id, Audience: "class:5b"}})
	}
	w.Apply(puts...)
	w.Must(by("viard", "publish", notice("info-0001", args{"audience": to("school", "students")})))
	for i := range 430 {
		if id := fmt.Sprintf("user:pupil%04d", i); len(w.Find(id, "information", "")) != 1 || len(w.Find(id, "notice", "")) != 1 {
			t.Fatalf("%s: %v", id, w.Find(id, "notice", ""))
		}
	}
	b := areatest.Get[information.Broadcast](w, "user:viard", "broadcast", "info-0001")
	if b.People != 435 || b.Parts != 5 {
		t.Errorf("%d people in %d parts", b.People, b.Parts)
	}
}
