package grades

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preau/api/areatest"
	"preau/api/directory"
	"preau/api/grades/average"
)

const later = 10 * time.Minute // until slips are no slips any more

// P24, P25: a teacher publishes, and pupils and guardians read the grade with
// its figures.
func TestPublishedGradeIsRead(t *testing.T) {
	w := newWorld(t)
	w.must("roussel", "school:x", "policy", args{"average": true, "extremes": true, "spread": true, "general": true, "delay": 0, "hour": "", "window": 10, "above": false})
	w.assess(nil, "ines 14.5 malo A tom 8 zoe 12", args{})
	g := areatest.Get[Grade](w.World, "student:ines", "grade", dictation)
	if g.Value != "14.5" || g.Title != "Dictée" || g.Subject != "fr" || !g.At.Equal(monday) {
		t.Errorf("%+v", g)
	}
	want := &Figures{Count: 3, Average: "11.5", Min: "8", Max: "14.5", Median: "12", Spread: []int{0, 0, 1, 2, 0}}
	if d := cmp.Diff(want, g.Figures); d != "" {
		t.Error(d)
	}
	if v := areatest.Get[Grade](w.World, "student:malo", "grade", dictation).Value; v != average.Absent {
		t.Errorf("Malo has %q", v)
	}
	if s := areatest.Get[Standing](w.World, "student:ines", "standing", "fr5b."); s.Figures.Average != "11.5" || s.Coefficient != 100 {
		t.Errorf("%+v", s)
	}
	for _, scope := range []string{"user:ines", "student:noe", "user:nadia"} {
		if w.Has(scope, "grade", "") || w.Has(scope, "standing", "") {
			t.Errorf("grades in %s", scope)
		}
	}
}

// Nobody but the teachers sees a mark that is not published.
func TestNothingBeforePublication(t *testing.T) {
	w := newWorld(t)
	w.assess(args{"about": "SECRET"}, "ines 14.5 malo 9 tom 8", nil)
	for _, user := range []string{"ines", "malo", "nadia", "karim", "roussel", "viard"} {
		if w.saysAnywhere(user, "SECRET") {
			t.Errorf("%s reads it", user)
		}
	}
	if !w.saysAnywhere("petit", "SECRET") {
		t.Error("the other teacher does not")
	}
	if told := w.told(); len(told) > 0 {
		t.Error(told)
	}
}

// The pupil reads first, the guardians from their own moment on.
func TestGuardiansLater(t *testing.T) {
	w := newWorld(t)
	friday, saturday := monday.AddDate(0, 0, 4), monday.AddDate(0, 0, 5)
	w.assess(args{"about": "SECRET"}, "ines 14.5 malo 9 tom 8", args{"at": friday.Format(time.RFC3339), "guardiansAt": saturday.Format(time.RFC3339)})
	seen := func(at time.Time, pupil, guardian bool) {
		t.Helper()
		w.At(at)
		if got := w.saysAnywhere("ines", "SECRET"); got != pupil {
			t.Errorf("%s: pupil sees: %v", at, got)
		}
		for _, user := range []string{"nadia", "karim"} {
			if got := w.saysAnywhere(user, "SECRET"); got != guardian {
				t.Errorf("%s: %s sees: %v", at, user, got)
			}
		}
	}
	seen(friday.Add(-time.Second), false, false)
	seen(friday, true, false)
	seen(saturday.Add(-time.Second), true, false)
	if d := cmp.Diff(map[string][]string{"ines": {"Nouvelle note : Français"}, "malo": {"Nouvelle note : Français"}, "tom": {"Nouvelle note : Français"}}, w.told()); d != "" {
		t.Error(d)
	}
	seen(saturday, true, true)
	if w.Has("user:ines", "grade", "") || w.Has("user:ines", "standing", "") {
		t.Error("it is still in the pupil's own scope")
	}
	w.At(saturday.Add(later))
	told := w.told()
	if d := cmp.Diff([]string{"Nouvelle note : Français"}, told["karim"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Inès – nouvelle note : Français"}, told["nadia"]); d != "" {
		t.Error(d)
	}
	if len(told["ines"]) != 1 || told["lucie"] != nil {
		t.Error(told)
	}
}

// What is published by the hour of the school waits for it, and guardians for
// the delay.
func TestHourAndDelayOfTheSchool(t *testing.T) {
	w := newWorld(t)
	w.must("roussel", "school:x", "policy", args{"average": true, "extremes": false, "spread": false, "general": true, "delay": 90, "hour": "18:00", "window": 10, "above": false})
	w.assess(nil, "ines 14.5", args{})
	a := areatest.Get[Assessment](w.World, french, "assessment", dictation)
	if at := time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC); !a.PublishAt.Equal(at) || !a.GuardiansAt.Equal(at.Add(90*time.Minute)) {
		t.Errorf("%s, %s", a.PublishAt, a.GuardiansAt)
	}
}

// A slip that is corrected at once is told once and leaves no trace; a later
// change is marked and told.
func TestChangedMarks(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 4", args{})
	change := func(was, value string) Grade {
		t.Helper()
		w.must("garnier", french, "enter", args{"assessment": dictation, "cells": []Cell{{"ines", average.Value(value), average.Value(was)}}})
		return areatest.Get[Grade](w.World, "student:ines", "grade", dictation)
	}
	w.At(monday.Add(5 * time.Minute))
	if g := change("4", "14"); g.Value != "14" || !g.ChangedAt.IsZero() {
		t.Errorf("%+v", g)
	}
	w.At(monday.Add(15 * time.Minute))
	if d := cmp.Diff([]string{"Nouvelle note : Français"}, w.told()["ines"]); d != "" {
		t.Error(d)
	}
	w.At(monday.Add(time.Hour))
	if g := change("14", "15"); !g.ChangedAt.Equal(w.Now()) {
		t.Errorf("%+v", g)
	}
	w.At(monday.Add(90 * time.Minute))
	got := w.told()["ines"]
	slices.Sort(got)
	if d := cmp.Diff([]string{"Note modifiée : Français", "Nouvelle note : Français"}, got); d != "" {
		t.Error(d)
	}
	// A pupil who was absent and gets a mark later has a new one, not a changed one.
	w.must("garnier", french, "enter", args{"assessment": dictation, "cells": cells("tom 12")})
	if g := areatest.Get[Grade](w.World, "student:tom", "grade", dictation); !g.ChangedAt.IsZero() {
		t.Errorf("%+v", g)
	}
}

// What was taken back before anybody was told is not told.
func TestHiddenAndCanceled(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 4 malo 5 tom 6", args{})
	w.must("garnier", french, "hide", args{"id": dictation})
	if w.Has("student:ines", "grade", "") || w.Has("student:ines", "standing", "") {
		t.Error("still there")
	}
	w.At(monday.Add(later))
	if told := w.told(); len(told) > 0 {
		t.Error(told)
	}
	w.must("garnier", french, "publish", args{"id": dictation})
	w.must("garnier", french, "cancel", args{"id": dictation})
	if w.Has("student:ines", "grade", "") {
		t.Error("canceled and still there")
	}
	if got := w.do("garnier", french, "enter", args{"assessment": dictation, "cells": cells("zoe 3")}); got != "canceled assessment" {
		t.Error(got)
	}
	w.must("garnier", french, "restore", args{"id": dictation})
	w.must("garnier", french, "restore", args{"id": dictation})
	if g := areatest.Get[Grade](w.World, "student:ines", "grade", dictation); g.Value != "4" {
		t.Errorf("%+v", g)
	}
}

// Figures of the class are sent where the school shows them, for three pupils
// or more, and taken away when it hides them.
func TestHiddenFiguresAreNeverSent(t *testing.T) {
	w := newWorld(t)
	policy := args{"average": true, "extremes": false, "spread": false, "general": true, "delay": 0, "hour": "", "window": 10, "above": false}
	w.must("roussel", "school:x", "policy", policy)
	w.assess(nil, "ines 13.25 malo 5 tom 6", args{})
	w.assess(args{"id": "assessment-2"}, "ines 13 malo 5", args{})
	w.assess(args{"id": "assessment-3", "quiet": true}, "ines 13 malo 5 tom 7", args{})
	grade := func(id string) *Figures { return areatest.Get[Grade](w.World, "student:malo", "grade", id).Figures }
	if f := grade(dictation); f.Average != "8.08" || f.Min != "" || f.Spread != nil || w.saysAnywhere("malo", "13.25") {
		t.Errorf("%+v", f)
	}
	if grade("assessment-2") != nil || grade("assessment-3") != nil {
		t.Error("figures of two pupils, or of a quiet assessment")
	}
	policy["average"] = false
	w.must("roussel", "school:x", "policy", policy)
	if grade(dictation) != nil || areatest.Get[Standing](w.World, "student:malo", "standing", "fr5b.").Figures != nil {
		t.Error("hidden figures are still sent")
	}
}

// Whatever teachers do and when, a pupil never sees before the first date nor
// a guardian before the second, and each sees from then on.
func TestPublicationIsNeverEarly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		for i := range 2 {
			w.must("garnier", french, "assess", test(args{"id": fmt.Sprint("assessment-", i)}))
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			id := fmt.Sprint("assessment-", rapid.IntRange(0, 1).Draw(rt, "which"))
			hours := func(label string) string {
				return w.Now().Add(time.Duration(rapid.IntRange(-2, 6).Draw(rt, label)) * time.Hour).Format(time.RFC3339)
			}
			switch rapid.SampledFrom([]string{"enter", "publish", "hide", "cancel", "restore", "wait"}).Draw(rt, "act") {
			case "enter":
				w.do("garnier", french, "enter", args{"assessment": id, "cells": cells("ines " + fmt.Sprint(rapid.IntRange(0, 20).Draw(rt, "mark")))})
			case "publish":
				w.do("garnier", french, "publish", args{"id": id, "at": hours("at"), "guardiansAt": hours("guardians")})
			case "hide":
				w.do("garnier", french, "hide", args{"id": id})
			case "cancel":
				w.do("garnier", french, "cancel", args{"id": id})
			case "restore":
				w.do("garnier", french, "restore", args{"id": id})
			case "wait":
				w.At(w.Now().Add(time.Duration(rapid.IntRange(0, 180).Draw(rt, "minutes")) * time.Minute))
			}
			w.holdsDates(rt)
		}
	})
}

func (w *world) holdsDates(t *rapid.T) {
	for i := range 2 {
		id := fmt.Sprint("assessment-", i)
		var a Assessment
		if w.Has(french, "assessment", id) {
			a = areatest.Get[Assessment](w.World, french, "assessment", id)
		}
		value := average.Value("")
		if w.Has(french, "mark", pair(id, "ines")) {
			value = areatest.Get[Mark](w.World, french, "mark", pair(id, "ines")).Value
		}
		due := func(at time.Time) bool { return value != "" && !at.IsZero() && !at.After(w.Now()) }
		pupil := w.Has("user:ines", "grade", id) || w.Has("student:ines", "grade", id)
		if pupil != due(a.PublishAt) {
			t.Fatalf("%s: pupil sees: %v, from %s, now %s", id, pupil, a.PublishAt, w.Now())
		}
		if guardian := w.Has("student:ines", "grade", id); guardian != due(a.GuardiansAt) {
			t.Fatalf("%s: guardians see: %v, from %s, now %s", id, guardian, a.GuardiansAt, w.Now())
		}
	}
}

// A pupil who left keeps what they had; a teacher of next year sees no marks.
func TestPupilWhoLeft(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 4 malo 5", args{})
	w.Apply(put("in-ines", directory.Enrollment{Student: "ines", Audience: "class:5b", Span: directory.Span{To: "2026-11-23"}}))
	w.must("garnier", french, "enter", args{"assessment": dictation, "cells": []Cell{{"ines", "6", "4"}}})
	if g := areatest.Get[Grade](w.World, "student:ines", "grade", dictation); g.Value != "6" {
		t.Errorf("%+v", g)
	}
}
