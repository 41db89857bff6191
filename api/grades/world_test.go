package grades

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/grades/average"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a small school on real parts: directory, engine, SQLite, disk.
//
//	5e B   Inès, Malo, Tom and Zoé, with Mme Garnier and M. Petit for French
//	5e A   Noé, with Mme Garnier for French
//	Nadia  is the mother of Inès and Noé, Karim the father of Inès alone;
//	       Lucie is a contact of Malo without rights
type world struct {
	t      testing.TB
	dir    *directory.Directory
	files  *attachment.Service
	engine *psync.Engine
	now    time.Time
	k      map[string]int64
}

// monday is 23 November 2026, 11:00 in Paris.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const (
	french    = "course:fr5b"
	dictation = "assessment-1"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	w := emptyWorld(t)
	w.apply(school()...)
	return w
}

func emptyWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	check(t, err)
	blobs, err := disk.Open(t.TempDir())
	check(t, err)
	t.Cleanup(func() { _, _ = records.Close(), blobs.Close() })
	return worldOn(t, records, blobs)
}

// worldOn is a world on stores of somebody else's.
func worldOn(t testing.TB, records storage.Records, blobs storage.Blobs) *world {
	t.Helper()
	w := &world{t: t, now: monday, k: map[string]int64{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	w.dir = directory.New(directory.Config{Records: records, Log: log, Now: clock})
	w.files = attachment.New(attachment.Config{Blobs: blobs, Access: w.dir, Log: log, Now: clock})
	notices, err := notify.New(notify.Config{Log: log, Now: clock})
	check(t, err)
	book := New(Config{Directory: w.dir, Files: w.files, Notices: notices, Log: log, Now: clock})
	mux := psync.NewMux()
	for _, area := range []interface{ Register(*psync.Mux) }{w.dir, w.files, notices, book} {
		area.Register(mux)
	}
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.dir, Log: log, Now: clock})
	w.dir.Bind(w.engine)
	w.files.Bind(w.engine)
	notices.Bind(w.engine)
	book.Bind(w.engine)
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }

func school() []directory.Put {
	pupil := func(id, first, class string) []directory.Put {
		return []directory.Put{
			put(id, directory.Person{First: first, Last: "Benali", Pupil: true}),
			put("in-"+id, directory.Enrollment{Student: id, Audience: "class:" + class}),
		}
	}
	adult := func(id, first, last string) directory.Put {
		return put(id, directory.Person{First: first, Last: last, Civility: "Mme"})
	}
	puts := []directory.Put{
		put("x", directory.School{Name: "Collège Joseph-Collard", Timezone: "Europe/Paris"}),
		put("fr", directory.Subject{Name: "Français"}), put("ma", directory.Subject{Name: "Mathématiques"}),
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}), put("5a", directory.Class{Name: "5e A", Kind: directory.KindClass}),
		adult("nadia", "Nadia", "Benali"), adult("karim", "Karim", "Benali"), adult("lucie", "Lucie", "Moreau"),
		adult("garnier", "Claire", "Garnier"), adult("petit", "Luc", "Petit"), adult("viard", "Anne", "Viard"), adult("roussel", "Hélène", "Roussel"),
		put("g1", directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}),
		put("g2", directory.Guardianship{Guardian: "nadia", Student: "noe", Level: 1, Reads: true}),
		put("g3", directory.Guardianship{Guardian: "karim", Student: "ines", Level: 2, Reads: true}),
		put("g4", directory.Guardianship{Guardian: "lucie", Student: "malo"}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: "class:5b"}), put("ma5b", directory.CourseRecord{Subject: "ma", Audience: "class:5b"}),
		put("fr5a", directory.CourseRecord{Subject: "fr", Audience: "class:5a"}),
		put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}), put("t2", directory.Teaching{Course: "fr5b", Teacher: "petit"}),
		put("t3", directory.Teaching{Course: "fr5a", Teacher: "garnier"}), put("t4", directory.Teaching{Course: "ma5b", Teacher: "viard"}),
		put("p1", directory.Post{Person: "roussel", Role: directory.RoleDirection}),
	}
	for _, p := range [][3]string{{"ines", "Inès", "5b"}, {"malo", "Malo", "5b"}, {"tom", "Tom", "5b"}, {"zoe", "Zoé", "5b"}, {"noe", "Noé", "5a"}} {
		puts = append(puts, pupil(p[0], p[1], p[2])...)
	}
	return puts
}

func (w *world) apply(puts ...directory.Put) {
	w.t.Helper()
	check(w.t, w.dir.Apply(w.t.Context(), psync.Actor{}, "x", puts))
	w.settle()
}

func (w *world) settle() {
	w.t.Helper()
	check(w.t, w.engine.Drain(w.t.Context()))
}

func (w *world) at(t time.Time) {
	w.t.Helper()
	w.now = t
	w.settle()
}

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

type args = map[string]any

// result is what a device is answered.
type result struct {
	OK    bool            `json:"ok"`
	Value json.RawMessage `json:"value"`
	Error *struct {
		Code, Field string
		Current     json.RawMessage
	} `json:"error"`
}

// send commits an act without carrying out what follows; base is optional.
func (w *world) send(user, scope, name string, a any, base ...int64) result {
	w.t.Helper()
	raw, err := json.Marshal(a)
	check(w.t, err)
	w.k[user+scope]++
	m := psync.Mutation{Scope: scope, K: w.k[user+scope], Name: "grades." + name + "@1", Args: raw, At: w.now.UnixMilli()}
	for _, b := range base {
		m.Base = b
	}
	res, err := w.engine.Sync(w.t.Context(), person(user), &psync.Request{V: 1, Schema: 1, Device: "d_" + user, Mutations: []psync.Mutation{m}})
	check(w.t, err)
	var answer struct{ Results []result }
	check(w.t, json.Unmarshal(res.JSON(), &answer))
	if r := answer.Results[0]; !r.OK && r.Error == nil {
		w.t.Fatalf("%s: %s", name, res.JSON())
	}
	return answer.Results[0]
}

// do commits an act and what follows; it returns "code field" of a refusal.
func (w *world) do(user, scope, name string, a any, base ...int64) string {
	w.t.Helper()
	r := w.send(user, scope, name, a, base...)
	w.settle()
	if r.OK {
		return ""
	}
	return strings.TrimSpace(r.Error.Code + " " + r.Error.Field)
}

func (w *world) must(user, scope, name string, a any) {
	w.t.Helper()
	if refused := w.do(user, scope, name, a); refused != "" {
		w.t.Fatalf("%s refused: %s", name, refused)
	}
}

// test are the arguments of an assessment of last Friday, changed by more.
func test(more args) args {
	a := args{
		"id": dictation, "title": "Dictée", "date": "2026-11-20", "type": "test", "coefficient": "1", "outOf": "20",
		"papers": []attachment.File{}, "corrections": []attachment.File{},
	}
	maps.Copy(a, more)
	return a
}

// cells are marks where there was nothing, "ines 12 malo A".
func cells(words string) []Cell {
	fields := strings.Fields(words)
	var all []Cell
	for pair := range slices.Chunk(fields, 2) {
		all = append(all, Cell{Student: pair[0], Value: average.Value(pair[1])})
	}
	return all
}

// assess opens an assessment with marks, published when it says so.
func (w *world) assess(more args, marks string, publish args) {
	w.t.Helper()
	a := test(more)
	w.must("garnier", french, "assess", a)
	w.must("garnier", french, "enter", args{"assessment": a["id"], "cells": cells(marks)})
	if publish != nil {
		publish["id"] = a["id"]
		w.must("garnier", french, "publish", publish)
	}
}

func (w *world) find(scope, typ, id string) []storage.Record {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), scope, storage.Key{Type: typ, ID: id})
	check(w.t, err)
	return recs
}

func (w *world) has(scope, typ, id string) bool { return len(w.find(scope, typ, id)) > 0 }

func get[T any](w *world, scope, typ, id string) (v T) {
	w.t.Helper()
	recs := w.find(scope, typ, id)
	if len(recs) != 1 {
		w.t.Fatalf("%d records %s %s in %s", len(recs), typ, id, scope)
	}
	check(w.t, json.Unmarshal(recs[0].Value, &v))
	return v
}

func (w *world) mark(student string) Mark {
	w.t.Helper()
	return get[Mark](w, french, "mark", pair(dictation, student))
}

// told lists the titles of the notices about grades of those who have any.
func (w *world) told() map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	for _, user := range []string{"ines", "malo", "tom", "zoe", "noe", "nadia", "karim", "lucie", "garnier", "petit", "roussel"} {
		for _, r := range w.find("user:"+user, "notice", "") {
			var n struct{ Kind, Title, Body string }
			check(w.t, json.Unmarshal(r.Value, &n))
			if strings.HasPrefix(n.Kind, "grade.") {
				all[user] = append(all[user], n.Title)
			}
		}
	}
	return all
}

// saysAnywhere tells whether a text is in any record that a person may read.
func (w *world) saysAnywhere(user, text string) bool {
	w.t.Helper()
	grants, _ := w.dir.Grants(person(user))
	for _, g := range grants {
		for _, typ := range []string{"grade", "standing", "mark", "assessment", "notice"} {
			for _, r := range w.find(g.Scope, typ, "") {
				if bytes.Contains(r.Value, []byte(text)) {
					return true
				}
			}
		}
	}
	return false
}
