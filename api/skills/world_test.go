package skills

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/directory"
	"preau/api/grades"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	french = "course:fr5b"
	essay  = "evaluation-1"
	read   = "socle-fra-1"
	tell   = "socle-fra-2"
	agree  = "socle-fra-3"
)

type args = areatest.Args

// world is the small school with marks and competences. M. Petit teaches
// French in 5e B as well.
type world struct {
	*areatest.World
	skills *Service
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{}
	var marks *grades.Gradebook
	w.World = areatest.New(
		t,
		func(a *areatest.World) areatest.Area {
			marks = grades.New(grades.Config{Directory: a.Dir, Files: a.Files, Notices: a.Notices, Log: a.Log, Now: a.Now})
			return areatest.Of(marks)
		},
		func(a *areatest.World) areatest.Area {
			w.skills = New(Config{Directory: a.Dir, Marks: marks, Notices: a.Notices, Now: a.Now})
			return areatest.Of(w.skills)
		},
	)
	w.Apply(directory.Put{ID: "beside", Record: directory.Teaching{Course: "fr5b", Teacher: "petit"}})
	return w
}

// act is something that Mme Garnier does in French, unless another is named.
func act(name string, with args, by ...string) areatest.Act {
	user := "garnier"
	if len(by) > 0 {
		user = by[0]
	}
	return areatest.Act{User: user, Scope: french, Name: name, Args: with}
}

func inSchool(name string, with any) areatest.Act {
	return areatest.Act{User: "roussel", Scope: "school:x", Name: name, Args: with}
}

func evaluation(id string, more ...any) args {
	all := args{"id": id, "title": "Raconter un souvenir", "date": "2026-11-20", "items": []Item{{read, 100}, {tell, 200}}}
	for i := 0; i < len(more); i += 2 {
		all[more[i].(string)] = more[i+1]
	}
	return all
}

func cells(id string, all ...Cell) args { return args{"evaluation": id, "cells": all} }

// evaluated has an evaluation with levels of Inès and Malo.
func evaluated(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.Must(act("skills.evaluate@1", evaluation(essay)))
	w.Must(act("skills.enter@1", cells(
		essay,
		Cell{"ines", read, "beyond", ""}, Cell{"ines", tell, "reached", ""},
		Cell{"malo", read, "none", ""}, Cell{"malo", tell, "A", ""},
	)))
	return w
}

// published has it published, and the time for slips passed.
func published(t testing.TB) *world {
	t.Helper()
	w := evaluated(t)
	w.Must(act("skills.publish@1", args{"id": essay}))
	w.After(15 * time.Minute)
	return w
}
