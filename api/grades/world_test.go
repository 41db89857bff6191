package grades

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/grades/average"
	"preau/api/notify"
	"preau/storage/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the small school with its grades; M. Petit teaches French to 5e B as
// well.
type world struct{ *areatest.World }

var monday = areatest.Monday

const (
	french    = "course:fr5b"
	dictation = "assessment-1"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	return worldOn(t, sqlite.Memory)
}

// worldOn is a world on a database.
func worldOn(t testing.TB, database string) *world {
	t.Helper()
	w := &world{areatest.NewOn(t, database, notify.Config{}, func(of *areatest.World) areatest.Area {
		return areatest.Of(New(Config{Directory: of.Dir, Files: of.Files, Notices: of.Notices, Log: of.Log, Now: of.Now}))
	})}
	w.Apply(put("petit-fr5b", directory.Teaching{Course: "fr5b", Teacher: "petit"}))
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }

type args = map[string]any

func act(user, scope, name string, a any, base ...int64) areatest.Act {
	made := areatest.Act{User: user, Scope: scope, Name: "grades." + name + "@1", Args: a}
	for _, b := range base {
		made.Base = b
	}
	return made
}

// send commits an act without carrying out what follows; base is optional.
func (w *world) send(user, scope, name string, a any, base ...int64) areatest.Result {
	w.Helper()
	return w.Send(act(user, scope, name, a, base...))
}

// do commits an act and what follows; it returns "code field" of a refusal.
func (w *world) do(user, scope, name string, a any, base ...int64) string {
	w.Helper()
	return w.Do(act(user, scope, name, a, base...))
}

func (w *world) must(user, scope, name string, a any) {
	w.Helper()
	if refused := w.do(user, scope, name, a); refused != "" {
		w.Fatalf("%s refused: %s", name, refused)
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
	w.Helper()
	a := test(more)
	w.must("garnier", french, "assess", a)
	w.must("garnier", french, "enter", args{"assessment": a["id"], "cells": cells(marks)})
	if publish != nil {
		publish["id"] = a["id"]
		w.must("garnier", french, "publish", publish)
	}
}

func (w *world) mark(student string) Mark {
	w.Helper()
	return areatest.Get[Mark](w.World, french, "mark", pair(dictation, student))
}

// told lists the titles of the notices about grades of those who have any.
func (w *world) told() map[string][]string {
	w.Helper()
	all := map[string][]string{}
	for _, user := range []string{"ines", "malo", "tom", "zoe", "noe", "nadia", "karim", "lucie", "garnier", "petit", "roussel"} {
		for _, r := range w.Find("user:"+user, "notice", "") {
			var n struct{ Kind, Title, Body string }
			check(w.TB, json.Unmarshal(r.Value, &n))
			if strings.HasPrefix(n.Kind, "grade.") {
				all[user] = append(all[user], n.Title)
			}
		}
	}
	return all
}

// saysAnywhere tells whether a text is in any record that a person may read.
func (w *world) saysAnywhere(user, text string) bool {
	w.Helper()
	grants, _ := w.Dir.Grants(areatest.Person(user))
	for _, g := range grants {
		for _, typ := range []string{"grade", "standing", "mark", "assessment", "notice"} {
			for _, r := range w.Find(g.Scope, typ, "") {
				if bytes.Contains(r.Value, []byte(text)) {
					return true
				}
			}
		}
	}
	return false
}
