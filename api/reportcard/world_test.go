package reportcard_test

import (
	"fmt"
	"testing"

	"preau/api/areatest"
	"preau/api/attendance"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/reportcard"
)

const (
	term   = "period-0001" // from September to the end of November
	winter = "period-0002"
)

// world is the small school with marks, absences and report cards; Mme Garnier
// is the main teacher of 5e B.
type world struct {
	*areatest.World
	cards *reportcard.Service
}

func newWorld(t testing.TB) *world {
	w := &world{}
	var marks *grades.Gradebook
	var presence *attendance.Service
	w.World = areatest.New(
		t,
		func(x *areatest.World) areatest.Area {
			marks = grades.New(grades.Config{Directory: x.Dir, Files: x.Files, Notices: x.Notices, Log: x.Log, Now: x.Now})
			return areatest.Of(marks)
		},
		func(x *areatest.World) areatest.Area {
			presence = attendance.New(attendance.Config{Directory: x.Dir, Files: x.Files, Notices: x.Notices, Now: x.Now})
			return areatest.Of(presence)
		},
		func(x *areatest.World) areatest.Area {
			w.cards = reportcard.New(reportcard.Config{
				Directory: x.Dir, Marks: marks, Presence: presence, Notices: x.Notices, Log: x.Log, Now: x.Now,
			})
			return areatest.Of(w.cards)
		},
	)
	w.Apply(directory.Put{ID: "5b", Record: directory.Class{Name: "5e B", Kind: directory.KindClass, Main: []string{"garnier"}}})
	for id, days := range map[string][2]string{term: {"2026-09-01", "2026-11-30"}, winter: {"2026-12-01", "2027-03-12"}} {
		w.Must(areatest.Act{User: "roussel", Scope: "school:x", Name: "grades.period@1", Args: areatest.Args{
			"id": id, "name": "Trimestre", "kind": "trimester", "start": days[0], "end": days[1],
		}})
	}
	return w
}

// marked gives the pupils of a course a published mark each.
func (w *world) marked(teacher, course, id string, values map[string]string) {
	w.Helper()
	scope := "course:" + course
	w.Must(areatest.Act{User: teacher, Scope: scope, Name: "grades.assess@1", Args: areatest.Args{
		"id": id, "title": "Contrôle", "date": "2026-11-20", "period": term, "type": "test", "coefficient": "1", "outOf": "20",
		"papers": []string{}, "corrections": []string{},
	}})
	var cells []areatest.Args
	for student, value := range values {
		cells = append(cells, areatest.Args{"student": student, "value": value, "was": ""})
	}
	w.Must(areatest.Act{User: teacher, Scope: scope, Name: "grades.enter@1", Args: areatest.Args{"assessment": id, "cells": cells}})
	w.Must(areatest.Act{User: teacher, Scope: scope, Name: "grades.publish@1", Args: areatest.Args{"id": id}})
}

// dated says when the council of 5e B meets, and until when teachers write.
func (w *world) dated(day, until string) {
	w.Helper()
	w.Must(areatest.Act{User: "roussel", Scope: "school:x", Name: "grades.period@1", Args: areatest.Args{
		"id": term, "name": "Trimestre", "kind": "trimester", "start": "2026-09-01", "end": "2026-11-30",
		"councils": areatest.Args{"class:5b": areatest.Args{"date": day}},
	}})
	w.Must(areatest.Act{User: "roussel", Scope: "school:x", Name: "reportcard.council@1", Args: areatest.Args{
		"class": "5b", "period": term, "until": until,
	}})
}

func appraise(teacher, course, student, text, was string) areatest.Act {
	return areatest.Act{User: teacher, Scope: "course:" + course, Name: "reportcard.appraise@1", Args: areatest.Args{
		"period": term, "student": student, "text": text, "was": was,
	}}
}

func conclude(user, student, text, mention string) areatest.Act {
	return areatest.Act{User: user, Scope: "council:5b", Name: "reportcard.conclude@1", Args: areatest.Args{
		"period": term, "student": student, "text": text, "mention": mention, "decision": "",
	}}
}

func publish(user string, early bool) areatest.Act {
	return areatest.Act{User: user, Scope: "council:5b", Name: "reportcard.publish@1", Args: areatest.Args{"period": term, "early": early}}
}

func (w *world) proof(student string) reportcard.Proof {
	w.Helper()
	return areatest.Get[reportcard.Proof](w.World, "council:5b", "proof", term+"."+student)
}

func (w *world) card(student string) reportcard.Card {
	w.Helper()
	return areatest.Get[reportcard.Card](w.World, "student:"+student, "card", term)
}

// filled is a class with marks, appraisals and a council that met today.
func filled(t testing.TB) *world {
	w := newWorld(t)
	w.marked("garnier", "fr5b", "assess-fr-01", map[string]string{"ines": "15", "malo": "12", "tom": "8", "zoe": "11"})
	w.marked("petit", "ma5b", "assess-ma-01", map[string]string{"ines": "14", "malo": "9", "tom": "A", "zoe": "17"})
	for i, student := range []string{"ines", "malo", "tom", "zoe"} {
		w.Must(appraise("garnier", "fr5b", student, fmt.Sprintf("Trimestre sérieux %d.", i), ""))
	}
	w.dated("2026-11-23", "2026-11-22")
	return w
}
