package timetable

import (
	"encoding/json"
	"log/slog"
	"maps"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a small school on real parts: directory, engine, SQLite.
//
//	5e B   Inès and Malo; Mme Garnier for French, M. Petit for maths
//	5e A   Noé; Mme Garnier for French
//	Latin  a group: Inès and Noé
//	Nadia  is the mother of Inès and Noé; Viard is vie scolaire
type world struct {
	t      testing.TB
	dir    *directory.Directory
	table  *Service
	engine *psync.Engine
	now    time.Time
	k      map[string]int64
}

// monday is 23 November 2026, 11:00 in Paris.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const home = "timetable:x"

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { _ = records.Close() })
	w := &world{t: t, now: monday, k: map[string]int64{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	w.dir = directory.New(directory.Config{Records: records, Log: log, Now: clock})
	notices, err := notify.New(notify.Config{Log: log, Now: clock})
	must(t, err)
	w.table = New(Config{Directory: w.dir, Notices: notices, Log: log, Now: clock})
	mux := psync.NewMux()
	w.dir.Register(mux)
	notices.Register(mux)
	w.table.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.dir, Log: log, Now: clock})
	w.dir.Bind(w.engine)
	notices.Bind(w.engine)
	w.table.Bind(w.engine)
	must(t, w.dir.Apply(t.Context(), psync.Actor{}, "x", school()))
	w.settle()
	return w
}

func school() []directory.Put {
	put := func(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }
	person := func(id, civility, first, last string, pupil bool) directory.Put {
		return put(id, directory.Person{First: first, Last: last, Civility: civility, Pupil: pupil})
	}
	return []directory.Put{
		put("x", directory.School{Name: "Collège", Timezone: "Europe/Paris", Year: directory.YearOf("2026-11-23"), Holidays: []directory.Holiday{{Name: "Noël", Start: "2026-12-19", End: "2027-01-03"}}}),
		put("fr", directory.Subject{Name: "Français"}), put("ma", directory.Subject{Name: "Mathématiques"}), put("la", directory.Subject{Name: "Latin"}),
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}), put("5a", directory.Class{Name: "5e A", Kind: directory.KindClass}),
		put("latin", directory.Class{Name: "Latin 5e", Kind: directory.KindGroup}),
		person("ines", "", "Inès", "Benali", true), person("malo", "", "Malo", "Le Goff", true), person("noe", "", "Noé", "Benali", true),
		person("nadia", "Mme", "Nadia", "Benali", false), person("garnier", "Mme", "Claire", "Garnier", false),
		person("petit", "M.", "Luc", "Petit", false), person("lopez", "M.", "Thomas", "Lopez", false), person("viard", "Mme", "Anne", "Viard", false),
		put("e1", directory.Enrollment{Student: "ines", Audience: "class:5b"}), put("e2", directory.Enrollment{Student: "malo", Audience: "class:5b"}),
		put("e3", directory.Enrollment{Student: "noe", Audience: "class:5a"}),
		put("e4", directory.Enrollment{Student: "ines", Audience: "group:latin"}), put("e5", directory.Enrollment{Student: "noe", Audience: "group:latin"}),
		put("g1", directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}),
		put("g2", directory.Guardianship{Guardian: "nadia", Student: "noe", Level: 1, Reads: true}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: "class:5b"}), put("ma5b", directory.CourseRecord{Subject: "ma", Audience: "class:5b"}),
		put("fr5a", directory.CourseRecord{Subject: "fr", Audience: "class:5a"}), put("la5", directory.CourseRecord{Subject: "la", Audience: "group:latin"}),
		put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}), put("t2", directory.Teaching{Course: "ma5b", Teacher: "petit"}),
		put("t3", directory.Teaching{Course: "fr5a", Teacher: "garnier"}), put("t4", directory.Teaching{Course: "la5", Teacher: "garnier"}),
		put("p1", directory.Post{Person: "viard", Role: directory.RoleStaff}), put("p2", directory.Post{Person: "lopez", Role: directory.RoleTeacher}),
		put("p3", directory.Post{Person: "lopez", Role: directory.RoleDirection}),
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) settle() {
	w.t.Helper()
	must(w.t, w.engine.Drain(w.t.Context()))
}

// after lets time pass, and all that was put off until then happen.
func (w *world) after(d time.Duration) {
	w.now = w.now.Add(d)
	w.settle()
}

type refusal struct {
	Code, Field string
	Current     json.RawMessage
}

// send has vie scolaire do something and lets follow what follows at once.
func (w *world) send(name string, args any) *refusal {
	w.t.Helper()
	return w.sendAs("viard", name, args, 0)
}

func (w *world) sendAs(user, name string, args any, base int64) *refusal {
	w.t.Helper()
	raw, err := json.Marshal(args)
	must(w.t, err)
	w.k[user]++
	m := psync.Mutation{Scope: home, K: w.k[user], Name: name, Args: raw, At: w.now.UnixMilli(), Base: base}
	res, err := w.engine.Sync(w.t.Context(), psync.Actor{School: "x", User: user, Device: "d_" + user}, &psync.Request{V: 1, Schema: 1, Device: "d_" + user, Mutations: []psync.Mutation{m}})
	must(w.t, err)
	var answer struct {
		Results []struct {
			OK    bool
			Error *refusal
		}
	}
	must(w.t, json.Unmarshal(res.JSON(), &answer))
	if r := answer.Results[0]; !r.OK && r.Error == nil {
		w.t.Fatalf("%s: %s", name, res.JSON())
	}
	w.settle()
	return answer.Results[0].Error
}

// do is send of something that must be accepted.
func (w *world) do(name string, args any) {
	w.t.Helper()
	if r := w.send(name, args); r != nil {
		w.t.Fatalf("%s: %s %s", name, r.Code, r.Field)
	}
}

// ids lists the live records of a type in a scope.
func (w *world) ids(scope, typ string) []string {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), scope, storage.Key{Type: typ})
	must(w.t, err)
	ids := []string{}
	for _, r := range recs {
		ids = append(ids, r.ID)
	}
	return ids
}

// titles lists what somebody was told, with what stands under it.
func (w *world) titles(user string) []string {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "user:"+user, storage.Key{Type: "notice"})
	must(w.t, err)
	all := []string{}
	for _, r := range recs {
		var n struct{ Title, Body string }
		must(w.t, json.Unmarshal(r.Value, &n))
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
