package grades

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/grades/average"
)

// Two teachers fill one grid without network: cells that one of them touched
// are as that one left them, and a cell that both touched keeps both values.
func TestTwoTeachersOneGrid(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 10 malo 10 tom 10 zoe 10", nil)
	enter := func(user string, c ...Cell) []string {
		t.Helper()
		r := w.send(user, french, "enter", args{"assessment": dictation, "cells": c})
		var answer struct{ Rivals []string }
		check(t, json.Unmarshal(r.Value, &answer))
		return answer.Rivals
	}
	if rivals := enter("garnier", Cell{"ines", "11", "10"}, Cell{"malo", "12", "10"}, Cell{"zoe", "9", "10"}); rivals != nil {
		t.Error(rivals)
	}
	rivals := enter("petit", Cell{"malo", "15", "10"}, Cell{"tom", "13", "10"}, Cell{"zoe", "9", "10"})
	if d := cmp.Diff([]string{"malo"}, rivals); d != "" {
		t.Error(d)
	}
	var got []string
	for _, student := range []string{"ines", "malo", "tom", "zoe"} {
		m := w.mark(student)
		got = append(got, string(m.Value))
		for _, r := range m.Rivals {
			got = append(got, string(r.Value)+" "+r.By.ID)
		}
	}
	if d := cmp.Diff([]string{"11", "12", "15 petit", "13", "9"}, got); d != "" {
		t.Error(d)
	}
	// Whoever saw both chooses.
	if rivals := enter("petit", Cell{"malo", "15", "12"}); rivals != nil {
		t.Error(rivals)
	}
	if m := w.mark("malo"); m.Value != "15" || m.Rivals != nil || m.By.ID != "petit" {
		t.Errorf("%+v", m)
	}
}

// Choosing the value that stands ends the matter as well.
func TestKeepingTheStandingValue(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 10", nil)
	w.send("garnier", french, "enter", args{"assessment": dictation, "cells": []Cell{{"ines", "11", "10"}}})
	w.send("petit", french, "enter", args{"assessment": dictation, "cells": []Cell{{"ines", "12", "10"}}})
	if m := w.mark("ines"); len(m.Rivals) != 1 {
		t.Fatalf("%+v", m)
	}
	w.must("garnier", french, "enter", args{"assessment": dictation, "cells": []Cell{{"ines", "11", "11"}}})
	if m := w.mark("ines"); m.Value != "11" || m.Rivals != nil {
		t.Errorf("%+v", m)
	}
}

// Bad input is refused with a code and a field, and changes nothing.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	period := func(id string, more args) args {
		a := args{"id": id, "name": id, "kind": "trimester", "start": "2026-09-01", "end": "2026-11-30", "closed": false}
		maps.Copy(a, more)
		return a
	}
	w.must("roussel", "school:x", "period", period("open-period-1", nil))
	w.must("roussel", "school:x", "period", period("closed-period-1", args{"start": "2026-12-01", "end": "2027-03-01", "closed": true}))
	w.must("roussel", "school:x", "period", period("other-period-1", args{"start": "2027-03-02", "end": "2027-07-01", "audiences": []string{"class:5a"}}))
	w.assess(args{"period": "open-period-1"}, "ines 10", nil)
	enter := func(c ...Cell) args { return args{"assessment": dictation, "cells": c} }
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		what, user, name, want string
		args                   any
	}{
		{"above the scale", "garnier", "enter", "mark_too_high cells[0].value", enter(Cell{"ines", "20.5", "10"})},
		{"below zero", "garnier", "enter", "invalid cells[0].value", enter(Cell{"ines", "-1", "10"})},
		{"unknown code", "garnier", "enter", "invalid cells[0].value", enter(Cell{"ines", "X", "10"})},
		{"three places", "garnier", "enter", "invalid cells[0].value", enter(Cell{"ines", "1.255", "10"})},
		{"comma", "garnier", "enter", "invalid cells[0].value", enter(Cell{"ines", "1,5", "10"})},
		{"one of several", "garnier", "enter", "invalid cells[1].value", enter(Cell{"malo", "12", ""}, Cell{"ines", "x", "10"})},
		{"another course's pupil", "garnier", "enter", "not_found cells[0].student", enter(Cell{"noe", "10", ""})},
		{"twice", "garnier", "enter", "invalid cells[1].student", enter(Cell{"ines", "1", "10"}, Cell{"ines", "2", "10"})},
		{"nobody", "garnier", "enter", "invalid cells", enter()},
		{"not the teacher", "viard", "enter", "forbidden scope", enter(Cell{"ines", "12", "10"})},
		{"a pupil", "ines", "enter", "forbidden scope", enter(Cell{"ines", "12", "10"})},
		{"unknown assessment", "garnier", "enter", "not_found assessment", args{"assessment": "assessment-9", "cells": []Cell{{"ines", "1", ""}}}},
		{"scale of zero", "garnier", "assess", "invalid outOf", test(args{"id": "assessment-8", "outOf": "0"})},
		{"scale of 100", "garnier", "assess", "invalid outOf", test(args{"id": "assessment-8", "outOf": "100"})},
		{"negative coefficient", "garnier", "assess", "invalid coefficient", test(args{"id": "assessment-8", "coefficient": "-1"})},
		{"coefficient of 100", "garnier", "assess", "invalid coefficient", test(args{"id": "assessment-8", "coefficient": "100"})},
		{"a float", "garnier", "assess", "invalid coefficient", test(args{"id": "assessment-8", "coefficient": 1.5})},
		{"words", "garnier", "assess", "invalid outOf", test(args{"id": "assessment-8", "outOf": "vingt"})},
		{"no title", "garnier", "assess", "invalid title", test(args{"id": "assessment-8", "title": " "})},
		{"long title", "garnier", "assess", "too_large title", test(args{"id": "assessment-8", "title": long})},
		{"no day", "garnier", "assess", "invalid date", test(args{"id": "assessment-8", "date": "2026-02-31"})},
		{"unknown type", "garnier", "assess", "invalid type", test(args{"id": "assessment-8", "type": "duel"})},
		{"unknown kind", "garnier", "assess", "invalid kind", test(args{"id": "assessment-8", "kind": "malus"})},
		{"unknown part", "garnier", "assess", "invalid part", test(args{"id": "assessment-8", "part": "oral"})},
		{"closed period", "garnier", "assess", "period_closed period", test(args{"id": "assessment-8", "period": "closed-period-1"})},
		{"period of another class", "garnier", "assess", "not_found period", test(args{"id": "assessment-8", "period": "other-period-1"})},
		{"unknown period", "garnier", "assess", "not_found period", test(args{"id": "assessment-8", "period": "none-period-1"})},
		{"unknown field", "garnier", "assess", "invalid weight", test(args{"id": "assessment-8", "weight": 1})},
		{"scale below a mark", "garnier", "amend", "mark_too_high outOf", args{"id": dictation, "outOf": "5"}},
		{"moved into a closed period", "garnier", "amend", "period_closed period", args{"id": dictation, "period": "closed-period-1"}},
		{"before the day", "garnier", "publish", "too_early at", args{"id": "assessment-7"}},
		{"guardians first", "garnier", "publish", "invalid guardiansAt", args{"id": dictation, "at": "2026-12-02T10:00:00Z", "guardiansAt": "2026-12-01T10:00:00Z"}},
		{"no time", "garnier", "publish", "invalid at", args{"id": dictation, "at": "demain"}},
		{"far ahead", "garnier", "publish", "invalid at", args{"id": dictation, "at": "2036-12-02T10:00:00Z"}},
		{"long comment", "garnier", "comment", "too_large comment", args{"assessment": dictation, "student": "ines", "comment": strings.Repeat("x", 3000)}},
		{"comment for nobody", "garnier", "comment", "not_found student", args{"assessment": dictation, "student": "noe", "comment": "x"}},
		{"weight", "garnier", "service", "invalid coefficient", args{"coefficient": "-2"}},
		{"rounding", "garnier", "service", "invalid rounding", args{"coefficient": "1", "rounding": args{"step": "0.3"}}},
		{"part without a name", "garnier", "service", "invalid names", args{"coefficient": "1", "parts": []args{{"id": "written-1", "coefficient": "1"}}}},
		{"best mark", "garnier", "service", "invalid highest", args{"coefficient": "1", "highest": "10"}},
	} {
		if c.want == "too_early at" {
			w.must("garnier", french, "assess", test(args{"id": "assessment-7", "date": "2026-11-24"}))
		}
		before := w.everything()
		if got := w.do(c.user, french, c.name, c.args); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
		if d := cmp.Diff(before, w.everything()); d != "" {
			t.Errorf("%s changed something: %s", c.what, d)
		}
	}
	for _, c := range []struct {
		user, name, want string
		args             any
	}{
		{"garnier", "policy", "forbidden", args{"average": true}},
		{"roussel", "policy", "invalid hour", args{"hour": "25:00"}},
		{"roussel", "policy", "invalid delay", args{"delay": -1}},
		{"garnier", "period", "forbidden", period("more-period-1", nil)},
		{"roussel", "period", "overlaps start", period("more-period-1", nil)},
		{"roussel", "period", "invalid end", period("more-period-1", args{"end": "2026-08-01"})},
		{"roussel", "period", "invalid kind", period("more-period-1", args{"kind": "week"})},
		{"roussel", "period", "invalid audiences[0]", period("more-period-1", args{"kind": "year", "audiences": []string{"class:9z"}})},
	} {
		if got := w.do(c.user, "school:x", c.name, c.args); got != c.want {
			t.Errorf("%s by %s: %q, want %q", c.name, c.user, got, c.want)
		}
	}
}

// everything lists the records that teachers and the school wrote.
func (w *world) everything() []string {
	var all []string
	for _, scope := range []string{french, "school:x", "student:ines", "user:ines"} {
		for _, typ := range []string{"assessment", "canceled", "mark", "service", "period", "grades", "grade", "standing"} {
			for _, r := range w.Find(scope, typ, "") {
				all = append(all, scope+" "+typ+" "+r.ID+" "+string(r.Value))
			}
		}
	}
	slices.Sort(all)
	return all
}

// A school may let marks go above their scale.
func TestAboveTheScale(t *testing.T) {
	w := newWorld(t)
	w.must("roussel", "school:x", "policy", args{"average": true, "above": true})
	w.assess(nil, "ines 20.5", nil)
	if m := w.mark("ines"); m.Value != "20.5" {
		t.Errorf("%+v", m)
	}
}

// Two teachers who change the same assessment: the later one must have seen
// the earlier change.
func TestAmendingWhatMoved(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 10", nil)
	seq := w.Find(french, "assessment", dictation)[0].Seq
	if got := w.do("garnier", french, "amend", args{"id": dictation, "coefficient": "2"}, seq); got != "" {
		t.Error(got)
	}
	if got := w.do("garnier", french, "amend", args{"id": dictation, "title": "Dictée 2"}, seq); got != "" {
		t.Error("her own change is no conflict:", got)
	}
	if got := w.do("petit", french, "amend", args{"id": dictation, "coefficient": "3"}, seq); got != "conflict" {
		t.Error(got)
	}
	if a := areatest.Get[Assessment](w.World, french, "assessment", dictation); a.Coefficient != 200 || a.Title != "Dictée 2" {
		t.Errorf("%+v", a)
	}
}

// How the average is made reaches the pupils with it.
func TestServiceIsCarried(t *testing.T) {
	w := newWorld(t)
	w.must("garnier", french, "service", args{
		"coefficient": "3", "byParts": true, "rounding": args{"step": "0.5"},
		"parts": []args{{"id": "written-1", "coefficient": "2"}, {"id": "oral-0001", "coefficient": "1"}}, "names": args{"written-1": "Écrit", "oral-0001": "Oral"},
	})
	w.assess(args{"part": "written-1"}, "ines 12 malo 10 tom 9", args{})
	w.assess(args{"id": "assessment-2", "part": "oral-0001"}, "ines 18 malo 10 tom 9", args{})
	s := areatest.Get[Standing](w.World, "student:ines", "standing", "fr5b.")
	if s.Coefficient != 300 || !s.ByParts || s.Names["oral-0001"] != "Oral" || s.Figures.Average != "11" {
		t.Errorf("%+v %+v", s, s.Figures) // (14 + 10 + 9) / 3
	}
}

// Carrying a gradebook again changes nothing, and tells nothing.
func TestCarryingTwice(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 12 malo 10 tom 9", args{})
	w.At(monday.Add(time.Hour))
	told := w.told()
	seq := w.Find("student:ines", "grade", dictation)[0].Seq
	w.must("roussel", "school:x", "policy", DefaultPolicy())
	w.must("garnier", french, "publish", args{"id": dictation, "guardiansAt": monday.Format(time.RFC3339)})
	w.At(monday.Add(2 * time.Hour))
	if got := w.Find("student:ines", "grade", dictation)[0].Seq; got != seq {
		t.Errorf("written again: %d, was %d", got, seq)
	}
	if d := cmp.Diff(told, w.told()); d != "" {
		t.Error(d)
	}
}

// Erasing a mark takes the grade away.
func TestErasedMark(t *testing.T) {
	w := newWorld(t)
	w.assess(nil, "ines 12", args{})
	w.must("garnier", french, "enter", args{"assessment": dictation, "cells": []Cell{{"ines", "", "12"}}})
	if w.Has("student:ines", "grade", dictation) {
		t.Error("still there")
	}
	if m := w.mark("ines"); m.Value != average.Value("") {
		t.Errorf("%+v", m)
	}
}
