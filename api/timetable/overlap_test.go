package timetable

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"preau/api/directory"
)

// The days that the test below looks at: those to come.
const (
	firstDay = directory.Date("2026-11-23")
	lastDay  = directory.Date("2027-01-15")
)

var tuesdays = []directory.Date{"2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"} // Tuesdays

// Whatever is done in whatever order: no two lessons come to need one room,
// person or pupil at one time unless the person who did it knew.
func TestNoOverlapUnannounced(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		w.do("timetable.calendar@1", args{"holidays": []directory.Holiday{}, "weeksA": []directory.Date{"2026-11-23", "2026-12-07"}})
		before := w.meetings()
		for range rapid.IntRange(2, 10).Draw(r, "acts") {
			name, a := drawOneAct(r)
			despite := rapid.IntRange(0, 4).Draw(r, "despite") == 0
			if name != "timetable.absence@1" && name != "timetable.unabsence@1" && name != "timetable.unslot@1" {
				a["despite"] = despite
			}
			refused := w.send(name, a)
			after := w.meetings()
			if refused == nil && despite {
				before = after
			}
			for _, m := range after {
				if !slices.Contains(before, m) {
					r.Fatalf("%s %v was taken (%v) and makes %s", name, a, refused, m)
				}
			}
			before = after
		}
	})
}

func drawOneAct(r *rapid.T) (name string, a args) {
	pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(r, what) }
	slot := pick("slot", "slot-0001", "slot-0002", "slot-0003")
	day := rapid.SampledFrom(tuesdays).Draw(r, "day")
	start, end, _ := strings.Cut(pick("hour", "08:00 09:00", "08:30 10:00", "09:00 10:00", "09:30 11:00"), " ")
	place := args{"course": pick("course", "fr5b", "ma5b", "fr5a", "la5"), "kind": "lesson", "start": start, "end": end}
	if room := pick("room", "", "112", "B1"); room != "" {
		place["rooms"] = []string{room}
	}
	switch pick("act", "slot", "slot", "change", "change", "extra", "unchange", "unslot", "absence", "unabsence") {
	case "slot":
		weeks, from := pick("weeks", "", "A", "B"), pick("from", "", "2026-12-02")
		return "timetable.slot@1", slots(with(place, args{"id": slot, "weekday": 2, "weeks": weeks, "from": from}))
	case "change":
		return "timetable.change@1", with(drawOneChange(r, pick, place), args{"slot": slot, "date": day})
	case "extra":
		return "timetable.change@1", args{"id": pick("extra", "extra-0001", "extra-0002"), "date": day, "extra": place}
	case "unchange":
		return "timetable.unchange@1", args{"ids": []string{pick("which", lessonID(slot, day), "extra-0001", "extra-0002")}}
	case "unslot":
		return "timetable.unslot@1", args{"ids": []string{slot}}
	case "absence":
		cancels := rapid.Bool().Draw(r, "cancels")
		return "timetable.absence@1", args{"id": "absence-0001", "teacher": pick("who", "garnier", "petit"), "from": day, "until": day, "cancels": cancels}
	default:
		return "timetable.unabsence@1", args{"id": "absence-0001"}
	}
}

func drawOneChange(r *rapid.T, pick func(string, ...string) string, place args) args {
	switch pick("change", "cancel", "move", "room", "teacher", "note") {
	case "cancel":
		return args{"cancelled": true}
	case "move":
		to := rapid.SampledFrom(tuesdays).Draw(r, "to")
		return args{"to": args{"date": to, "start": place["start"], "end": place["end"]}}
	case "room":
		return args{"rooms": []string{"112"}}
	case "teacher":
		return args{"teachers": []directory.Named{{ID: "petit"}}}
	default:
		return args{"note": "Apporter le livre."}
	}
}

// meetings lists the pairs of lessons to come that need one thing at one time,
// by what the school is: said without the rules under test.
func (w *world) meetings() (all []string) {
	w.Helper()
	table, err := w.table.read(w.Context(), "x", w.table.stored("x"))
	must(w.TB, err)
	for day := firstDay; day <= lastDay; day = day.AddDays(1) {
		lessons := Expand(table.slots, table.changes, table.calendar, day, day)
		for i, a := range lessons {
			for _, b := range lessons[i+1:] {
				if a.held() && b.held() && a.Start < b.End && b.Start < a.End && shares(takes(a), takes(b)) {
					all = append(all, fmt.Sprint(day, " ", min(a.ID, b.ID), " ", max(a.ID, b.ID)))
				}
			}
		}
	}
	return all
}

// takes lists the rooms, teachers and pupils of a lesson.
func takes(l Lesson) []string {
	teacher := map[string]string{"fr5b": "garnier", "ma5b": "petit", "fr5a": "garnier", "la5": "garnier"}
	pupils := map[string][]string{"fr5b": {"ines", "malo"}, "ma5b": {"ines", "malo"}, "fr5a": {"noe"}, "la5": {"ines", "noe"}}
	all := append(append([]string{}, l.Rooms...), pupils[l.Course]...)
	if len(l.Teachers) == 0 {
		return append(all, teacher[l.Course])
	}
	for _, n := range l.Teachers {
		all = append(all, n.ID)
	}
	return all
}

// A lesson of every week is checked against those that were moved or added for
// a day, and a lesson does not come back to an hour that was given away.
func TestOverlapsOfSingleDays(t *testing.T) {
	w := newWorld(t)
	refused := func(name string, a args, field string) {
		t.Helper()
		if r := w.send(name, a); r == nil || r.Code != "overlap" || r.Field != field {
			t.Errorf("%s %v: %+v", name, a, r)
		}
	}
	maths := args{"id": "slot-maths0", "course": "ma5b", "kind": "lesson", "weekday": 4, "start": "14:00", "end": "15:00"}
	w.do("timetable.slot@1", slots(french()))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-12-08", "to": Place{"2026-12-10", "14:30", "15:25"}})
	w.do("timetable.change@1", args{"id": "extra-0001", "date": "2026-12-11", "extra": args{"course": "fr5a", "kind": "lesson", "start": "08:00", "end": "09:00"}})
	refused("timetable.slot@1", slots(maths), "audiences")
	refused("timetable.slot@1", slots(with(maths, args{"course": "la5", "weekday": 5, "start": "08:30", "end": "09:30"})), "teachers")
	w.do("timetable.slot@1", slots(with(maths, args{"until": "2026-12-09"})))

	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-12-01", "cancelled": true})
	w.do("timetable.change@1", args{"id": "extra-0002", "date": "2026-12-01", "extra": args{"course": "ma5b", "kind": "lesson", "start": "10:05", "end": "11:00"}})
	refused("timetable.unchange@1", args{"ids": []string{"slot-french.2026-12-01"}}, "audiences")
	refused("timetable.change@1", args{"slot": "slot-french", "date": "2026-12-01", "note": "Si, finalement."}, "audiences")
	w.do("timetable.unchange@1", args{"ids": []string{"slot-french.2026-12-01"}, "despite": true})
}

// What an absence cancelled comes back with its teacher, but not to an hour
// that was given away.
func TestAbsenceEndsWhereTheHourIsFree(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french(), with(french(), args{"id": "slot-french2", "start": "14:00", "end": "15:00"})))
	w.do("timetable.absence@1", args{"id": "absence-0001", "teacher": "garnier", "from": "2026-12-01", "until": "2026-12-01", "cancels": true})
	w.do("timetable.change@1", args{"id": "extra-0001", "date": "2026-12-01", "extra": args{"course": "ma5b", "kind": "lesson", "start": "10:05", "end": "11:00"}})
	w.do("timetable.unabsence@1", args{"id": "absence-0001"})
	table, err := w.table.read(t.Context(), "x", w.table.stored("x"))
	must(t, err)
	c, there := table.changes["slot-french.2026-12-01"]
	if _, back := table.changes["slot-french2.2026-12-01"]; back || !there || !c.Cancelled || c.Absent {
		t.Errorf("the lessons are %+v", table.changes)
	}
}
