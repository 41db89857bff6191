package attendance

import (
	"maps"
	"testing"
	"time"
)

// Vie scolaire takes a whole roll in place of a teacher: the course gets it, and
// what the teacher brings later is laid beside it.
func TestTheOfficeTakesARoll(t *testing.T) {
	w := newWorld(t)
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.correct@1", Args: roll(args{"course": "fr5b"}, call("ines", Absent), call("malo", Late, 7))})
	if r, ok := get[Roll](w, french, "roll", "20261123-1000"); !ok || r.By.ID != "viard" || said(r.Calls["malo"]).Minutes != 7 || r.Names != nil {
		t.Errorf("the course has %+v", r)
	}
	equal(t, w.notices("karim"), []string{"Inès : absence"})
	w.After(time.Minute)
	w.take("garnier", french, nil, call("tom", Absent))
	r, _ := get[Roll](w, office, "roll", "fr5b~20261123-1000")
	if len(r.Calls) != 3 || r.Names["tom"] != "Tom Roy" || r.By.ID != "viard" {
		t.Errorf("the office has %+v", r)
	}
}

// A permanence has a class or group, and no course.
func TestARollOfAPermanence(t *testing.T) {
	w := newWorld(t)
	permanence := func(more args, calls ...args) deed {
		a := roll(args{"audience": "group:latin"}, calls...)
		maps.Copy(a, more)
		return deed{User: "viard", Scope: office, Name: "attendance.correct@1", Args: a}
	}
	w.Must(permanence(nil, call("noe", Absent)))
	r, ok := get[Roll](w, office, "roll", "group:latin~20261123-1000")
	if !ok || r.Title != "Latin 5e" || r.Size != 2 || r.Names["noe"] != "Noé Benali" {
		t.Errorf("the office has %+v", r)
	}
	equal(t, w.spans("noe", kindAbsence), []string{"10:00–11:00"})
	equal(t, w.notices("nadia"), []string{"Noé : absence"})
	w.Must(permanence(nil, args{"student": "noe", "state": Present, "seen": []int64{monday.UnixMilli()}}, call("ines", Late, 3)))
	equal(t, w.spans("ines", kindLateness), []string{"10:00–11:00"})

	w.Want("invalid calls[0].student", permanence(nil, call("malo", Absent)))
	w.Want("not_found audience", permanence(args{"audience": "class:nope"}))
	w.Want("not_found audience", permanence(args{"audience": "course:fr5b"}))
	w.Want("invalid audience", permanence(args{"course": "la5"}))
	w.Want("not_found course", permanence(args{"audience": ""}))
	w.Want("too_early start", permanence(args{"date": "2026-11-24"}))
	taught := permanence(nil)
	taught.User, taught.Scope, taught.Name = "garnier", "course:la5", "attendance.roll@1"
	w.Want("invalid course", taught)
}
